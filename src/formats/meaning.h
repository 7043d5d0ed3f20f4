// What a number, text or bytes stand for beyond their own form, and the GoogleSQL value that is
// equal to it: Avro's logical types, Kafka Connect's and Debezium's semantic types.
//
// One home for these rules, so that a decimal means the same wherever it comes from. A value that
// the column's type has no equal for is kOutOfRange; a pair of meaning and type that says nothing
// is kMalformed for every value, and Converts() tells beforehand. docs/guide/formats.md has the
// table. Sources: Avro 1.12 specification, "Logical Types"; Debezium 3, "Data type mappings";
// Kafka's org.apache.kafka.connect.data. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/text.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::formats {

enum class MeaningKind : uint8_t {
  kNone,
  kDecimal,  // bytes: an unscaled number, big-endian two's complement; `scale` digits of fraction
  kVariableDecimal,  // a record {scale, value}
  kDate,             // days since 1970-01-01
  kTimeMillis,       // of a day
  kTimeMicros,
  kTimeNanos,
  kTimestampMillis,  // since 1970-01-01T00:00:00Z
  kTimestampMicros,
  kTimestampNanos,
  kLocalMillis,  // since 1970-01-01T00:00:00 on a clock whose zone is not known
  kLocalMicros,
  kLocalNanos,
  kUuid,      // text
  kJson,      // text
  kDuration,  // 12 bytes: months, days, milliseconds
};

struct Meaning {
  MeaningKind kind = MeaningKind::kNone;
  int32_t scale = 0;  // of kDecimal
  bool none() const { return kind == MeaningKind::kNone; }
};

// How the value is written.
enum class Wire : uint8_t { kBool, kInteger, kFloat, kDouble, kText, kBytes };

// Whether values of this meaning can become values of the type.
bool Converts(Wire wire, Meaning meaning, sql::TypeRef type);
// The type that takes every value of this meaning as it is, or the nearest.
sql::TypeRef NaturalType(Wire wire, Meaning meaning);

Parsed FromInteger(Meaning meaning, int64_t value, sql::TypeRef type, sql::Arena& arena,
                   sql::Datum* out);
// `single`: it was a float of 32 bits.
Parsed FromDouble(double value, bool single, sql::TypeRef type, sql::Datum* out);
// `text` is valid UTF-8 and outlives `out`.
Parsed FromText(Meaning meaning, std::string_view text, sql::TypeRef type, sql::Arena& arena,
                sql::Datum* out);
// `bytes` outlives `out`.
Parsed FromBytes(Meaning meaning, std::string_view bytes, sql::TypeRef type, sql::Arena& arena,
                 sql::Datum* out);

// unscaled / 10^scale in decimal digits, exact for any length.
std::string DecimalText(std::string_view unscaled, int32_t scale);

}  // namespace ks::formats
