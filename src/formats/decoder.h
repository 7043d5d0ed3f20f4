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
  // Of STRING and BYTES, or of an array's elements, as written: characters or bytes. 0: none is
  // written; kLengthMax: MAX. Decoders do not look at it: the target's column has its own.
  int64_t length = 0;
};
inline constexpr int64_t kLengthMax = INT64_MAX;
using Schema = std::vector<Field>;

enum class ErrorKind : uint8_t {
  kMalformed,
  kMissingField,
  kDuplicateField,
  kWrongType,
  kOutOfRange,
  kSchemaChanged,  // its schema does not fit the columns: `on_schema_change` decides
  kNoSchema        // its schema cannot be had now, which is not the record's fault: stop
};
std::string_view ErrorKindName(
    ErrorKind kind);  // `malformed`, `missing_field`, …: stable, used in metrics and rows

// A field whose schema says what its column cannot hold is an error, or a new field that happens to
// have the old one's name: ignored, as new fields are, with the column NULL as where a field is
// lost. A column that is NOT NULL has only the error.
enum class Unfit : uint8_t { kError, kIgnored };

struct RecordError {
  uint32_t row = 0;
  ErrorKind kind = ErrorKind::kMalformed;
  std::string message;  // where and what was expected: "field `score`: expected FLOAT64, found a
                        // string at byte 17"
};

struct Header {
  std::string_view name;
  std::string_view value;  // data() == nullptr: the header has no value
};

// Reads the headers of a message; messages without headers cost nothing.
class HeaderSource {
 public:
  virtual ~HeaderSource() = default;
  // Appends the headers of messages[row] of the chunk.
  virtual void Read(uint32_t row, std::vector<Header>* headers) const = 0;
};

// Of a chunk, the messages to decode: bytes[row] for each of `rows` (ascending).
struct Messages {
  absl::Span<const std::string_view> bytes;  // data() == nullptr: absent
  absl::Span<const uint32_t> rows;
  const HeaderSource* headers = nullptr;  // null: none has headers
};

// All ascending by row. A row stands in one of them at most.
struct DecodeResult {
  std::vector<RecordError> errors;
  std::vector<uint32_t> deletes;  // its row is gone, as a tombstone says; all columns are NULL
  std::vector<uint32_t> ignored;  // it is about no row, such as a connector's own messages
  void Clear();
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual const Schema& schema() const = 0;

  // Decodes each message into columns[field][row] and appends to `result`. A message that is
  // absent is decoded as all NULL, an error where a field is not_null.
  virtual void Decode(const Messages& messages, sql::Arena& arena,
                      absl::Span<sql::Datum* const> columns, DecodeResult* result) = 0;

 protected:
  static void SetNull(absl::Span<sql::Datum* const> columns, uint32_t row);
  // What an absent message is.
  void DecodeAbsent(uint32_t row, absl::Span<sql::Datum* const> columns,
                    DecodeResult* result) const;
};

// A JSON object per message; fields by name, others are ignored. Numbers keep all their digits; see
// README.md for what is accepted for each type. An error when a type cannot come from JSON.
absl::StatusOr<std::unique_ptr<Decoder>> MakeJsonDecoder(Schema schema);

// The whole message is one value. The schema's one field may be STRING (UTF-8), BYTES, INT64 (8 or
// 4 bytes, big-endian, as Kafka's LongSerializer and IntegerSerializer write them), FLOAT64 (8
// bytes, DoubleSerializer); with `text`, any type of a single value, from its text.
enum class RawForm : uint8_t { kText, kBinary };
absl::StatusOr<std::unique_ptr<Decoder>> MakeRawDecoder(Field field, RawForm form);

// A line of separated values per message (RFC 4180), as many as `header` names, each of the
// field of that name. An unquoted value that is `null_text` is NULL.
struct CsvOptions {
  std::vector<std::string> header;
  char delimiter = ',';
  std::string null_text;
};
absl::StatusOr<std::unique_ptr<Decoder>> MakeCsvDecoder(Schema schema, CsvOptions options);

// A CloudEvent per message, structured (JSON) or binary (attributes in headers), as its
// content-type says. Fields `ce_NAME` are the event's attributes, the others fields of its data, a
// JSON object; or `data` alone, of type JSON, is all of it.
absl::StatusOr<std::unique_ptr<Decoder>> MakeCloudEventsDecoder(Schema schema);

// A change event of Debezium per message: what the row is after it, or that it is gone (`deletes`).
// With and without the converter's schema; with it, decimals, dates and times are what it says.
absl::StatusOr<std::unique_ptr<Decoder>> MakeDebeziumDecoder(Schema schema,
                                                             Unfit unfit = Unfit::kError);
// The same around what decodes envelopes of the schema DebeziumEnvelope() from other bytes.
absl::StatusOr<std::unique_ptr<Decoder>> MakeDebeziumDecoder(Schema schema,
                                                             std::unique_ptr<Decoder> envelope);
Schema DebeziumEnvelope(const Schema& schema);
// Its keys: the row's key columns.
absl::StatusOr<std::unique_ptr<Decoder>> MakeDebeziumKeyDecoder(Schema schema,
                                                                Unfit unfit = Unfit::kError);
// What a change event has beside the row's own `fields`: the operation, the row before it, where
// and when the source made it. Each may be left out of the schema of the decoder.
inline constexpr std::string_view kDebeziumOp = "_op";
inline constexpr std::string_view kDebeziumBefore = "_before";
inline constexpr std::string_view kDebeziumSource = "_source";
inline constexpr std::string_view kDebeziumTime = "_changed_at";
Schema DebeziumColumns(const Schema& fields);

// Messages of another format behind the number of a schema that a registry's serializer wrote.
std::unique_ptr<Decoder> MakeFramedDecoder(std::unique_ptr<Decoder> inner);

}  // namespace ks::formats
