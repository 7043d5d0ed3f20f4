#include "sql/functions/json_writer.h"

#include <cmath>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/json_scan.h"
#include "sql/functions/numeric_math.h"
#include "sql/types/json_text.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

constexpr int64_t kExactIntegerMax = int64_t{1} << 53;  // beyond, a double skips integers

absl::Status AppendNumber(const JsonStyle& style, Int128 scaled, std::string* out) {
  std::string text;
  AppendNumeric(scaled, &text);
  const std::optional<Int128> back = NumericFromDouble(NumericToDouble(scaled));
  if (back.has_value() && *back == scaled) {
    out->append(text);
  } else if (style.wide_as_string) {
    StrAppend(out, "\"", text, "\"");
  } else {
    return OutOfRange("Failed to convert type NUMERIC to JSON");
  }
  return absl::OkStatus();
}

// Quoted, without a need to escape.
template <typename Append>
absl::Status AppendQuoted(Append append, std::string* out) {
  out->push_back('"');
  append();
  out->push_back('"');
  return absl::OkStatus();
}

absl::Status AppendParts(const JsonStyle& style, TypeRef type, const Datum& value,
                         std::string* out) {
  const bool is_struct = type->is_struct();
  out->push_back(is_struct ? '{' : '[');
  for (size_t i = 0; i < value.elements().size(); ++i) {
    if (i > 0) out->push_back(',');
    if (is_struct) {
      AppendJsonString(type->fields()[i].name, out);
      out->push_back(':');
    }
    const TypeRef part = is_struct ? type->fields()[i].type : type->element();
    absl::Status status = AppendJson(style, part, value.elements()[i], out);
    if (!status.ok()) return status;
  }
  out->push_back(is_struct ? '}' : ']');
  return absl::OkStatus();
}

}  // namespace

absl::Status AppendJson(const JsonStyle& style, TypeRef type, const Datum& value,
                        std::string* out) {
  if (value.null()) {
    out->append("null");
    return absl::OkStatus();
  }
  switch (type->kind()) {
    case TypeKind::kBool:
      out->append(value.bool_value() ? "true" : "false");
      break;
    case TypeKind::kEnum:
    case TypeKind::kInt64: {
      const int64_t v = value.int64();
      const bool wide = v > kExactIntegerMax || v < -kExactIntegerMax;
      const char* const quote = style.wide_as_string && wide ? "\"" : "";
      StrAppend(out, quote, v, quote);
      break;
    }
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      if (style.point || !std::isfinite(value.float64())) {
        AppendJsonFloat64(value.float64(), out);
      } else if (type->Is(TypeKind::kFloat32)) {
        AppendFloat32(static_cast<float>(value.float64()), out);
      } else {
        AppendFloat64(value.float64(), out);
      }
      break;
    case TypeKind::kNumeric:
      return AppendNumber(style, value.wide(), out);
    case TypeKind::kString:
      AppendJsonString(value.str(), out);
      break;
    case TypeKind::kProto:
    case TypeKind::kBytes:
      return AppendQuoted([&] { out->append(absl::Base64Escape(AbslView(value.str()))); }, out);
    case TypeKind::kDate:
      return AppendQuoted([&] { AppendDate(value.int64(), out); }, out);
    case TypeKind::kTimestamp:
      return AppendQuoted([&] { AppendTimestampJson(value.timestamp(), out); }, out);
    case TypeKind::kUuid:
      return AppendQuoted([&] { AppendUuid(value.wide(), out); }, out);
    case TypeKind::kInterval:
      return AppendQuoted([&] { AppendIntervalIso(value.interval(), out); }, out);
    case TypeKind::kJson:
      out->append(value.str());
      break;
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return AppendParts(style, type, value, out);
  }
  return absl::OkStatus();
}

}  // namespace ks::sql
