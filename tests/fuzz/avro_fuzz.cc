// Any bytes given to the Avro decoder end in values or in one error of that record, without reading
// past the message or more work than its size allows; any bytes given as a schema end in a schema
// or an error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "formats/avro.h"
#include "formats/text.h"
#include "sql/types/arena.h"

using namespace ks;

namespace {

constexpr char kSchema[] = R"({"type": "record", "name": "Node", "fields": [
  {"name": "i", "type": "int"}, {"name": "s", "type": ["null", "string"]},
  {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}},
  {"name": "t", "type": {"type": "long", "logicalType": "timestamp-micros"}},
  {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
  {"name": "a", "type": {"type": "array", "items": ["null", "long"]}},
  {"name": "skipped", "type": {"type": "map", "values": {"type": "array", "items": "null"}}},
  {"name": "tree", "type": {"type": "array", "items": "Node"}}]})";
constexpr size_t kString = 1;

formats::Schema Columns() {
  using sql::Type;
  return {{"i", Type::Int64(), true}, {"s", Type::String()}, {"d", Type::Numeric()},
          {"t", Type::Timestamp()},   {"e", Type::String()}, {"a", Type::Array(Type::Int64())},
          {"tree", Type::Json()}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const schema = new formats::Schema(Columns());
  static auto* const decoder =
      formats::MakeAvroDecoder(*schema, formats::AvroSchema::Parse(kSchema).value())
          .value()
          .release();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with('{')) {
    const auto parsed = formats::AvroSchema::Parse(text);
    if (parsed.ok()) (void)parsed->Columns();
    return 0;
  }
  sql::Arena arena;
  const std::vector<std::string_view> messages = {text};
  const std::vector<uint32_t> rows = {0};
  std::vector<sql::Datum> values(schema->size(), sql::Datum::Null());
  std::vector<sql::Datum*> columns;
  for (sql::Datum& value : values) columns.push_back(&value);
  formats::DecodeResult result;
  decoder->Decode({messages, rows}, arena, columns, &result);
  if (result.errors.size() > 1) std::abort();
  if (result.errors.empty() && values[0].null()) std::abort();  // NOT NULL
  const sql::Datum& string = values[kString];
  if (!string.null() && !formats::IsValidUtf8(string.str())) std::abort();
  return 0;
}
