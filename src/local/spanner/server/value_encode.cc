#include <charconv>
#include <cmath>
#include <cstring>

#include "base/status_macros.h"
#include "google/spanner/v1/type.pb.h"
#include "local/spanner/server/base64.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/server/wire.h"
#include "sql/types/value.h"

namespace ks::local {

using sql::Datum;
using sql::Type;
using sql::TypeKind;
using sql::TypeRef;

namespace pb = google::spanner::v1;

namespace {

// google.protobuf.Value's and ListValue's fields.
constexpr uint32_t kNullField = 1, kNumberField = 2, kStringField = 3, kBoolField = 4,
                   kListField = 6, kValuesField = 1;

void AppendTextValue(uint32_t field, std::string_view text, std::string* out) {
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(1 + VarintSize(text.size()) + text.size(), out);
  WriteBytes(kStringField, text, out);
}

// One tag byte, one byte: NULL and BOOL.
void AppendSmallValue(uint32_t field, uint32_t value_field, bool value, std::string* out) {
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(2, out);
  WriteBool(value_field, value, out);
}

void AppendNumberValue(uint32_t field, double number, std::string* out) {
  if (std::isnan(number)) return AppendTextValue(field, "NaN", out);
  if (std::isinf(number)) return AppendTextValue(field, number > 0 ? "Infinity" : "-Infinity", out);
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(9, out);
  WriteTag(kNumberField, WireType::kFixed64, out);
  char bits[sizeof(number)];
  std::memcpy(bits, &number, sizeof(bits));
  out->append(bits, sizeof(bits));
}

void AppendInt64Value(uint32_t field, int64_t number, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  AppendTextValue(field, {digits, static_cast<size_t>(end - digits)}, out);
}

void AppendListValue(uint32_t field, TypeRef type, const Datum& datum, std::string* out) {
  std::string list;
  const auto elements = datum.elements();
  for (size_t i = 0; i < elements.size(); ++i) {
    AppendValue(kValuesField, type->is_array() ? type->element() : type->fields()[i].type,
                elements[i], &list);
  }
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(1 + VarintSize(list.size()) + list.size(), out);
  WriteBytes(kListField, list, out);
}

}  // namespace

bool IsText(TypeRef type, const Datum& datum) {
  if (datum.null()) return false;
  switch (type->kind()) {
    case TypeKind::kBool:
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return false;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return !std::isfinite(datum.float64());
    default:
      return true;
  }
}

void AppendValueText(TypeRef type, const Datum& datum, std::string* out) {
  switch (type->kind()) {
    case TypeKind::kString:
    case TypeKind::kJson:
      out->append(datum.str());
      return;
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return AppendBase64(datum.str(), out);
    case TypeKind::kDate:
      return sql::AppendDate(datum.int64(), out);
    case TypeKind::kTimestamp:
      return sql::AppendTimestampRfc3339(datum.timestamp(), out);
    case TypeKind::kNumeric:
      return sql::AppendNumeric(datum.wide(), out);
    case TypeKind::kUuid:
      return sql::AppendUuid(datum.wide(), out);
    case TypeKind::kInterval:
      return sql::AppendIntervalIso(datum.interval(), out);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      out->append(std::isnan(datum.float64()) ? "NaN"
                  : datum.float64() > 0       ? "Infinity"
                                              : "-Infinity");
      return;
    default:
      out->append(std::to_string(datum.int64()));
      return;
  }
}

void AppendValue(uint32_t field, TypeRef type, const Datum& datum, std::string* out) {
  if (datum.null()) return AppendSmallValue(field, kNullField, false, out);
  switch (type->kind()) {
    case TypeKind::kBool:
      return AppendSmallValue(field, kBoolField, datum.bool_value(), out);
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      return AppendInt64Value(field, datum.int64(), out);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return AppendNumberValue(field, datum.float64(), out);
    case TypeKind::kString:
    case TypeKind::kJson:
      return AppendTextValue(field, datum.str(), out);
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return AppendListValue(field, type, datum, out);
    default: {
      std::string text;
      AppendValueText(type, datum, &text);
      return AppendTextValue(field, text, out);
    }
  }
}

// ---- Types ----

namespace {

struct SimpleType {
  TypeRef (*type)();
  pb::TypeCode code;
};
constexpr SimpleType kSimpleTypes[] = {
    {&Type::Bool, pb::BOOL},       {&Type::Int64, pb::INT64},     {&Type::Float64, pb::FLOAT64},
    {&Type::Float32, pb::FLOAT32}, {&Type::Numeric, pb::NUMERIC}, {&Type::String, pb::STRING},
    {&Type::Bytes, pb::BYTES},     {&Type::Date, pb::DATE},       {&Type::Timestamp, pb::TIMESTAMP},
    {&Type::Json, pb::JSON},       {&Type::Uuid, pb::UUID},       {&Type::Interval, pb::INTERVAL},
};

}  // namespace

void ToProto(TypeRef type, pb::Type* out) {
  switch (type->kind()) {
    case TypeKind::kArray:
      out->set_code(pb::ARRAY);
      return ToProto(type->element(), out->mutable_array_element_type());
    case TypeKind::kStruct:
      out->set_code(pb::STRUCT);
      out->mutable_struct_type();
      for (const sql::StructField& field : type->fields()) {
        pb::StructType::Field* added = out->mutable_struct_type()->add_fields();
        added->set_name(field.name);
        ToProto(field.type, added->mutable_type());
      }
      return;
    case TypeKind::kProto:
    case TypeKind::kEnum:
      out->set_code(type->Is(TypeKind::kProto) ? pb::PROTO : pb::ENUM);
      out->set_proto_type_fqn(type->full_name());
      return;
    default:
      for (const SimpleType& simple : kSimpleTypes) {
        if (simple.type() == type) out->set_code(simple.code);
      }
  }
}

absl::StatusOr<TypeRef> FromProto(const pb::Type& type) {
  switch (type.code()) {
    case pb::TYPE_CODE_UNSPECIFIED:
      return errors::TypeMissing();
    case pb::ARRAY: {
      KS_ASSIGN_OR_RETURN(TypeRef element, FromProto(type.array_element_type()));
      if (element->is_array()) return errors::TypeUnsupported("ARRAY of ARRAY");
      return Type::Array(element);
    }
    case pb::STRUCT: {
      std::vector<sql::StructField> fields;
      for (const pb::StructType::Field& field : type.struct_type().fields()) {
        KS_ASSIGN_OR_RETURN(TypeRef field_type, FromProto(field.type()));
        fields.push_back({field.name(), field_type});
      }
      return Type::Struct(std::move(fields));
    }
    case pb::PROTO:
      return Type::Proto(type.proto_type_fqn());
    case pb::ENUM:
      return Type::Enum(type.proto_type_fqn());
    default:
      for (const SimpleType& simple : kSimpleTypes) {
        if (simple.code == type.code()) return simple.type();
      }
      return errors::TypeUnsupported(std::to_string(type.code()));
  }
}

}  // namespace ks::local
