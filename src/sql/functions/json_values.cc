// Between JSON and SQL values: INT64(json) and its strict kin, LAX_…, TO_JSON, JSON_OBJECT,
// JSON_ARRAY. https://cloud.google.com/spanner/docs/reference/standard-sql/json_functions
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/json_scan.h"
#include "sql/functions/json_writer.h"
#include "sql/functions/lift.h"
#include "sql/functions/numeric_math.h"
#include "sql/functions/table.h"
#include "sql/types/json_text.h"

namespace ks::sql {
namespace {

using Text = std::string_view;
using Pattern = ArgumentType::Pattern;

bool IsNumber(Text json) { return json[0] == '-' || (json[0] >= '0' && json[0] <= '9'); }
double NumberOf(Text json) {
  double v = 0;
  std::from_chars(json.data(), json.data() + json.size(), v);
  return v;
}
std::optional<int64_t> Int64OfNumber(Text json) {
  int64_t v = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), v);
  if (error == std::errc() && end == json.data() + json.size()) return v;
  const double d = NumberOf(json);
  if (d != std::trunc(d) || d < -9223372036854775808.0 || d >= 9223372036854775808.0) {
    return std::nullopt;
  }
  return static_cast<int64_t>(d);
}

absl::Status NotA(Text what) { return OutOfRange(StrCat("The provided JSON input is not ", what)); }

// ---- Strict conversions ----
std::optional<bool> StrictBool(Scope& s, Text json) {
  if (json == "true") return true;
  if (json == "false") return false;
  return s.Fail(NotA("a boolean"));
}
std::optional<int64_t> StrictInt64(Scope& s, Text json) {
  if (!IsNumber(json)) return s.Fail(NotA("an integer"));
  const std::optional<int64_t> v = Int64OfNumber(json);
  if (v.has_value()) return v;
  if (json.find_first_not_of("-0123456789") == Text::npos) return s.Fail(NotA("an integer"));
  return s.Fail(
      OutOfRange(StrCat("The provided JSON number: ", json, " cannot be converted to an int64")));
}
std::optional<double> StrictFloat64(Scope& s, Text json, std::optional<Text> mode) {
  const Text wide = mode.value_or("round");
  if (wide != "round" && wide != "exact") {
    return s.Fail(OutOfRange(StrCat("Invalid `wide_number_mode` specified: ", wide)));
  }
  if (!IsNumber(json)) return s.Fail(NotA("a number"));
  const double v = NumberOf(json);
  uint64_t whole = 0;  // of integers below 2^64; others are doubles already
  const Text digits = json.substr(json[0] == '-' ? 1 : 0);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  const bool integer = error == std::errc() && end == digits.data() + digits.size();
  const bool exact = !integer || static_cast<Int128>(std::fabs(v)) == static_cast<Int128>(whole);
  if (wide == "exact" && !exact) {
    return s.Fail(OutOfRange(StrCat("JSON number: ", json,
                                    " cannot be converted to FLOAT64 without loss of precision")));
  }
  return v;
}
std::optional<float> StrictFloat32(Scope& s, Text json) {
  if (!IsNumber(json)) return s.Fail(NotA("a number"));
  return static_cast<float>(NumberOf(json));
}
std::optional<Text> StrictString(Scope& s, Text json) {
  if (json[0] == '"') return UnescapeJsonString(json, s.arena());
  return s.Fail(NotA("a string"));
}

template <typename T, typename Convert>
std::optional<ArrayView<T>> StrictArray(Scope& s, JsonView json, Convert convert) {
  std::vector<Text> elements;
  if (!JsonScanner(json.text).Elements(&elements)) return s.Fail(NotA("an array"));
  Datum* const to = s.arena().AllocateArray<Datum>(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    std::optional<T> v = convert(s, elements[i]);
    if (!v.has_value()) return std::nullopt;
    to[i] = SqlType<T>::Write(*v, s.arena());
  }
  return ArrayView<T>{{to, elements.size()}};
}

void AddStrict(FunctionRegistry& table) {
  table.Add("BOOL", {Scalar([](Scope& s, JsonView j) { return StrictBool(s, j.text); })});
  table.Add("INT64", {Scalar([](Scope& s, JsonView j) { return StrictInt64(s, j.text); })});
  Signature float64 = Scalar([](Scope& s, JsonView j, std::optional<Text> mode) {
    return StrictFloat64(s, j.text, mode);
  });
  float64.names = {"", "wide_number_mode"};
  table.Add("FLOAT64", {std::move(float64)});
  table.Add("FLOAT32", {Scalar([](Scope& s, JsonView j) { return StrictFloat32(s, j.text); })});
  table.Extend("STRING", {Scalar([](Scope& s, JsonView j) { return StrictString(s, j.text); })});
  table.Add("BOOL_ARRAY",
            {Scalar([](Scope& s, JsonView j) { return StrictArray<bool>(s, j, &StrictBool); })});
  table.Add(
      "INT64_ARRAY",
      {Scalar([](Scope& s, JsonView j) { return StrictArray<int64_t>(s, j, &StrictInt64); })});
  table.Add("FLOAT64_ARRAY", {Scalar([](Scope& s, JsonView j) {
              return StrictArray<double>(
                  s, j, [](Scope& t, Text e) { return StrictFloat64(t, e, std::nullopt); });
            })});
  table.Add(
      "FLOAT32_ARRAY",
      {Scalar([](Scope& s, JsonView j) { return StrictArray<float>(s, j, &StrictFloat32); })});
  table.Add("STRING_ARRAY",
            {Scalar([](Scope& s, JsonView j) { return StrictArray<Text>(s, j, &StrictString); })});
}

// ---- LAX_…: NULL where there is no conversion ----
std::optional<double> LaxFloat64(Scope& s, JsonView json) {
  if (IsNumber(json.text)) return NumberOf(json.text);
  if (json.text[0] != '"') return std::nullopt;
  absl::StatusOr<double> v = ParseFloat64(UnescapeJsonString(json.text, s.arena()));
  if (!v.ok()) return std::nullopt;
  return *v;
}
std::optional<int64_t> RoundedInt64(double v) {
  const double rounded = std::round(v);
  if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0)) return std::nullopt;
  return static_cast<int64_t>(rounded);
}
std::optional<int64_t> LaxInt64(Scope& s, JsonView json) {
  if (json.text == "true") return 1;
  if (json.text == "false") return 0;
  if (IsNumber(json.text)) {
    const std::optional<int64_t> v = Int64OfNumber(json.text);
    return v.has_value() ? v : RoundedInt64(NumberOf(json.text));
  }
  if (json.text[0] != '"') return std::nullopt;
  const Text text = UnescapeJsonString(json.text, s.arena());
  absl::StatusOr<int64_t> whole = ParseInt64(text);
  if (whole.ok()) return *whole;
  absl::StatusOr<double> v = ParseFloat64(text);
  if (!v.ok()) return std::nullopt;
  return RoundedInt64(*v);
}
std::optional<bool> LaxBool(Scope& s, JsonView json) {
  if (json.text == "true") return true;
  if (json.text == "false") return false;
  if (IsNumber(json.text)) return NumberOf(json.text) != 0;
  if (json.text[0] != '"') return std::nullopt;
  const std::string lower =
      absl::AsciiStrToLower(AbslView(UnescapeJsonString(json.text, s.arena())));
  if (lower == "true") return true;
  if (lower == "false") return false;
  return std::nullopt;
}
std::optional<Text> LaxString(Scope& s, JsonView json) {
  if (json.text[0] == '{' || json.text[0] == '[' || json.text == "null") return std::nullopt;
  if (json.text[0] == '"') return UnescapeJsonString(json.text, s.arena());
  return json.text;
}

// ---- TO_JSON, TO_JSON_STRING, JSON_OBJECT, JSON_ARRAY ----
Datum Finished(Call& call, uint32_t row, absl::Status status, const std::string& text) {
  std::string normal;
  if (status.ok()) status = AppendNormalizedJson(text, WideNumbers::kRound, &normal);
  if (status.ok()) return Datum::Str(call.context.arena.Copy(normal));
  call.context.Fail(row, std::move(status));
  return Datum::Null();
}

void ToJsonKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    JsonStyle style{.zone = call.context.default_zone};
    if (call.argument_types.size() > 1) {
      const Datum& flag = arguments[1].at(row);
      style.wide_as_string = !flag.null() && flag.bool_value();
    }
    std::string text;
    absl::Status status = AppendJson(style, call.argument_types[0], arguments[0].at(row), &text);
    out[row] = Finished(call, row, std::move(status), text);
  }
}
void ToJsonStringKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    const JsonStyle style{
        .zone = call.context.default_zone, .wide_as_string = true, .point = false};
    std::string text;
    absl::Status status = AppendJson(style, call.argument_types[0], arguments[0].at(row), &text);
    const bool pretty = call.argument_types.size() > 1 && !arguments[1].at(row).null() &&
                        arguments[1].at(row).bool_value();
    if (!status.ok()) {
      call.context.Fail(row, std::move(status));
      out[row] = Datum::Null();
      continue;
    }
    std::string indented;
    if (pretty) AppendPrettyJson(text, &indented);
    out[row] = Datum::Str(call.context.arena.Copy(pretty ? indented : text));
  }
}

void JsonArrayKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const JsonStyle style{.zone = call.context.default_zone};
  for (const uint32_t row : rows) {
    std::string text = "[";
    absl::Status status;
    for (size_t i = 0; i < call.argument_types.size() && status.ok(); ++i) {
      if (i > 0) text += ',';
      status = AppendJson(style, call.argument_types[i], arguments[i].at(row), &text);
    }
    out[row] = Finished(call, row, std::move(status), text + "]");
  }
}

void JsonObjectOfArraysKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const JsonStyle style{.zone = call.context.default_zone};
  const TypeRef value_type = call.argument_types[1]->element();
  for (const uint32_t row : rows) {
    const bool no_keys = arguments[0].at(row).null();
    if (no_keys || arguments[1].at(row).null()) {
      call.context.Fail(
          row, OutOfRange(StrCat("Invalid input to JSON_OBJECT: The ", no_keys ? "keys" : "values",
                                 " array cannot be NULL")));
      out[row] = Datum::Null();
      continue;
    }
    const auto keys = arguments[0].at(row).elements();
    const auto values = arguments[1].at(row).elements();
    std::string text = "{";
    absl::Status status;
    if (keys.size() != values.size()) {
      status = OutOfRange("Invalid input to JSON_OBJECT: The number of keys and values must match");
    }
    for (size_t i = 0; i < keys.size() && status.ok(); ++i) {
      if (keys[i].null()) {
        status = OutOfRange("Invalid input to JSON_OBJECT: A key cannot be NULL");
        break;
      }
      if (i > 0) text += ',';
      AppendJsonString(keys[i].str(), &text);
      text += ':';
      status = AppendJson(style, value_type, values[i], &text);
    }
    out[row] = Finished(call, row, std::move(status), text + "}");
  }
}

// JSON_OBJECT(key, value, …); of equal keys the first counts.
void JsonObjectKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  if (call.argument_types.size() == 2 && call.argument_types[0]->is_array()) {
    return JsonObjectOfArraysKernel(call, rows, arguments, out);
  }
  const JsonStyle style{.zone = call.context.default_zone};
  for (const uint32_t row : rows) {
    std::string text = "{";
    absl::Status status;
    for (size_t i = 0; i + 1 < call.argument_types.size() && status.ok(); i += 2) {
      const Datum& key = arguments[i].at(row);
      if (key.null()) {
        status = OutOfRange("Invalid input to JSON_OBJECT: A key cannot be NULL");
        break;
      }
      if (i > 0) text += ',';
      AppendJsonString(key.str(), &text);
      text += ':';
      status = AppendJson(style, call.argument_types[i + 1], arguments[i + 1].at(row), &text);
    }
    out[row] = Finished(call, row, std::move(status), text + "}");
  }
}
absl::StatusOr<Prepared> PrepareJsonObject(absl::Span<const Value* const> constants) {
  if (constants.size() % 2 == 0) return Prepared();
  return absl::InvalidArgumentError("JSON_OBJECT needs a value for each key");
}

Signature Builder(TypeRef result, std::vector<ArgumentType> arguments, Kernel kernel, int optional,
                  NullHandling nulls = NullHandling::kKernel) {
  Signature s{.result = result, .arguments = std::move(arguments)};
  s.kernel = kernel;
  s.optional = optional;
  s.nulls = nulls;
  return s;
}

}  // namespace

void AddJsonValues(FunctionRegistry& table) {
  AddStrict(table);
  table.Add("LAX_BOOL", {Scalar([](Scope& s, JsonView j) { return LaxBool(s, j); })});
  table.Add("LAX_INT64", {Scalar([](Scope& s, JsonView j) { return LaxInt64(s, j); })});
  table.Add("LAX_FLOAT64", {Scalar([](Scope& s, JsonView j) { return LaxFloat64(s, j); })});
  table.Add("LAX_STRING", {Scalar([](Scope& s, JsonView j) { return LaxString(s, j); })});
  Signature to_json = Builder(Type::Json(), {Pattern::kAny1, Type::Bool()}, &ToJsonKernel, 1);
  to_json.names = {"", "stringify_wide_numbers"};
  table.Add("TO_JSON", {std::move(to_json)});
  table.Add("TO_JSON_STRING",
            {Builder(Type::String(), {Type::Json(), Type::Bool()}, &ToJsonStringKernel, 1)});
  Signature array = Builder(Type::Json(), {Pattern::kAnyType}, &JsonArrayKernel, 0);
  array.repeated = true;
  table.Add("JSON_ARRAY", {Builder(Type::Json(), {}, &JsonArrayKernel, 0), std::move(array)});
  Signature object = Builder(Type::Json(), {Pattern::kAnyType}, &JsonObjectKernel, 0);
  object.repeated = true;
  object.prepare = &PrepareJsonObject;
  table.Add("JSON_OBJECT",
            {Builder(Type::Json(), {}, &JsonObjectKernel, 0),
             Builder(Type::Json(), {Type::Array(Type::String()), Pattern::kArrayOfAny1},
                     &JsonObjectOfArraysKernel, 0),
             std::move(object)});
}

}  // namespace ks::sql
