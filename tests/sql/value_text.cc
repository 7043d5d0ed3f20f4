#include "value_text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"

namespace ks::sql {
namespace {

using Json = nlohmann::json;

// As Python's repr prints it: the shortest digits, an exponent from 1e16 and below 1e-4.
std::string FloatText(double v) {
  const double magnitude = std::fabs(v);
  char buffer[64];
  const bool plain = v == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof(buffer), v, format).ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string Quoted(std::string_view data, bool bytes) {
  std::string out = bytes ? "b'" : "'";
  for (const char c : data) {
    const unsigned code = static_cast<unsigned char>(c);
    if (c == '\\' || c == '\'') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else if (code < 32 || code == 127 || (bytes && code > 126)) {
      char hex[8];
      std::snprintf(hex, sizeof(hex), "\\x%02x", code);
      out += hex;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string ElementsText(TypeRef type, const Json& value) {
  std::string out = type->is_array() ? "[" : "(";
  for (size_t i = 0; i < value.size(); ++i) {
    if (i > 0) out += ", ";
    out += ValueText(type->is_array() ? type->element() : type->fields()[i].type, value[i]);
  }
  return out + (type->is_array() ? "]" : ")");
}

}  // namespace

std::string ValueText(TypeRef type, const Json& value) {
  if (value.is_null()) return "NULL";
  switch (type->kind()) {
    case TypeKind::kBool:
      return value.get<bool>() ? "true" : "false";
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      if (value.is_number()) return FloatText(value.get<double>());
      return value == "NaN" ? "nan" : value == "Infinity" ? "inf" : "-inf";
    case TypeKind::kString:
      return Quoted(value.get<std::string>(), false);
    case TypeKind::kBytes:
    case TypeKind::kProto: {
      std::string bytes;
      absl::Base64Unescape(value.get<std::string>(), &bytes);
      return Quoted(bytes, true);
    }
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return ElementsText(type, value);
    default:
      return value.get<std::string>();
  }
}

std::string ErrorText(const absl::Status& status) {
  std::string message(ks::View(status.message()));
  message = message.substr(0, message.find('\n'));
  const size_t at = message.rfind(" [at ");
  if (at != std::string::npos) message.resize(at);
  return StrCat("ERROR ", absl::StatusCodeToString(status.code()), " ", message);
}

}  // namespace ks::sql
