#include "formats/testing/protobuf_judge.h"

#include <google/protobuf/util/json_util.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/str_cat.h"

namespace ks::formats {
namespace {

using nlohmann::json;

json Comparable(const json& value) {
  if (value.is_object() || value.is_array()) {
    json copy = value;
    for (auto& part : copy) part = Comparable(part);
    return copy;
  }
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) < 1e15 && number == std::floor(number))
      return StrCat(static_cast<int64_t>(number));
    return value.dump();
  }
  if (value.is_number()) return value.dump();
  if (value == "-0") return "0";
  return value;
}

}  // namespace

ProtobufJudge::ProtobufJudge(const google::protobuf::Descriptor& type)
    : type_(type), factory_(type.file()->pool()) {}

std::unique_ptr<google::protobuf::Message> ProtobufJudge::New() const {
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(&type_)->New());
}

std::optional<std::string> ProtobufJudge::Json(std::string_view bytes) const {
  const auto message = New();
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(*message, &text, options).ok())
    return std::nullopt;
  return ComparableJson(text);
}

std::string ComparableJson(std::string_view text) {
  return Comparable(json::parse(text, nullptr, /*allow_exceptions=*/false)).dump();
}

}  // namespace ks::formats
