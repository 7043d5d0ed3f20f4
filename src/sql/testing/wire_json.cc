#include "sql/testing/wire_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ks::sql {
namespace {

nlohmann::json FloatJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

}  // namespace

nlohmann::json ToWireJson(TypeRef type, const Datum& datum) {
  if (datum.null()) return nullptr;
  std::string text;
  switch (type->kind()) {
    case TypeKind::kBool:
      return datum.bool_value();
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      return absl::StrCat(datum.int64());
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return FloatJson(datum.float64());
    case TypeKind::kNumeric:
      AppendNumeric(datum.wide(), &text);
      return text;
    case TypeKind::kString:
    case TypeKind::kJson:
      return std::string(datum.str());
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return absl::Base64Escape(datum.str());
    case TypeKind::kDate:
      AppendDate(datum.int64(), &text);
      return text;
    case TypeKind::kTimestamp:
      AppendTimestampRfc3339(datum.timestamp(), &text);
      return text;
    case TypeKind::kUuid:
      AppendUuid(datum.wide(), &text);
      return text;
    case TypeKind::kInterval:
      AppendIntervalIso(datum.interval(), &text);
      return text;
    case TypeKind::kArray: {
      nlohmann::json array = nlohmann::json::array();
      for (const Datum& element : datum.elements())
        array.push_back(ToWireJson(type->element(), element));
      return array;
    }
    case TypeKind::kStruct: {
      nlohmann::json fields = nlohmann::json::array();
      for (size_t i = 0; i < type->fields().size(); ++i) {
        fields.push_back(ToWireJson(type->fields()[i].type, datum.elements()[i]));
      }
      return fields;
    }
  }
  return nullptr;
}

}  // namespace ks::sql
