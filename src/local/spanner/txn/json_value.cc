#include "local/spanner/txn/json_value.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "sql/types/value.h"

namespace ks::local {
namespace {

using Json = nlohmann::json;
using sql::TypeKind;

Json Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

template <typename Value>
std::string Text(void (*append)(Value, std::string*), Value value) {
  std::string text;
  append(value, &text);
  return text;
}

Json TypeJson(sql::TypeRef type) {
  if (type->is_array()) {
    return {{"code", "ARRAY"}, {"array_element_type", TypeJson(type->element())}};
  }
  if (type->Is(TypeKind::kProto)) {
    return {{"code", "PROTO"}, {"proto_type_fqn", type->full_name()}};
  }
  if (type->Is(TypeKind::kEnum)) return {{"code", "ENUM"}, {"proto_type_fqn", type->full_name()}};
  return {{"code", type->ToString()}};
}

}  // namespace

Json JsonOf(sql::TypeRef type, const sql::Datum& value) {
  if (value.null()) return nullptr;
  switch (type->kind()) {
    case TypeKind::kBool:
      return value.bool_value();
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      return StrCat(value.int64());
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return Number(value.float64());
    case TypeKind::kNumeric:
      return Text(sql::AppendNumeric, value.wide());
    case TypeKind::kString:
    case TypeKind::kJson:
      return std::string(value.str());
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return absl::Base64Escape(AbslView(value.str()));
    case TypeKind::kDate:
      return Text(sql::AppendDate, value.int64());
    case TypeKind::kTimestamp:
      return Text(sql::AppendTimestampRfc3339, value.timestamp());
    case TypeKind::kUuid:
      return Text(sql::AppendUuid, value.wide());
    case TypeKind::kInterval: {
      std::string text;
      sql::AppendIntervalIso(value.interval(), &text);
      return text;
    }
    case TypeKind::kArray: {
      Json array = Json::array();
      for (const sql::Datum& element : value.elements()) {
        array.push_back(JsonOf(type->element(), element));
      }
      return array;
    }
    case TypeKind::kStruct:
      break;  // no column has one
  }
  return nullptr;
}

std::string JsonTypeOf(sql::TypeRef type) { return TypeJson(type).dump(); }

}  // namespace ks::local
