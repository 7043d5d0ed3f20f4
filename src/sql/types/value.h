// Value: a GoogleSQL value that knows its type and owns its bytes.
//
// For constants, query parameters, results and tests; the hot path uses Datum. Copying shares the
// storage, which is immutable, so Values may be copied and read from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::sql {

class Value {
 public:
  Value() : type_(Type::Int64()), datum_(Datum::Null()) {}
  // A deep copy of `datum`, which is of `type`.
  Value(TypeRef type, const Datum& datum);

  static Value Null(TypeRef type) { return Value(type, Datum::Null()); }
  static Value Bool(bool v) { return Value(Type::Bool(), Datum::Bool(v)); }
  static Value Int64(int64_t v) { return Value(Type::Int64(), Datum::Int64(v)); }
  static Value Float64(double v) { return Value(Type::Float64(), Datum::Float64(v)); }
  static Value String(std::string_view v) { return Value(Type::String(), Datum::Str(v)); }
  static Value Bytes(std::string_view v) { return Value(Type::Bytes(), Datum::Str(v)); }
  static Value Date(int64_t days) { return Value(Type::Date(), Datum::Date(days)); }
  static Value Timestamp(TimestampValue t) { return Value(Type::Timestamp(), Datum::Timestamp(t)); }
  static Value Numeric(Int128 scaled) { return Value(Type::Numeric(), Datum::Wide(&scaled)); }
  static Value Array(TypeRef element, const std::vector<Value>& elements);
  static Value Struct(TypeRef type, const std::vector<Value>& fields);

  TypeRef type() const { return type_; }
  const Datum& datum() const { return datum_; }
  bool null() const { return datum_.null(); }

  // As a GoogleSQL literal that parses back to the same value: `'it\'s'`, `DATE '2024-01-01'`,
  // `NULL`.
  std::string ToSql() const;
  // SQL equality except that NULL equals NULL and NaN equals NaN (for tests and hash maps).
  bool operator==(const Value& other) const;

 private:
  TypeRef type_;
  Datum datum_;
  std::shared_ptr<const Arena> storage_;  // null when the datum points to nothing
};

// Copies what `datum` points to into `arena`.
Datum DeepCopy(TypeRef type, const Datum& datum, Arena& arena);

// The total order of ORDER BY: NULL first, NaN before other numbers; <0, 0, >0. Both are of `type`,
// which supports ordering (ARRAY and STRUCT are compared element by element too, for grouping).
int Compare(TypeRef type, const Datum& a, const Datum& b);
// Equality of GROUP BY and DISTINCT (NULL equals NULL, NaN equals NaN, -0.0 equals 0.0), and a hash
// that agrees.
bool GroupingEquals(TypeRef type, const Datum& a, const Datum& b);
uint64_t GroupingHash(TypeRef type, const Datum& datum);

// ---- Text forms. `ParseX` accept what CAST(STRING AS X) accepts; `FormatX` append what CAST(X AS
// STRING) gives.
absl::StatusOr<Int128> ParseNumeric(std::string_view text);
void AppendNumeric(Int128 scaled, std::string* out);
absl::StatusOr<int64_t> ParseDate(std::string_view text);  // days
void AppendDate(int64_t days, std::string* out);
// RFC 3339 and the looser forms GoogleSQL takes; without a zone it is in `default_zone`.
absl::StatusOr<TimestampValue> ParseTimestamp(std::string_view text, std::string_view default_zone);
// `2024-01-31T00:00:00.1Z`, as in Spanner's wire format: no trailing zeros.
void AppendTimestampRfc3339(TimestampValue t, std::string* out);
// `2024-01-31T00:00:00.100Z`, as in JSON values: 0, 3, 6 or 9 digits.
void AppendTimestampJson(TimestampValue t, std::string* out);
// `2024-01-30 16:00:00.100-08`: CAST to STRING in `zone` (a valid name: see time_zone.h).
void AppendTimestamp(TimestampValue t, std::string_view zone, std::string* out);
absl::StatusOr<double> ParseFloat64(std::string_view text);
absl::StatusOr<float> ParseFloat32(std::string_view text);
absl::StatusOr<int64_t> ParseInt64(std::string_view text);
// 15 digits where those read back exactly, else 17; inf, -inf, nan; -0.0 is `0`, as Spanner has it.
void AppendFloat64(double v, std::string* out);
void AppendFloat32(float v, std::string* out);
absl::StatusOr<Int128> ParseUuid(std::string_view text);
void AppendUuid(Int128 uuid, std::string* out);
absl::StatusOr<IntervalValue> ParseInterval(std::string_view text);  // ISO 8601 or canonical
void AppendInterval(const IntervalValue& v, std::string* out);       // 1-2 3 4:5:6.789
void AppendIntervalIso(const IntervalValue& v,
                       std::string* out);  // P1Y2M3DT4H5M6.789S: Spanner's wire format
// JSON text as Spanner normalizes it (keys sorted, no spaces, the first of equal keys), or an error
// that says where. Numbers that neither fit 64 bits nor a double exactly are errors. More on JSON
// text: json_text.h.
absl::StatusOr<std::string> NormalizeJson(std::string_view text);

// Ranges, from https://cloud.google.com/spanner/docs/reference/standard-sql/data-types
inline constexpr int64_t kDateMinDays = -719162;                             // 0001-01-01
inline constexpr int64_t kDateMaxDays = 2932896;                             // 9999-12-31
inline constexpr int64_t kTimestampMinSeconds = -62135596800;                // 0001-01-01T00:00:00Z
inline constexpr int64_t kTimestampMaxSeconds = 253402300799;                // 9999-12-31T23:59:59Z
inline constexpr std::string_view kDefaultTimeZone = "America/Los_Angeles";  // Spanner's own

}  // namespace ks::sql
