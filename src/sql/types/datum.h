// Datum: one GoogleSQL value in 16 bytes, without its type and without owning what it points to.
//
// This is the representation of the hot path: decoders write arrays of Datum (one array a column),
// functions read and write them, encoders turn them into bytes. A Datum is trivially copyable. What
// `str`, `elements` and `int128` point to belongs to somebody else: an Arena, or a Kafka message
// that outlives the batch.
//
// Layout by type (bytes 0-7 / 8-11 `aux`):
//   BOOL, INT64, ENUM       i64 / 0                      DATE   i64: days since 1970-01-01 / 0
//   FLOAT64, FLOAT32        f64 (a FLOAT32 is kept widened, always exactly representable as float)
//   / 0 TIMESTAMP               i64: seconds since the epoch, floored / aux: nanoseconds
//   0..999,999,999 STRING, BYTES, PROTO    str / aux: length in bytes.   STRING is valid UTF-8.
//   JSON                    str: normalized JSON text as Spanner prints it / aux: length
//   NUMERIC                 int128: value * 10^9, |value| < 10^29 / 0
//   UUID                    int128 (big-endian order as an unsigned number) / 0
//   INTERVAL                interval / 0
//   ARRAY                   elements / aux: count         STRUCT  elements / aux: number of fields
// Invariants: a NULL Datum has null() true and every other byte zero. Tested in value_test.cc.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "absl/types/span.h"

namespace ks::sql {

using Int128 = __int128;

struct IntervalValue {
  int64_t months;
  int64_t days;
  int64_t micros;
  int32_t nano_fractions;  // 0..999
};

struct TimestampValue {
  int64_t seconds;
  int32_t nanos;
  auto operator<=>(const TimestampValue&) const = default;
};

class Datum {
 public:
  Datum() = default;  // uninitialised, as an int is

  static Datum Null() { return Datum(int64_t{0}, 0, 1); }
  static Datum Bool(bool v) { return Datum(int64_t{v}, 0, 0); }
  static Datum Int64(int64_t v) { return Datum(v, 0, 0); }
  static Datum Date(int64_t days) { return Datum(days, 0, 0); }
  static Datum Float64(double v) {
    Datum d(int64_t{0}, 0, 0);
    d.f64_ = v;
    return d;
  }
  static Datum Timestamp(TimestampValue t) {
    return Datum(t.seconds, static_cast<uint32_t>(t.nanos), 0);
  }
  // STRING, BYTES, JSON, PROTO: `bytes` must outlive the Datum.
  static Datum Str(std::string_view bytes) {
    Datum d(int64_t{0}, static_cast<uint32_t>(bytes.size()), 0);
    d.str_ = bytes.data();
    return d;
  }
  // NUMERIC, UUID: `*value` must outlive the Datum.
  static Datum Wide(const Int128* value) {
    Datum d(int64_t{0}, 0, 0);
    d.int128_ = value;
    return d;
  }
  static Datum Interval(const IntervalValue* value) {
    Datum d(int64_t{0}, 0, 0);
    d.interval_ = value;
    return d;
  }
  // ARRAY, STRUCT: the elements must outlive the Datum.
  static Datum Elements(absl::Span<const Datum> elements) {
    Datum d(int64_t{0}, static_cast<uint32_t>(elements.size()), 0);
    d.elements_ = elements.data();
    return d;
  }

  bool null() const { return null_ != 0; }
  bool bool_value() const { return i64_ != 0; }
  int64_t int64() const { return i64_; }
  double float64() const { return f64_; }
  TimestampValue timestamp() const { return {i64_, static_cast<int32_t>(aux_)}; }
  std::string_view str() const { return {str_, aux_}; }
  Int128 wide() const { return *int128_; }
  const IntervalValue& interval() const { return *interval_; }
  absl::Span<const Datum> elements() const { return {elements_, aux_}; }

 private:
  Datum(int64_t v, uint32_t aux, uint32_t null) : i64_(v), aux_(aux), null_(null) {}

  union {
    int64_t i64_;
    double f64_;
    const char* str_;
    const Int128* int128_;
    const IntervalValue* interval_;
    const Datum* elements_;
  };
  uint32_t aux_;
  uint32_t null_;
};

static_assert(sizeof(Datum) == 16 && std::is_trivially_copyable_v<Datum>);

}  // namespace ks::sql
