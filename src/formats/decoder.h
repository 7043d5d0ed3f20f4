// Decoder: the bytes of Kafka messages become typed columns.
//
// A chunk of messages is decoded at a time, a column per schema field, because everything after
// works on columns. A message that cannot be decoded exactly is that record's error and nothing
// else's: the rest of the chunk goes on. "Exactly" means that no digit, nanosecond or byte is lost
// on the way; where it would be, the record is an error.
//
// Invariants, tested for every format in its *_test.cc:
//   1. For each row given, either every column has a value for it of the field's type, or `errors`
//   names it once.
//      The columns of a row with an error are NULL.
//   2. A field with not_null is never NULL without an error.
//   3. STRING values are valid UTF-8.
//   4. What the values point to lies in `arena` or in the message itself; both must outlive their
//   use.
//
// Thread safety: none; one decoder belongs to one thread (it keeps buffers between chunks).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::formats {

struct Field {
  std::string name;
  sql::TypeRef type = nullptr;
  bool not_null = false;
};
using Schema = std::vector<Field>;

enum class ErrorKind : uint8_t {
  kMalformed,
  kMissingField,
  kDuplicateField,
  kWrongType,
  kOutOfRange
};
std::string_view ErrorKindName(
    ErrorKind kind);  // `malformed`, `missing_field`, …: stable, used in metrics and rows

struct RecordError {
  uint32_t row = 0;
  ErrorKind kind = ErrorKind::kMalformed;
  std::string message;  // where and what was expected: "field `score`: expected FLOAT64, found a
                        // string at byte 17"
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual const Schema& schema() const = 0;

  // For each of `rows` (ascending) decodes messages[row] into columns[field][row]. Appends to
  // `errors`, ascending by row. A message that is absent (data() == nullptr) is decoded as all
  // NULL, an error where a field is not_null.
  virtual void Decode(absl::Span<const std::string_view> messages, absl::Span<const uint32_t> rows,
                      sql::Arena& arena, absl::Span<sql::Datum* const> columns,
                      std::vector<RecordError>* errors) = 0;
};

// A JSON object per message; fields by name, others are ignored. Numbers keep all their digits; see
// README.md for what is accepted for each type. An error when a type cannot come from JSON.
absl::StatusOr<std::unique_ptr<Decoder>> MakeJsonDecoder(Schema schema);

// The whole message is one value. The schema's one field may be STRING (UTF-8), BYTES, INT64 (8 or
// 4 bytes, big-endian, as Kafka's LongSerializer and IntegerSerializer write them), FLOAT64 (8
// bytes, DoubleSerializer); with `text`, any type of a single value, from its text.
enum class RawForm : uint8_t { kText, kBinary };
absl::StatusOr<std::unique_ptr<Decoder>> MakeRawDecoder(Field field, RawForm form);

}  // namespace ks::formats
