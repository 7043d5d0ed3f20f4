// Any bytes given to the decoder of Debezium's change events end in a row, a delete, nothing, or
// one error of that record; a schema in front of the event included.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "formats/decoder.h"
#include "sql/types/arena.h"

using namespace ks;

namespace {

formats::Schema Columns() {
  using sql::Type;
  formats::Schema schema = {{"id", Type::Int64(), true},
                            {"price", Type::Numeric()},
                            {"day", Type::Date()},
                            {"at", Type::Timestamp()},
                            {"note", Type::String()}};
  for (formats::Field& field : formats::DebeziumColumns(schema)) schema.push_back(std::move(field));
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const schema = new formats::Schema(Columns());
  static auto* const decoder = formats::MakeDebeziumDecoder(*schema).value().release();
  sql::Arena arena;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> messages = {text, R"({"op": "c", "after": {"id": 7}})"};
  const std::vector<uint32_t> rows = {0, 1};
  std::vector<std::vector<sql::Datum>> values(schema->size(), std::vector<sql::Datum>(2));
  std::vector<sql::Datum*> columns;
  for (auto& column : values) columns.push_back(column.data());
  formats::DecodeResult result;
  decoder->Decode({messages, rows}, arena, columns, &result);
  const size_t verdicts = result.errors.size() + result.deletes.size() + result.ignored.size();
  if (verdicts > 1) std::abort();
  if (verdicts == 0 && values[0][0].null()) std::abort();  // NOT NULL
  if (values[0][1].null() || values[0][1].int64() != 7) std::abort();
  return 0;
}
