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
  Compiler(ProtobufProgram* program, Unfit unfit) : program_(*program), unfit_(unfit) {}

  // `reader`: the type that the columns were planned with; may be null.
  absl::Status CompileRoot(const pb::Descriptor& message, const pb::Descriptor* reader,
                           const Schema& columns) {
    ProtobufMessage plan;
    for (size_t i = 0; i < columns.size(); ++i) {
      const Field& column = columns[i];
      const FieldDescriptor* field = Written(message, reader, column.name);
      if (field != nullptr) {
        auto value = Value(*field, MessageOf(reader, column.name), column.type, column.name);
        if (value.ok()) {
          value->not_null = column.not_null;
          value->out = static_cast<uint32_t>(i);
          plan.fields.push_back(*std::move(value));
          continue;
        }
        if (unfit_ == Unfit::kError || column.not_null) return value.status();
      }
      if (column.not_null) return absl::InvalidArgumentError(FieldLeftSchema(column.name));
      program_.missing.push_back(static_cast<uint32_t>(i));
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

  // The field that the reader calls `name`: a field is its number.
  static const FieldDescriptor* Written(const pb::Descriptor& message, const pb::Descriptor* reader,
                                        std::string_view name) {
    const FieldDescriptor* known =
        reader == nullptr ? nullptr : reader->FindFieldByName(std::string(name));
    return known == nullptr ? message.FindFieldByName(std::string(name))
                            : message.FindFieldByNumber(known->number());
  }

  // What the reader knows of the messages in its field `name`; null: nothing.
  static const pb::Descriptor* MessageOf(const pb::Descriptor* reader, std::string_view name) {
    const FieldDescriptor* known =
        reader == nullptr ? nullptr : reader->FindFieldByName(std::string(name));
    return known == nullptr ? nullptr : known->message_type();
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

  absl::StatusOr<ProtobufField> Value(const FieldDescriptor& field, const pb::Descriptor* reader,
                                      TypeRef type, std::string path) {
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
    if (!ProtobufWire(field.type(), &wire)) return Message(std::move(value), reader);
    const bool number = field.type() == FieldDescriptor::TYPE_ENUM && type->Is(TypeKind::kInt64);
    if (!number && !Converts(wire, {}, type)) return Mismatch(field, type, value.path);
    value.use = ProtobufUse::kScalar;
    return value;
  }

  absl::StatusOr<ProtobufField> Message(ProtobufField value, const pb::Descriptor* reader) {
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
    ProtobufMessage plan{.known = known};
    if (known == ProtobufKnown::kWrapper || one_value) {
      value.use = ProtobufUse::kKnown;
      KS_RETURN_IF_ERROR(KnownFields(message, one_value ? Type::Int64() : type, value.path, &plan));
    } else if (type->is_struct()) {
      value.use = ProtobufUse::kStruct;
      KS_RETURN_IF_ERROR(StructFields(message, reader, type, value.path, &plan));
    } else {
      return Mismatch(*value.field, type, value.path);
    }
    value.message = Add(std::move(plan));
    return value;
  }

  // Of a message that is one value: its numbers, or what it wraps.
  absl::Status KnownFields(const pb::Descriptor& message, TypeRef type, const std::string& path,
                           ProtobufMessage* plan) {
    for (int i = 0; i < message.field_count(); ++i) {
      KS_ASSIGN_OR_RETURN(ProtobufField inner, Value(*message.field(i), nullptr, type, path));
      inner.out = static_cast<uint32_t>(i);
      plan->fields.push_back(std::move(inner));
    }
    return absl::OkStatus();
  }

  absl::Status StructFields(const pb::Descriptor& message, const pb::Descriptor* reader,
                            TypeRef type, const std::string& path, ProtobufMessage* plan) {
    for (size_t i = 0; i < type->fields().size(); ++i) {
      const sql::StructField& to = type->fields()[i];
      const FieldDescriptor* field = Written(message, reader, to.name);
      if (field == nullptr) continue;
      auto inner = Value(*field, MessageOf(reader, to.name), to.type, StrCat(path, ".", to.name));
      if (!inner.ok() && unfit_ == Unfit::kIgnored) continue;
      KS_RETURN_IF_ERROR(inner.status());
      inner->out = static_cast<uint32_t>(i);
      plan->fields.push_back(*std::move(inner));
    }
    return absl::OkStatus();
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
  const Unfit unfit_;
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
    ProtobufSchema schema, const pb::Descriptor& message, const Schema& columns,
    const ProtobufReading& reading) {
  auto program = std::make_shared<ProtobufProgram>();
  program->schema = std::move(schema);
  Compiler compiler(program.get(), reading.unfit);
  KS_RETURN_IF_ERROR(compiler.CompileRoot(message, reading.message, columns));
  return program;
}

}  // namespace ks::formats
