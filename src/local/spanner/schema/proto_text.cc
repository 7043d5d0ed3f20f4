// ProtoTypes: messages as text, enums by name.
#include <memory>

#include "base/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "local/spanner/schema/proto_errors.h"
#include "local/spanner/schema/proto_types.h"

namespace ks::local {

namespace pb = google::protobuf;

namespace {

// Keeps the first error.
class FirstError : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = StrCat(message, " [", line + 1, ":", column + 1, "]");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::unique_ptr<pb::Message> ProtoTypes::NewMessage(sql::TypeRef type) const {
  const pb::Descriptor* descriptor = FindMessage(type->full_name());
  if (descriptor == nullptr) return nullptr;
  return std::unique_ptr<pb::Message>(messages_.GetPrototype(descriptor)->New());
}

absl::StatusOr<std::string> ProtoTypes::ParseText(sql::TypeRef type, std::string_view text) const {
  const std::unique_ptr<pb::Message> message = NewMessage(type);
  if (message == nullptr) return errors::ProtoTypeGone(type->full_name());
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(std::string(text), message.get())) {
    return errors::ProtoTextUnreadable(error.text());
  }
  return message->SerializeAsString();
}

std::optional<std::string> ProtoTypes::PrintText(sql::TypeRef type, std::string_view bytes) const {
  const std::unique_ptr<pb::Message> message = NewMessage(type);
  const int size = static_cast<int>(bytes.size());
  if (message == nullptr || !message->ParsePartialFromArray(bytes.data(), size)) {
    return std::nullopt;
  }
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*message, &text);
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::optional<int32_t> ProtoTypes::EnumNumber(sql::TypeRef type, std::string_view name) const {
  const pb::EnumDescriptor* descriptor = FindEnum(type->full_name());
  if (descriptor == nullptr) return std::nullopt;
  const pb::EnumValueDescriptor* value = descriptor->FindValueByName(std::string(name));
  return value == nullptr ? std::nullopt : std::optional<int32_t>(value->number());
}

std::optional<std::string> ProtoTypes::EnumName(sql::TypeRef type, int64_t number) const {
  const pb::EnumDescriptor* descriptor = FindEnum(type->full_name());
  const bool fits = number == static_cast<int32_t>(number);
  const pb::EnumValueDescriptor* value =
      descriptor != nullptr && fits ? descriptor->FindValueByNumber(static_cast<int>(number))
                                    : nullptr;
  return value == nullptr ? std::nullopt : std::optional<std::string>(value->name());
}

std::vector<std::string> ProtoTypes::RequiredFields(sql::TypeRef type) const {
  std::vector<std::string> names;
  const pb::Descriptor* descriptor = FindMessage(type->full_name());
  for (int i = 0; descriptor != nullptr && i < descriptor->field_count(); ++i) {
    if (descriptor->field(i)->is_required()) names.push_back(descriptor->field(i)->name());
  }
  return names;
}

}  // namespace ks::local
