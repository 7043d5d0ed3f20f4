// Any bytes given to the JSON decoder end in values or in one error of that record, and every
// STRING that comes out is UTF-8 (decoder.h's invariants 1 to 3).
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "formats/decoder.h"
#include "formats/text.h"
#include "sql/types/arena.h"

using namespace ks;

namespace {

formats::Schema EveryType() {
  using sql::Type;
  return {{"b", Type::Bool()},
          {"i", Type::Int64(), true},
          {"f", Type::Float64()},
          {"f32", Type::Float32()},
          {"n", Type::Numeric()},
          {"s", Type::String()},
          {"y", Type::Bytes()},
          {"d", Type::Date()},
          {"t", Type::Timestamp()},
          {"j", Type::Json()},
          {"a", Type::Array(Type::Int64())}};
}
constexpr size_t kString = 5;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const schema = new formats::Schema(EveryType());
  static auto* const decoder = formats::MakeJsonDecoder(*schema).value().release();
  static sql::Arena arena;
  arena.Reset();
  // The same bytes twice, and something sound between: one record's error is no other's.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> messages = {text, R"({"i": 7, "s": "x"})", text};
  const std::vector<uint32_t> rows = {0, 1, 2};
  std::vector<std::vector<sql::Datum>> values(schema->size(), std::vector<sql::Datum>(3));
  std::vector<sql::Datum*> columns;
  for (auto& column : values) columns.push_back(column.data());
  formats::DecodeResult result;
  const auto& errors = result.errors;
  decoder->Decode({messages, rows}, arena, columns, &result);
  const auto failed = [&](uint32_t row) {
    return std::count_if(errors.begin(), errors.end(),
                         [row](const auto& error) { return error.row == row; });
  };
  if (failed(1) != 0 || failed(0) > 1 || failed(0) != failed(2)) std::abort();
  if (values[1][1].int64() != 7) std::abort();
  if (failed(0) == 0 && values[1][0].null()) std::abort();  // NOT NULL
  const sql::Datum& string = values[kString][0];
  if (!string.null() && !formats::IsValidUtf8(string.str())) std::abort();
  return 0;
}
