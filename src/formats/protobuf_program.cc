#include "formats/protobuf_program.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using pb::internal::WireFormatLite;
using sql::Type;
using sql::TypeKind;
using sql::TypeRef;

class Compiler {
 public:
  explicit Compiler(ProtobufProgram* program) : program_(*program) {}

  absl::Status CompileRoot(const pb::Descriptor& message, const Schema& columns) {
    ProtobufMessage plan;
    for (size_t i = 0; i < columns.size(); ++i) {
      const FieldDescriptor* field = message.FindFieldByName(columns[i].name);
      if (field != nullptr) {
        KS_ASSIGN_OR_RETURN(ProtobufField value, Value(*field, columns[i].type, columns[i].name));
        value.not_null = columns[i].not_null;
        value.out = static_cast<uint32_t>(i);
        plan.fields.push_back(std::move(value));
      } else if (columns[i].not_null) {
        return absl::InvalidArgumentError(FieldLeftSchema(columns[i].name));
      } else {
        program_.missing.push_back(static_cast<uint32_t>(i));
      }
    }
    program_.root = Add(std::move(plan));
    return absl::OkStatus();
  }

 private:
  uint32_t Add(ProtobufMessage plan) {
    program_.messages.emplace_back();
    const auto index = static_cast<uint32_t>(program_.messages.size() - 1);
    Set(index, std::move(plan));
    return index;
  }

  void Set(uint32_t index, ProtobufMessage plan) {
    std::set<const pb::OneofDescriptor*> oneofs;
    for (const ProtobufField& field : plan.fields)
      oneofs.insert(field.field->real_containing_oneof());
    for (const pb::OneofDescriptor* oneof : oneofs) {
      if (oneof == nullptr) continue;
      for (int i = 0; i < oneof->field_count(); ++i) {
        const FieldDescriptor* member = oneof->field(i);
        const bool there = std::any_of(plan.fields.begin(), plan.fields.end(),
                                       [&](const auto& field) { return field.field == member; });
        if (!there) plan.fields.push_back(Named(*member, member->name()));
      }
    }
    std::sort(plan.fields.begin(), plan.fields.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    fields_ += plan.fields.size();
    program_.messages[index] = std::move(plan);
  }

  static ProtobufField Named(const FieldDescriptor& field, std::string path) {
    const pb::OneofDescriptor* oneof = field.real_containing_oneof();
    return {.number = static_cast<uint32_t>(field.number()),
            .written = field.type(),
            .wire_type = WireFormatLite::WireTypeForFieldType(
                static_cast<WireFormatLite::FieldType>(field.type())),
            .repeated = field.is_repeated(),
            .presence = field.has_presence(),
            .oneof = oneof == nullptr ? -1 : oneof->index(),
            .field = &field,
            .path = std::move(path)};
  }

  absl::StatusOr<ProtobufField> Value(const FieldDescriptor& field, TypeRef type,
                                      std::string path) {
    if (type->Is(TypeKind::kJson)) return Json(field, std::move(path));
    ProtobufField value = Named(field, std::move(path));
    if (field.is_map()) return Mismatch(field, type, value.path);
    if (field.is_repeated()) {
      if (!type->is_array()) return Mismatch(field, type, value.path);
      type = type->element();
      value.path += "[]";
      if (type->Is(TypeKind::kJson)) {
        KS_ASSIGN_OR_RETURN(value, Json(field, value.path));
        value.use = ProtobufUse::kJson;
        return value;
      }
    }
    value.type = type;
    Wire wire;
    if (!ProtobufWire(field.type(), &wire)) return Message(std::move(value));
    const bool number = field.type() == FieldDescriptor::TYPE_ENUM && type->Is(TypeKind::kInt64);
    if (!number && !Converts(wire, {}, type)) return Mismatch(field, type, value.path);
    value.use = ProtobufUse::kScalar;
    return value;
  }

  absl::StatusOr<ProtobufField> Message(ProtobufField value) {
    const pb::Descriptor& message = *value.field->message_type();
    const TypeRef type = value.type;
    const ProtobufKnown known = KnownMessage(message);
    if (type->Is(TypeKind::kBytes) && known != ProtobufKnown::kWrapper) {
      value.use = ProtobufUse::kRaw;
      return value;
    }
    const bool one_value = (known == ProtobufKnown::kTimestamp && type->Is(TypeKind::kTimestamp)) ||
                           (known == ProtobufKnown::kDuration &&
                            (type->Is(TypeKind::kString) || type->Is(TypeKind::kInt64)));
    if (known == ProtobufKnown::kWrapper || one_value) {
      value.use = ProtobufUse::kKnown;
    } else if (type->is_struct()) {
      value.use = ProtobufUse::kStruct;
    } else {
      return Mismatch(*value.field, type, value.path);
    }
    ProtobufMessage plan{.known = known};
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      std::string path = StrCat(value.path, ".", field.name());
      TypeRef to = Type::Int64();  // of a point in time
      uint32_t out = static_cast<uint32_t>(i);
      if (known == ProtobufKnown::kWrapper) {
        to = type;
        path = value.path;
      } else if (!one_value) {
        const auto& fields = type->fields();
        const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& each) {
          return each.name == field.name();
        });
        if (found == fields.end()) continue;
        to = found->type;
        out = static_cast<uint32_t>(found - fields.begin());
      }
      KS_ASSIGN_OR_RETURN(ProtobufField inner, Value(field, to, std::move(path)));
      inner.out = out;
      plan.fields.push_back(std::move(inner));
    }
    value.message = Add(std::move(plan));
    return value;
  }

  absl::StatusOr<ProtobufField> Json(const FieldDescriptor& field, std::string path) {
    ProtobufField value = Named(field, std::move(path));
    value.type = Type::Json();
    value.use = field.is_map()        ? ProtobufUse::kJsonMap
                : field.is_repeated() ? ProtobufUse::kJsonList
                                      : ProtobufUse::kJson;
    Wire wire;
    if (!ProtobufWire(field.type(), &wire)) {
      KS_ASSIGN_OR_RETURN(value.message, JsonMessage(*field.message_type()));
    }
    return value;
  }

  // All fields of a message; one plan per type, however often it occurs.
  absl::StatusOr<uint32_t> JsonMessage(const pb::Descriptor& message) {
    if (const auto found = json_.find(&message); found != json_.end()) return found->second;
    if (fields_ > kProtobufFieldsMax) return BadProtobufSchema("it has too many fields");
    const auto index = static_cast<uint32_t>(program_.messages.size());
    program_.messages.emplace_back();
    json_[&message] = index;
    program_.by_name[message.full_name()] = index;
    ProtobufMessage plan{.known = KnownMessage(message)};
    for (int i = 0; i < message.field_count(); ++i) {
      KS_ASSIGN_OR_RETURN(ProtobufField field, Json(*message.field(i), message.field(i)->name()));
      plan.fields.push_back(std::move(field));
    }
    const bool any = plan.known == ProtobufKnown::kAny;
    Set(index, std::move(plan));
    if (any) KS_RETURN_IF_ERROR(JsonOfFile(*program_.schema.file()));
    return index;
  }

  // An Any may hold any message that the schema knows.
  absl::Status JsonOfFile(const pb::FileDescriptor& file) {
    if (!files_.insert(&file).second) return absl::OkStatus();
    for (int i = 0; i < file.message_type_count(); ++i)
      KS_RETURN_IF_ERROR(JsonOfNested(*file.message_type(i)));
    for (int i = 0; i < file.dependency_count(); ++i)
      KS_RETURN_IF_ERROR(JsonOfFile(*file.dependency(i)));
    return absl::OkStatus();
  }

  absl::Status JsonOfNested(const pb::Descriptor& message) {
    if (message.options().map_entry()) return absl::OkStatus();
    KS_RETURN_IF_ERROR(JsonMessage(message).status());
    for (int i = 0; i < message.nested_type_count(); ++i)
      KS_RETURN_IF_ERROR(JsonOfNested(*message.nested_type(i)));
    return absl::OkStatus();
  }

  static absl::Status Mismatch(const FieldDescriptor& field, TypeRef type, std::string_view path) {
    std::string one = field.type_name();
    if (field.message_type() != nullptr) one = field.message_type()->full_name();
    if (field.is_map()) one = "a map";
    const bool list = field.is_repeated() && !field.is_map() && !path.ends_with("[]");
    return absl::InvalidArgumentError(
        SchemaAgainstType(path, StrCat(list ? "repeated " : "", one), type));
  }

  ProtobufProgram& program_;
  std::map<const pb::Descriptor*, uint32_t> json_;
  std::set<const pb::FileDescriptor*> files_;
  size_t fields_ = 0;
};

}  // namespace

bool ProtobufWire(FieldDescriptor::Type type, Wire* wire) {
  switch (type) {
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return false;
    case FieldDescriptor::TYPE_BOOL:
      *wire = Wire::kBool;
      return true;
    case FieldDescriptor::TYPE_FLOAT:
      *wire = Wire::kFloat;
      return true;
    case FieldDescriptor::TYPE_DOUBLE:
      *wire = Wire::kDouble;
      return true;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_ENUM:
      *wire = Wire::kText;
      return true;
    case FieldDescriptor::TYPE_BYTES:
      *wire = Wire::kBytes;
      return true;
    default:
      *wire = Wire::kInteger;
      return true;
  }
}

absl::StatusOr<std::shared_ptr<const ProtobufProgram>> CompileProtobuf(
    ProtobufSchema schema, const pb::Descriptor& message, const Schema& columns) {
  auto program = std::make_shared<ProtobufProgram>();
  program->schema = std::move(schema);
  Compiler compiler(program.get());
  KS_RETURN_IF_ERROR(compiler.CompileRoot(message, columns));
  return program;
}

}  // namespace ks::formats
