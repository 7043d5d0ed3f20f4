// JSON functions that look into JSON: JSON_VALUE, JSON_QUERY, their ARRAY kin, field access, and
// the conversions from JSON to SQL types.
// https://cloud.google.com/spanner/docs/reference/standard-sql/json_functions
#include <cmath>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/json_scan.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"
#include "sql/types/json_text.h"

namespace ks::sql {
namespace {

using Text = std::string_view;
using Pattern = ArgumentType::Pattern;

// ---- The path: parsed once when constant ----
struct PreparedPath {
  absl::StatusOr<JsonPath> path;
};
absl::StatusOr<Prepared> PreparePath(absl::Span<const Value* const> constants) {
  if (constants.size() < 2 || constants[1] == nullptr || constants[1]->null()) return Prepared();
  return Prepared(std::make_shared<const PreparedPath>(
      PreparedPath{ParseJsonPath(constants[1]->datum().str())}));
}

struct PathUser {
  explicit PathUser(Call& call) : prepared(static_cast<const PreparedPath*>(call.prepared)) {}
  const PreparedPath* prepared;
  PreparedPath own{JsonPath()};
  std::string own_text = "$";

  // Null when the path is wrong: the row is marked.
  const JsonPath* Path(Scope& s, std::optional<Text> text) {
    const PreparedPath* path = prepared;
    if (path == nullptr) {
      if (text.value_or("$") != own_text) {
        own_text = std::string(text.value_or("$"));
        own = {ParseJsonPath(own_text)};
      }
      path = &own;
    }
    if (path->path.ok()) [[likely]]
      return &*path->path;
    s.Fail(path->path.status());
    return nullptr;
  }
};

Text RawText(Text v) { return v; }
Text RawText(JsonView v) { return v.text; }

// The SQL text of a scalar; nullopt for null, objects and arrays.
std::optional<Text> ScalarText(Scope& s, Text json) {
  if (json == "null" || json[0] == '{' || json[0] == '[') return std::nullopt;
  if (json[0] == '"') return UnescapeJsonString(json, s.arena());
  return json;
}

template <typename T>
struct JsonValue : PathUser {
  using PathUser::PathUser;
  std::optional<Text> operator()(Scope& s, T json, std::optional<Text> path_text) {
    const JsonPath* const path = Path(s, path_text);
    if (path == nullptr) return std::nullopt;
    const std::optional<Text> found = JsonScanner(RawText(json)).Find(*path);
    if (!found.has_value()) return std::nullopt;
    return ScalarText(s, *found);
  }
};

// A piece of JSON is JSON as it stands; a piece of a STRING becomes compact, and its null SQL's.
std::optional<JsonView> Piece(Scope&, JsonView, Text found) { return JsonView{found}; }
std::optional<Text> Piece(Scope& s, Text, Text found) {
  if (found == "null") return std::nullopt;
  std::string compact;
  AppendCompactJson(found, &compact);
  return s.arena().Copy(compact);
}
template <typename T>
struct JsonQuery : PathUser {
  using PathUser::PathUser;
  std::optional<T> operator()(Scope& s, T json, std::optional<Text> path_text) {
    const JsonPath* const path = Path(s, path_text);
    if (path == nullptr) return std::nullopt;
    const std::optional<Text> found = JsonScanner(RawText(json)).Find(*path);
    if (!found.has_value()) return std::nullopt;
    return Piece(s, json, *found);
  }
};

template <typename T>
struct JsonQueryArray : PathUser {
  using PathUser::PathUser;
  std::vector<Text> elements;
  std::optional<ArrayView<T>> operator()(Scope& s, T json, std::optional<Text> path_text) {
    const JsonPath* const path = Path(s, path_text);
    if (path == nullptr) return std::nullopt;
    const std::optional<Text> found = JsonScanner(RawText(json)).Find(*path);
    elements.clear();
    if (!found.has_value() || !JsonScanner(*found).Elements(&elements)) return std::nullopt;
    Datum* const to = s.arena().template AllocateArray<Datum>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      const Text element = elements[i];
      const bool null = std::is_same_v<T, Text> && element == "null";
      to[i] = null ? Datum::Str("null") : lift::Write(s, Piece(s, json, element));
    }
    return ArrayView<T>{{to, elements.size()}};
  }
};

template <typename T>
struct JsonValueArray : PathUser {
  using PathUser::PathUser;
  std::vector<Text> elements;
  std::optional<ArrayView<Text>> operator()(Scope& s, T json, std::optional<Text> path_text) {
    const JsonPath* const path = Path(s, path_text);
    if (path == nullptr) return std::nullopt;
    const std::optional<Text> found = JsonScanner(RawText(json)).Find(*path);
    elements.clear();
    if (!found.has_value() || !JsonScanner(*found).Elements(&elements)) return std::nullopt;
    Datum* const to = s.arena().template AllocateArray<Datum>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i][0] == '{' || elements[i][0] == '[') return std::nullopt;
      to[i] = lift::Write(s, ScalarText(s, elements[i]));
    }
    return ArrayView<Text>{{to, elements.size()}};
  }
};

// ---- Access by field and element ----
std::optional<JsonView> Field(JsonView json, Text name) {
  const std::optional<Text> found =
      JsonScanner(json.text).Find({JsonStep{.key = std::string(name)}});
  if (!found.has_value()) return std::nullopt;
  return JsonView{*found};
}
std::optional<JsonView> Element(JsonView json, int64_t index) {
  const std::optional<Text> found =
      JsonScanner(json.text).Find({JsonStep{.index = index, .is_index = true}});
  if (!found.has_value()) return std::nullopt;
  return JsonView{*found};
}

Text JsonType(JsonView json) {
  switch (json.text[0]) {
    case '{':
      return "object";
    case '[':
      return "array";
    case '"':
      return "string";
    case 't':
    case 'f':
      return "boolean";
    case 'n':
      return "null";
    default:
      return "number";
  }
}

ArrayView<Text> JsonKeysOf(Scope& s, JsonView json) {
  std::vector<std::pair<Text, Text>> fields;
  JsonScanner(json.text).Fields(&fields);
  Datum* const to = s.arena().AllocateArray<Datum>(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    to[i] = Datum::Str(UnescapeJsonString(fields[i].first, s.arena()));
  }
  return {{to, fields.size()}};
}

std::optional<JsonView> ParseJson(Scope& s, Text text, std::optional<Text> mode) {
  const Text wide = mode.value_or("exact");
  if (wide != "exact" && wide != "round") {
    return s.Fail(
        OutOfRange(StrCat("Invalid `wide_number_mode` specified for PARSE_JSON: ", wide)));
  }
  std::string normal;
  absl::Status status = AppendNormalizedJson(
      text, wide == "exact" ? WideNumbers::kExact : WideNumbers::kRound, &normal);
  if (!status.ok()) {
    return s.Fail(OutOfRange(StrCat("Invalid input to PARSE_JSON: ", View(status.message()))));
  }
  return JsonView{s.arena().Copy(normal)};
}

}  // namespace

void AddJson(FunctionRegistry& table) {
  table.Add("JSON_VALUE", {With(ScalarOf<JsonValue<Text>>(), &PreparePath),
                           With(ScalarOf<JsonValue<JsonView>>(), &PreparePath)});
  table.Add("JSON_QUERY", {With(ScalarOf<JsonQuery<Text>>(), &PreparePath),
                           With(ScalarOf<JsonQuery<JsonView>>(), &PreparePath)});
  table.Add("JSON_QUERY_ARRAY", {With(ScalarOf<JsonQueryArray<Text>>(), &PreparePath),
                                 With(ScalarOf<JsonQueryArray<JsonView>>(), &PreparePath)});
  table.Add("JSON_VALUE_ARRAY", {With(ScalarOf<JsonValueArray<Text>>(), &PreparePath),
                                 With(ScalarOf<JsonValueArray<JsonView>>(), &PreparePath)});
  table.Add("$json_field", {Scalar([](JsonView j, Text name) { return Field(j, name); })});
  table.Add("$json_subscript", {Scalar([](JsonView j, int64_t i) { return Element(j, i); }),
                                Scalar([](JsonView j, Text name) { return Field(j, name); })});
  table.Add("JSON_TYPE", {Scalar([](JsonView j) { return JsonType(j); })});
  table.Add("JSON_KEYS", {Scalar([](Scope& s, JsonView j) { return JsonKeysOf(s, j); })});
  Signature parse =
      Scalar([](Scope& s, Text t, std::optional<Text> m) { return ParseJson(s, t, m); });
  parse.names = {"", "wide_number_mode"};
  table.Add("PARSE_JSON", {std::move(parse)});
}

}  // namespace ks::sql
