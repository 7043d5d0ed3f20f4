#include "sql/functions/format_value.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "sql/types/sql_literal.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

// A number in pieces: sign, prefix, digits before the point, the rest.
struct Digits {
  bool negative = false;
  std::string prefix;
  std::string whole;
  std::string rest;
};

// Inserts `separator` between groups of `size`, from the right.
std::string Grouped(std::string_view digits, size_t size, char separator) {
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % size == 0) out += separator;
    out += digits[i];
  }
  return out;
}

void AppendDigits(const Digits& digits, const NumberStyle& style, bool zeros, std::string* out) {
  std::string head = digits.negative ? "-" : style.plus ? "+" : style.space ? " " : "";
  head += digits.prefix;
  const int64_t size = static_cast<int64_t>(head.size() + digits.whole.size() + digits.rest.size());
  const size_t missing = static_cast<size_t>(std::max<int64_t>(0, style.width - size));
  const bool zero_fill = zeros && style.zeros && !style.left;
  if (!style.left && !zero_fill) out->append(missing, ' ');
  *out += head;
  if (zero_fill) out->append(missing, '0');
  *out += digits.whole;
  *out += digits.rest;
  if (style.left) out->append(missing, ' ');
}

void AppendInteger(char specifier, const NumberStyle& style, int64_t value, std::string* out) {
  Digits digits;
  digits.negative = value < 0;
  const uint64_t magnitude =
      value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const char* conversion = specifier == 'o'   ? "%lo"
                           : specifier == 'x' ? "%lx"
                           : specifier == 'X' ? "%lX"
                                              : "%lu";
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), conversion, static_cast<unsigned long>(magnitude));
  digits.whole = buffer;
  const int missing = style.precision - static_cast<int>(digits.whole.size());
  if (missing > 0) digits.whole.insert(0, static_cast<size_t>(missing), '0');
  const bool decimal = specifier == 'd' || specifier == 'i';
  if (style.groups) {
    digits.whole = decimal ? Grouped(digits.whole, 3, ',') : Grouped(digits.whole, 4, ':');
  }
  if (style.alternate && magnitude != 0) {
    if (specifier == 'x') digits.prefix = "0x";
    if (specifier == 'X') digits.prefix = "0X";
    if (specifier == 'o') digits.prefix = "0";
  }
  AppendDigits(digits, style, style.precision < 0, out);
}

void AppendFraction(Digits digits, std::string_view text, const NumberStyle& style,
                    std::string* out) {
  const size_t whole = std::min(text.find_first_not_of("0123456789"), text.size());
  digits.whole = text.substr(0, whole);
  digits.rest = text.substr(whole);
  if (style.groups) digits.whole = Grouped(digits.whole, 3, ',');
  AppendDigits(digits, style, true, out);
}

void AppendFloat(char specifier, const NumberStyle& style, double value, std::string* out) {
  Digits digits;
  digits.negative = std::signbit(value) && !std::isnan(value);
  if (!std::isfinite(value)) {
    digits.whole = std::isnan(value) ? "nan" : "inf";
    if (absl::ascii_isupper(specifier)) digits.whole = absl::AsciiStrToUpper(digits.whole);
    return AppendDigits(digits, style, false, out);
  }
  const char format[] = {'%', '#', '.', '*', specifier, 0};
  const char plain[] = {'%', '.', '*', specifier, 0};
  const int precision = style.precision < 0 ? 6 : style.precision;
  const char* used = style.alternate ? format : plain;
  const double magnitude = std::fabs(value);
  std::string text(static_cast<size_t>(std::snprintf(nullptr, 0, used, precision, magnitude)) + 1,
                   0);
  std::snprintf(text.data(), text.size(), used, precision, magnitude);
  text.pop_back();
  AppendFraction(std::move(digits), text, style, out);
}

// ---- NUMERIC: exact, as digits and a power of ten ----

constexpr int kNumericScale = 9;

std::string MagnitudeText(Int128 scaled) {
  unsigned __int128 rest =
      scaled < 0 ? -static_cast<unsigned __int128>(scaled) : static_cast<unsigned __int128>(scaled);
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  return text;
}

// The first `keep` digits of `digits`, rounded half away from zero; may become one longer.
std::string Rounded(std::string digits, size_t keep) {
  if (keep >= digits.size()) return digits + std::string(keep - digits.size(), '0');
  const bool up = digits[keep] >= '5';
  digits.resize(keep);
  if (!up) return digits;
  for (size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  return "1" + digits;
}

std::string Fixed(Int128 scaled, int precision, bool point) {
  std::string digits = MagnitudeText(scaled);
  if (digits.size() <= kNumericScale) digits.insert(0, kNumericScale + 1 - digits.size(), '0');
  const size_t whole = digits.size() - kNumericScale;
  digits = Rounded(digits, whole + static_cast<size_t>(precision));
  const size_t places = static_cast<size_t>(precision);
  std::string text = digits.substr(0, digits.size() - places);
  if (places > 0 || point) text += '.';
  return text + digits.substr(digits.size() - places);
}

// The exponent of the first digit after rounding to `precision` places behind it.
std::string Scientific(Int128 scaled, int precision, bool point, int* exponent) {
  std::string digits = MagnitudeText(scaled);
  *exponent = scaled == 0 ? 0 : static_cast<int>(digits.size()) - 1 - kNumericScale;
  const size_t keep = static_cast<size_t>(precision) + 1;
  digits = Rounded(digits, keep);
  if (digits.size() > keep) {
    ++*exponent;
    digits.resize(keep);
  }
  std::string text = digits.substr(0, 1);
  if (precision > 0 || point) text += '.';
  text += digits.substr(1);
  char power[16];
  std::snprintf(power, sizeof(power), "e%c%02d", *exponent < 0 ? '-' : '+', std::abs(*exponent));
  return text + power;
}

void StripZeros(std::string* text) {
  const size_t e = std::min(text->find('e'), text->size());
  const std::string power = text->substr(e);
  std::string head = text->substr(0, e);
  if (head.find('.') != std::string::npos) {
    while (head.back() == '0') head.pop_back();
    if (head.back() == '.') head.pop_back();
  }
  *text = head + power;
}

void AppendNumericNumber(char specifier, const NumberStyle& style, Int128 scaled,
                         std::string* out) {
  const char kind = absl::ascii_tolower(specifier);
  int precision = style.precision < 0 ? 6 : style.precision;
  int exponent = 0;
  std::string text;
  if (kind == 'f') {
    text = Fixed(scaled, precision, style.alternate);
  } else if (kind == 'e') {
    text = Scientific(scaled, precision, style.alternate, &exponent);
  } else {
    precision = std::max(precision, 1);
    text = Scientific(scaled, precision - 1, style.alternate, &exponent);
    if (exponent >= -4 && exponent < precision) {
      text = Fixed(scaled, precision - 1 - exponent, style.alternate);
    }
    if (!style.alternate) StripZeros(&text);
  }
  if (absl::ascii_isupper(specifier)) absl::AsciiStrToUpper(&text);
  Digits digits;
  digits.negative = scaled < 0;
  AppendFraction(std::move(digits), text, style, out);
}

// ---- Values ----

void AppendFloatValue(TypeRef type, double v, bool literal, std::string* out) {
  std::string text;
  if (type->Is(TypeKind::kFloat32)) {
    AppendFloat32(static_cast<float>(v), &text);
  } else {
    AppendFloat64(v, &text);
  }
  if (!std::isfinite(v)) {
    *out += literal ? StrCat("CAST(\"", text, "\" AS ", type->ToString(), ")") : text;
    return;
  }
  if (v == 0 && std::signbit(v)) text = "-0";
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  *out += text;
}

void AppendElements(TypeRef type, const Datum& value, bool literal, std::string* out) {
  const bool array = type->is_array();
  if (!array && literal && value.elements().size() < 2) *out += "STRUCT";
  *out += array ? '[' : '(';
  for (size_t i = 0; i < value.elements().size(); ++i) {
    if (i > 0) *out += ", ";
    AppendFormattedValue(array ? type->element() : type->fields()[i].type, value.elements()[i],
                         literal, out);
  }
  *out += array ? ']' : ')';
}

// The types whose literal is a word and quoted text.
void AppendWordAndText(TypeRef type, std::string_view text, bool literal, std::string* out) {
  if (!literal) {
    *out += text;
    return;
  }
  if (type->Is(TypeKind::kUuid)) {
    StrAppend(out, "CAST(\"", text, "\" AS UUID)");
    return;
  }
  StrAppend(out, type->ToString(), " ");
  AppendDoubleQuoted(text, false, out);
  if (type->Is(TypeKind::kInterval)) *out += " YEAR TO SECOND";
}

}  // namespace

void AppendFormattedNumber(char specifier, const NumberStyle& style, TypeRef type,
                           const Datum& value, std::string* out) {
  if (type->Is(TypeKind::kInt64)) return AppendInteger(specifier, style, value.int64(), out);
  if (type->Is(TypeKind::kNumeric)) {
    return AppendNumericNumber(specifier, style, value.wide(), out);
  }
  AppendFloat(specifier, style, value.float64(), out);
}

void AppendFormattedValue(TypeRef type, const Datum& value, bool literal, std::string* out) {
  if (value.null()) {
    *out += "NULL";
    return;
  }
  std::string text;
  switch (type->kind()) {
    case TypeKind::kBool:
      *out += value.bool_value() ? "true" : "false";
      return;
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      StrAppend(out, value.int64());
      return;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return AppendFloatValue(type, value.float64(), literal, out);
    case TypeKind::kString:
      if (literal) return AppendDoubleQuoted(value.str(), false, out);
      *out += value.str();
      return;
    case TypeKind::kBytes:
    case TypeKind::kProto:
      if (!literal) return AppendEscapedBytes(value.str(), out);
      *out += 'b';
      return AppendDoubleQuoted(value.str(), true, out);
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return AppendElements(type, value, literal, out);
    case TypeKind::kNumeric:
      AppendNumeric(value.wide(), &text);
      break;
    case TypeKind::kDate:
      AppendDate(value.int64(), &text);
      break;
    case TypeKind::kTimestamp:
      AppendTimestamp(value.timestamp(), "UTC", &text);
      break;
    case TypeKind::kUuid:
      AppendUuid(value.wide(), &text);
      break;
    case TypeKind::kInterval:
      AppendInterval(value.interval(), &text);
      break;
    case TypeKind::kJson:
      text = value.str();
      break;
  }
  AppendWordAndText(type, text, literal, out);
}

}  // namespace ks::sql
