#include "cli/row_text.h"

#include <google/protobuf/struct.pb.h>

#include <cstdlib>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "pipeline/recompute.h"

namespace ks::cli {

using google::protobuf::Value;

nlohmann::ordered_json CellJson(sql::TypeRef type, const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kNumberValue:
      return value.number_value();
    case Value::kStringValue:
      if (type->Is(sql::TypeKind::kInt64))
        return std::strtoll(value.string_value().c_str(), nullptr, 10);
      return value.string_value();
    case Value::kListValue: {
      auto list = nlohmann::ordered_json::array();
      for (const Value& element : value.list_value().values())
        list.push_back(CellJson(type->element(), element));
      return list;
    }
    default:
      return nullptr;
  }
}

std::string CellText(sql::TypeRef type, const Value& value) {
  if (value.kind_case() == Value::kStringValue) return value.string_value();
  if (value.kind_case() == Value::kNullValue) return "NULL";
  return CellJson(type, value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::ordered_json RowJson(const pipeline::PlannedTable& table,
                               const google::protobuf::ListValue& values) {
  const auto names = pipeline::RowColumns(table);
  const auto types = pipeline::RowTypes(table);
  auto row = nlohmann::ordered_json::object();
  for (int i = 0; i < values.values_size(); ++i) {
    const auto column = static_cast<size_t>(i);
    row[names[column]] = CellJson(types[column], values.values(i));
  }
  return row;
}

std::string ReadableBytes(std::optional<std::string_view> bytes) {
  if (!bytes) return "none";
  if (formats::IsValidUtf8(*bytes)) return std::string(*bytes);
  return StrCat("base64 ", absl::Base64Escape(absl::string_view(bytes->data(), bytes->size())));
}

}  // namespace ks::cli
