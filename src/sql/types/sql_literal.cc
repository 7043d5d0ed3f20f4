#include "sql/types/sql_literal.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

void AppendFloat(TypeRef type, double value, std::string* out) {
  const bool narrow = type->Is(TypeKind::kFloat32);
  if (!std::isfinite(value)) {
    absl::StrAppend(out, "CAST('", std::isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf"),
                    "' AS ", narrow ? "FLOAT32)" : "FLOAT64)");
    return;
  }
  std::string digits;
  if (narrow) {
    AppendFloat32(static_cast<float>(value), &digits);
  } else {
    AppendFloat64(value, &digits);
  }
  if (value == 0 && std::signbit(value)) digits = "-0";
  if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
  absl::StrAppend(out, narrow ? "CAST(" : "", digits, narrow ? " AS FLOAT32)" : "");
}

void AppendEscaped(std::string_view bytes, bool utf8, char quote, std::string* out) {
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      case '\\':
        out->append("\\\\");
        break;
      default:
        if (c == quote) {
          out->push_back('\\');
          out->push_back(c);
        } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
          absl::StrAppendFormat(out, "\\x%02x", byte);
        } else {
          out->push_back(c);
        }
    }
  }
}

void AppendStruct(TypeRef type, const Datum& datum, std::string* out) {
  out->append(type->ToString());
  out->push_back('(');
  for (size_t i = 0; i < type->fields().size(); ++i) {
    if (i > 0) out->append(", ");
    AppendSqlLiteral(type->fields()[i].type, datum.elements()[i], out);
  }
  out->push_back(')');
}

void AppendArray(TypeRef type, const Datum& datum, std::string* out) {
  out->append(type->ToString());
  out->push_back('[');
  bool first = true;
  for (const Datum& element : datum.elements()) {
    if (!first) out->append(", ");
    first = false;
    AppendSqlLiteral(type->element(), element, out);
  }
  out->push_back(']');
}

// The kinds that are written as text between quotes behind a word.
std::string QuotedText(TypeRef type, const Datum& datum) {
  std::string text;
  switch (type->kind()) {
    case TypeKind::kNumeric:
      AppendNumeric(datum.wide(), &text);
      break;
    case TypeKind::kDate:
      AppendDate(datum.int64(), &text);
      break;
    case TypeKind::kTimestamp:
      AppendTimestamp(datum.timestamp(), "UTC", &text);
      break;
    case TypeKind::kUuid:
      AppendUuid(datum.wide(), &text);
      break;
    case TypeKind::kInterval:
      AppendInterval(datum.interval(), &text);
      break;
    default:
      text = datum.str();
      break;  // JSON, PROTO
  }
  return text;
}

}  // namespace

void AppendSqlString(std::string_view text, std::string* out) {
  out->push_back('\'');
  AppendEscaped(text, true, '\'', out);
  out->push_back('\'');
}

void AppendSqlBytes(std::string_view bytes, std::string* out) {
  out->append("b'");
  AppendEscaped(bytes, false, '\'', out);
  out->push_back('\'');
}

void AppendDoubleQuoted(std::string_view text, bool bytes, std::string* out) {
  const bool single =
      text.find('"') != std::string_view::npos && text.find('\'') == std::string_view::npos;
  const char quote = single ? '\'' : '"';
  out->push_back(quote);
  AppendEscaped(text, !bytes, quote, out);
  out->push_back(quote);
}

void AppendEscapedBytes(std::string_view bytes, std::string* out) {
  AppendEscaped(bytes, false, '"', out);
}

void AppendSqlLiteral(TypeRef type, const Datum& datum, std::string* out) {
  if (datum.null()) {
    out->append("NULL");
    return;
  }
  switch (type->kind()) {
    case TypeKind::kBool:
      out->append(datum.bool_value() ? "TRUE" : "FALSE");
      return;
    case TypeKind::kInt64:
      absl::StrAppend(out, datum.int64());
      return;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      AppendFloat(type, datum.float64(), out);
      return;
    case TypeKind::kString:
      AppendSqlString(datum.str(), out);
      return;
    case TypeKind::kBytes:
      AppendSqlBytes(datum.str(), out);
      return;
    case TypeKind::kArray:
      AppendArray(type, datum, out);
      return;
    case TypeKind::kStruct:
      AppendStruct(type, datum, out);
      return;
    case TypeKind::kEnum:
      absl::StrAppend(out, "CAST(", datum.int64(), " AS ", type->full_name(), ")");
      return;
    case TypeKind::kProto:
      out->append("CAST(");
      AppendSqlBytes(datum.str(), out);
      absl::StrAppend(out, " AS ", type->full_name(), ")");
      return;
    case TypeKind::kUuid:
      absl::StrAppend(out, "CAST('", QuotedText(type, datum), "' AS UUID)");
      return;
    case TypeKind::kInterval:
      absl::StrAppend(out, "INTERVAL '", QuotedText(type, datum), "' YEAR TO SECOND");
      return;
    default:
      absl::StrAppend(out, type->ToString(), " ");
      AppendSqlString(QuotedText(type, datum), out);
  }
}

}  // namespace ks::sql
