#include "pipeline/wire_value.h"

#include <google/protobuf/struct.pb.h>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/json_text.h"
#include "pipeline/errors.h"

namespace ks::pipeline {
namespace {

using google::protobuf::Value;
using sql::Datum;
using sql::TypeKind;

absl::StatusOr<Datum> DecodeArray(sql::TypeRef type, const Value& value, sql::Arena& arena) {
  const auto& list = value.list_value();
  const auto count = static_cast<size_t>(list.values_size());
  Datum* elements = arena.AllocateArray<Datum>(count);
  for (size_t i = 0; i < count; ++i) {
    KS_ASSIGN_OR_RETURN(elements[i],
                        DecodeWireValue(type->element(), list.values(static_cast<int>(i)), arena));
  }
  return Datum::Elements({elements, count});
}

}  // namespace

absl::StatusOr<Datum> DecodeWireValue(sql::TypeRef type, const Value& value, sql::Arena& arena) {
  switch (value.kind_case()) {
    case Value::kNullValue:
      return Datum::Null();
    case Value::kBoolValue:
      if (type->Is(TypeKind::kBool)) return Datum::Bool(value.bool_value());
      break;
    case Value::kNumberValue:
      if (type->is_floating()) return Datum::Float64(value.number_value());
      break;
    case Value::kListValue:
      if (type->is_array()) return DecodeArray(type, value, arena);
      break;
    case Value::kStringValue: {
      if (type->Is(TypeKind::kJson)) return Datum::Str(value.string_value());
      Datum datum = Datum::Null();
      if (formats::ParseText(type, value.string_value(), arena, &datum) == formats::Parsed::kOk)
        return datum;
      break;
    }
    default:
      break;
  }
  return UnexpectedWireValue(type, value.ShortDebugString());
}

}  // namespace ks::pipeline
