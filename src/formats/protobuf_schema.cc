#include "formats/protobuf_schema.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

namespace pb = google::protobuf;
using sql::Type;
using sql::TypeRef;

constexpr char kTextName[] = "schema.proto";

// Keeps the first error of a file.
class FirstError : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  void AddError(const std::string& /*file*/, const std::string& element,
                const pb::Message* /*descriptor*/, ErrorLocation /*location*/,
                const std::string& message) override {
    if (text_.empty()) text_ = StrCat(element, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::StatusOr<pb::FileDescriptorProto> ParseFile(std::string_view text) {
  const pb::LogSilencer no_warnings;  // such as of a file without `syntax`
  pb::FileDescriptorProto file;
  if (text.size() > kProtobufSchemaBytesMax) return BadProtobufSchema("it is too long");
  if (text.find_first_of(";{") == std::string_view::npos) {  // as no .proto file is
    std::string bytes;
    if (text.empty() || !absl::Base64Unescape(AbslView(text), &bytes) ||
        !file.ParseFromString(bytes))
      return BadProtobufSchema("it is neither .proto text nor a file's descriptor in base64");
    return file;
  }
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  FirstError error;
  pb::io::Tokenizer tokenizer(&stream, &error);
  pb::compiler::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.Parse(&tokenizer, &file) || !error.text().empty())
    return BadProtobufSchema(error.text());
  return file;
}

// Options that are not Protobuf's own need files that may not be there, and say nothing to us.
void DropOwnOptions(pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      DropOwnOptions(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = reflection->FieldSize(*message, field) - 1; i >= 0; --i) {
      pb::Message* part = reflection->MutableRepeatedMessage(message, field, i);
      const auto* option = dynamic_cast<const pb::UninterpretedOption*>(part);
      if (option == nullptr) {
        DropOwnOptions(part);
      } else if (option->name_size() > 0 && option->name(0).is_extension()) {
        reflection->SwapElements(message, field, i, reflection->FieldSize(*message, field) - 1);
        reflection->RemoveLast(message, field);
      }
    }
  }
}

// Builds files into a pool, each after those that it imports.
class PoolBuilder {
 public:
  void Add(const std::string& name, pb::FileDescriptorProto file) {
    file.set_name(name);
    DropOwnOptions(&file);
    files_[name] = std::move(file);
  }

  absl::StatusOr<const pb::FileDescriptor*> Build(const std::string& name) {
    if (const auto* built = pool_->FindFileByName(name); built != nullptr) return built;
    const auto found = files_.find(name);
    if (found == files_.end()) return BadProtobufSchema(StrCat("it has no file `", name, "`"));
    if (!building_.insert(name).second)
      return BadProtobufSchema(StrCat("file `", name, "` imports itself"));
    if (building_.size() > kProtobufFilesMax)
      return BadProtobufSchema("files import each other too deeply");
    pb::FileDescriptorProto file = found->second;
    KS_RETURN_IF_ERROR(BuildImports(&file));
    const pb::LogSilencer no_warnings;
    FirstError error;
    const pb::FileDescriptor* built = pool_->BuildFileCollectingErrors(file, &error);
    building_.erase(name);
    if (built != nullptr) return built;
    return BadProtobufSchema(
        missing_.empty() ? error.text()
                         : StrCat(error.text(), "; it imports `", missing_, "`, which is nowhere"));
  }

  std::shared_ptr<const pb::DescriptorPool> pool() const { return pool_; }

 private:
  // Leaves out of `file` the imports that are nowhere.
  absl::Status BuildImports(pb::FileDescriptorProto* file) {
    const auto imports = file->dependency();
    const std::set<int> publics(file->public_dependency().begin(), file->public_dependency().end());
    file->clear_dependency();
    file->clear_public_dependency();
    file->clear_weak_dependency();
    for (int i = 0; i < imports.size(); ++i) {
      const std::string& name = imports[i];
      if (!files_.contains(name) && !AddProtobufs(name)) {
        missing_ = name;
        continue;
      }
      KS_RETURN_IF_ERROR(Build(name).status());
      if (publics.contains(i)) file->add_public_dependency(file->dependency_size());
      file->add_dependency(name);
    }
    return absl::OkStatus();
  }

  // The files that come with Protobuf.
  bool AddProtobufs(const std::string& name) {
    if (!name.starts_with("google/protobuf/")) return false;
    const auto* file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr) return false;
    pb::FileDescriptorProto copy;
    file->CopyTo(&copy);
    files_[name] = std::move(copy);
    return true;
  }

  std::map<std::string, pb::FileDescriptorProto> files_;
  std::set<std::string> building_;
  std::string missing_;
  std::shared_ptr<pb::DescriptorPool> pool_ = std::make_shared<pb::DescriptorPool>();
};

bool IsNumber(pb::FieldDescriptor::CppType type) {
  return type == pb::FieldDescriptor::CPPTYPE_INT32 || type == pb::FieldDescriptor::CPPTYPE_INT64 ||
         type == pb::FieldDescriptor::CPPTYPE_UINT32 || type == pb::FieldDescriptor::CPPTYPE_UINT64;
}

// Whether the message has the fields of Protobuf's own of its name: anybody may write such a file.
bool IsAsProtobufHasIt(const pb::Descriptor& message) {
  const auto* own =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(message.full_name());
  if (own == nullptr || own->field_count() != message.field_count()) return false;
  for (int i = 0; i < own->field_count(); ++i) {
    const pb::FieldDescriptor& a = *own->field(i);
    const pb::FieldDescriptor& b = *message.field(i);
    if (a.number() != b.number() || a.type() != b.type() || a.label() != b.label()) return false;
  }
  return true;
}

// The natural types of fields; `inside`: the messages that one is part of, which it may not repeat.
class NaturalTypes {
 public:
  TypeRef Of(const pb::FieldDescriptor& field) {
    if (field.is_map()) return Type::Json();
    const TypeRef one = OfOne(field);
    return field.is_repeated() ? Type::Array(one) : one;
  }

  void Enter(const pb::Descriptor& message) { inside_.push_back(&message); }

 private:
  TypeRef OfOne(const pb::FieldDescriptor& field) {
    if (IsNumber(field.cpp_type())) return Type::Int64();
    switch (field.type()) {
      case pb::FieldDescriptor::TYPE_BOOL:
        return Type::Bool();
      case pb::FieldDescriptor::TYPE_FLOAT:
        return Type::Float32();
      case pb::FieldDescriptor::TYPE_DOUBLE:
        return Type::Float64();
      case pb::FieldDescriptor::TYPE_BYTES:
        return Type::Bytes();
      case pb::FieldDescriptor::TYPE_MESSAGE:
      case pb::FieldDescriptor::TYPE_GROUP:
        return OfMessage(*field.message_type());
      default:
        return Type::String();
    }
  }

  TypeRef OfMessage(const pb::Descriptor& message) {
    switch (KnownMessage(message)) {
      case ProtobufKnown::kTimestamp:
        return Type::Timestamp();
      case ProtobufKnown::kDuration:
        return Type::String();
      case ProtobufKnown::kWrapper:
        return OfOne(*message.field(0));
      case ProtobufKnown::kJson:
      case ProtobufKnown::kValue:
        return Type::Json();
      default:
        break;
    }
    if (std::find(inside_.begin(), inside_.end(), &message) != inside_.end()) {
      recursive_.insert(&message);
      return Type::Json();
    }
    if (inside_.size() > kProtobufStructDepthMax || message.field_count() == 0) return Type::Json();
    inside_.push_back(&message);
    std::vector<sql::StructField> fields;
    for (int i = 0; i < message.field_count(); ++i)
      fields.push_back({message.field(i)->name(), Of(*message.field(i))});
    inside_.pop_back();
    return recursive_.contains(&message) ? Type::Json() : Type::Struct(std::move(fields));
  }

  std::vector<const pb::Descriptor*> inside_;
  std::set<const pb::Descriptor*> recursive_;
};

}  // namespace

absl::StatusOr<ProtobufSchema> ProtobufSchema::FromDescriptorSet(std::string_view bytes) {
  pb::FileDescriptorSet set;
  if (bytes.size() > kProtobufSchemaBytesMax ||
      !set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || set.file_size() == 0)
    return BadProtobufSchema("it is no descriptor set");
  PoolBuilder builder;
  for (const pb::FileDescriptorProto& file : set.file()) builder.Add(file.name(), file);
  ProtobufSchema schema;
  for (const pb::FileDescriptorProto& file : set.file()) {
    KS_ASSIGN_OR_RETURN(schema.file_, builder.Build(file.name()));
  }
  schema.pool_ = builder.pool();
  return schema;
}

absl::StatusOr<ProtobufSchema> ProtobufSchema::FromText(
    std::string_view text, absl::Span<const std::pair<std::string, std::string>> imports) {
  PoolBuilder builder;
  for (const auto& [name, import] : imports) {
    KS_ASSIGN_OR_RETURN(auto file, ParseFile(import));
    builder.Add(name, std::move(file));
  }
  KS_ASSIGN_OR_RETURN(auto file, ParseFile(text));
  builder.Add(kTextName, std::move(file));
  ProtobufSchema schema;
  KS_ASSIGN_OR_RETURN(schema.file_, builder.Build(kTextName));
  schema.pool_ = builder.pool();
  return schema;
}

absl::StatusOr<const pb::Descriptor*> ProtobufSchema::Message(std::string_view full_name) const {
  if (!full_name.empty()) {
    const auto* message = pool_->FindMessageTypeByName(std::string(full_name));
    if (message != nullptr) return message;
  } else if (file_->message_type_count() == 1) {
    return file_->message_type(0);
  }
  std::vector<std::string> names;
  for (int i = 0; i < file_->message_type_count(); ++i)
    names.push_back(file_->message_type(i)->full_name());
  return WhichMessage(full_name, names);
}

const pb::Descriptor* ProtobufSchema::MessageAt(absl::Span<const int64_t> indexes) const {
  const pb::Descriptor* message = nullptr;
  for (const int64_t index : indexes) {
    const int count =
        message == nullptr ? file_->message_type_count() : message->nested_type_count();
    if (index < 0 || index >= count) return nullptr;
    const int at = static_cast<int>(index);
    message = message == nullptr ? file_->message_type(at) : message->nested_type(at);
  }
  return message;
}

absl::StatusOr<std::vector<std::string>> ProtobufImports(std::string_view text) {
  KS_ASSIGN_OR_RETURN(const auto file, ParseFile(text));
  return std::vector<std::string>(file.dependency().begin(), file.dependency().end());
}

ProtobufKnown KnownMessage(const pb::Descriptor& message) {
  constexpr std::pair<std::string_view, ProtobufKnown> kKnown[] = {
      {"Timestamp", ProtobufKnown::kTimestamp}, {"Duration", ProtobufKnown::kDuration},
      {"Struct", ProtobufKnown::kJson},         {"ListValue", ProtobufKnown::kJson},
      {"Value", ProtobufKnown::kValue},         {"Any", ProtobufKnown::kAny},
      {"DoubleValue", ProtobufKnown::kWrapper}, {"FloatValue", ProtobufKnown::kWrapper},
      {"Int64Value", ProtobufKnown::kWrapper},  {"UInt64Value", ProtobufKnown::kWrapper},
      {"Int32Value", ProtobufKnown::kWrapper},  {"UInt32Value", ProtobufKnown::kWrapper},
      {"BoolValue", ProtobufKnown::kWrapper},   {"StringValue", ProtobufKnown::kWrapper},
      {"BytesValue", ProtobufKnown::kWrapper}};
  constexpr std::string_view kSpace = "google.protobuf.";
  const std::string_view name = message.full_name();
  if (!name.starts_with(kSpace) || !IsAsProtobufHasIt(message)) return ProtobufKnown::kNone;
  for (const auto& [last, known] : kKnown) {
    if (name.substr(kSpace.size()) == last) return known;
  }
  return ProtobufKnown::kNone;
}

Schema ProtobufColumns(const pb::Descriptor& message) {
  Schema columns;
  NaturalTypes types;
  types.Enter(message);
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    const bool nullable = field.has_presence() && !field.is_required();
    columns.push_back({field.name(), types.Of(field), !nullable});
  }
  return columns;
}

}  // namespace ks::formats
