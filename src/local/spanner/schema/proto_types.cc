#include "local/spanner/schema/proto_types.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/schema/proto_errors.h"

namespace ks::local {

namespace pb = google::protobuf;

namespace {

absl::Status CheckFeatures(const std::string& name, const pb::Descriptor* message) {
  for (const std::string_view restricted : {"spanner", "tech.spanner"}) {
    if (name.starts_with(std::string(restricted) + ".")) {
      return errors::ProtoPackageRestricted(name, restricted);
    }
  }
  if (message != nullptr && message->extension_count() > 0) {
    return errors::ProtoExtensions(message->full_name());
  }
  return absl::OkStatus();
}

sql::ProtoEncoding EncodingOf(const pb::FieldDescriptor& field) {
  switch (field.type()) {
    case pb::FieldDescriptor::TYPE_SINT64:
      return sql::ProtoEncoding::kZigzag;
    case pb::FieldDescriptor::TYPE_SFIXED64:
      return sql::ProtoEncoding::kFixed64;
    case pb::FieldDescriptor::TYPE_FLOAT:
      return sql::ProtoEncoding::kFloat;
    case pb::FieldDescriptor::TYPE_DOUBLE:
      return sql::ProtoEncoding::kDouble;
    case pb::FieldDescriptor::TYPE_STRING:
    case pb::FieldDescriptor::TYPE_BYTES:
    case pb::FieldDescriptor::TYPE_MESSAGE:
      return sql::ProtoEncoding::kLength;
    case pb::FieldDescriptor::TYPE_GROUP:
      return sql::ProtoEncoding::kGroup;
    default:
      return sql::ProtoEncoding::kVarint;
  }
}

std::vector<int32_t> RivalsOf(const pb::FieldDescriptor& field) {
  std::vector<int32_t> rivals;
  const pb::OneofDescriptor* oneof = field.containing_oneof();
  for (int i = 0; oneof != nullptr && i < oneof->field_count(); ++i) {
    if (oneof->field(i) != &field) rivals.push_back(oneof->field(i)->number());
  }
  return rivals;
}

// As an error names it: the bundle's name, or GoogleSQL's for integers that Spanner has not.
std::string TypeName(const pb::FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return absl::AsciiStrToUpper(field.cpp_type_name());
}

sql::Value Default(const pb::FieldDescriptor& field, sql::TypeRef type) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return sql::Value::Int64(field.default_value_int64());
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return {type, sql::Datum::Float64(field.default_value_float())};
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return sql::Value::Float64(field.default_value_double());
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return sql::Value::Bool(field.default_value_bool());
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return {type, sql::Datum::Int64(field.default_value_enum()->number())};
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return {type, sql::Datum::Str(field.default_value_string())};
    default:
      return sql::Value::Null(type);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ProtoTypes>> ProtoTypes::Make(
    const pb::FileDescriptorSet& files, const std::vector<std::string>& names) {
  std::shared_ptr<ProtoTypes> types(new ProtoTypes());
  types->names_ = names;
  std::sort(types->names_.begin(), types->names_.end());
  KS_RETURN_IF_ERROR(types->Keep(files));
  for (const std::string& name : types->names_) {
    const pb::Descriptor* message = types->pool_.FindMessageTypeByName(name);
    if (message == nullptr && types->pool_.FindEnumTypeByName(name) == nullptr) {
      return errors::ProtoDescriptorMissing(name);
    }
    KS_RETURN_IF_ERROR(CheckFeatures(name, message));
  }
  return types;
}

absl::Status ProtoTypes::Keep(const pb::FileDescriptorSet& files) {
  pb::SimpleDescriptorDatabase all;
  for (const pb::FileDescriptorProto& file : files.file()) {
    if (!all.Add(file)) return errors::ProtoFileTwice(file.name());
  }
  std::set<std::string> kept;
  for (const std::string& name : names_) {
    pb::FileDescriptorProto file;
    if (!all.FindFileContainingSymbol(name, &file)) return errors::ProtoDescriptorMissing(name);
    if (kept.insert(file.name()).second) *files_.add_file() = std::move(file);
  }
  std::sort(files_.mutable_file()->begin(), files_.mutable_file()->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
  for (const pb::FileDescriptorProto& file : files_.file()) files_by_name_.Add(file);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ProtoTypes>> ProtoTypes::Read(
    std::string_view descriptors, const std::vector<std::string>& names) {
  pb::FileDescriptorSet files;
  if (!files.ParseFromArray(descriptors.data(), static_cast<int>(descriptors.size()))) {
    return errors::ProtoDescriptorsUnreadable();
  }
  return Make(files, names);
}

sql::TypeRef ProtoTypes::FindType(std::string_view full_name) const {
  if (FindMessage(full_name) != nullptr) return sql::Type::Proto(full_name);
  if (FindEnum(full_name) != nullptr) return sql::Type::Enum(full_name);
  return nullptr;
}

const pb::Descriptor* ProtoTypes::FindMessage(std::string_view full_name) const {
  if (!std::binary_search(names_.begin(), names_.end(), full_name)) return nullptr;
  return pool_.FindMessageTypeByName(std::string(full_name));
}

const pb::EnumDescriptor* ProtoTypes::FindEnum(std::string_view full_name) const {
  if (!std::binary_search(names_.begin(), names_.end(), full_name)) return nullptr;
  return pool_.FindEnumTypeByName(std::string(full_name));
}

sql::TypeRef ProtoTypes::ElementType(const pb::FieldDescriptor& field) const {
  using Field = pb::FieldDescriptor;
  switch (field.type()) {
    case Field::TYPE_INT64:
    case Field::TYPE_SINT64:
    case Field::TYPE_SFIXED64:
      return sql::Type::Int64();
    case Field::TYPE_FLOAT:
      return sql::Type::Float32();
    case Field::TYPE_DOUBLE:
      return sql::Type::Float64();
    case Field::TYPE_BOOL:
      return sql::Type::Bool();
    case Field::TYPE_STRING:
      return sql::Type::String();
    case Field::TYPE_BYTES:
      return sql::Type::Bytes();
    case Field::TYPE_ENUM:
      return FindType(field.enum_type()->full_name());
    case Field::TYPE_MESSAGE:
    case Field::TYPE_GROUP:
      return FindType(field.message_type()->full_name());
    default:
      return nullptr;
  }
}

absl::StatusOr<sql::ProtoField> ProtoTypes::FindField(sql::TypeRef message,
                                                      std::string_view name) const {
  const pb::Descriptor* descriptor = FindMessage(message->full_name());
  const pb::FieldDescriptor* field = nullptr;
  for (int i = 0; descriptor != nullptr && i < descriptor->field_count(); ++i) {
    if (absl::EqualsIgnoreCase(descriptor->field(i)->name(), AbslView(name)))
      field = descriptor->field(i);
  }
  if (field == nullptr) return absl::NotFoundError("no such field");
  sql::ProtoField found{.name = field->name(),
                        .number = field->number(),
                        .encoding = EncodingOf(*field),
                        .repeated = field->is_repeated(),
                        .packed = field->is_packed(),
                        .required = field->is_required(),
                        .rivals = RivalsOf(*field),
                        .type = ElementType(*field),
                        .type_name = TypeName(*field)};
  if (found.type == nullptr) return found;
  if (found.repeated) {
    found.type = sql::Type::Array(found.type);
    found.unset = sql::Value::Array(found.type->element(), {});
  } else {
    found.unset = Default(*field, found.type);
  }
  return found;
}

std::string ProtoTypes::descriptors() const { return files_.SerializeAsString(); }

}  // namespace ks::local
