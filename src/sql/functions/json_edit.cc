// JSON functions that change JSON or compare it: JSON_SET, JSON_REMOVE, JSON_STRIP_NULLS,
// JSON_ARRAY_APPEND, JSON_ARRAY_INSERT, JSON_CONTAINS.
// https://cloud.google.com/spanner/docs/reference/standard-sql/json_functions
#include "sql/functions/errors.h"
#include "sql/functions/json_scan.h"
#include "sql/functions/json_tree.h"
#include "sql/functions/json_writer.h"
#include "sql/functions/lift.h"
#include "sql/functions/limits.h"
#include "sql/functions/table.h"
#include "sql/types/json_text.h"

namespace ks::sql {
namespace {

using Pattern = ArgumentType::Pattern;

// ---- Ways along a path ----

// The member that the step names. With `create`, what is missing is made: null becomes the
// container the step asks for, and an array grows with nulls. Null: there is none, or the value is
// of another kind.
JsonTree* Member(JsonTree& tree, const JsonStep& step, bool create) {
  if (create && tree.kind == JsonTree::Kind::kScalar && tree.scalar == "null") {
    tree.kind = step.is_index ? JsonTree::Kind::kArray : JsonTree::Kind::kObject;
  }
  if (tree.kind == JsonTree::Kind::kObject) {
    if (JsonTree* const found = tree.Field(step.key); found != nullptr) return found;
    if (!create || step.is_index) return nullptr;
    tree.members.emplace_back().key = step.key;
    return &tree.members.back();
  }
  if (tree.kind != JsonTree::Kind::kArray || !step.is_index || step.index < 0) return nullptr;
  const size_t index = static_cast<size_t>(step.index);
  if (index < tree.members.size()) return &tree.members[index];
  if (!create || index >= kJsonArrayEditMax) return nullptr;
  tree.members.resize(index + 1);
  return &tree.members[index];
}

// Whether JSON_SET can do its work: each value on the way is missing, null or of the right kind.
bool CanCreate(JsonTree& tree, const JsonPath& path) {
  JsonTree* at = &tree;
  for (const JsonStep& step : path) {
    if (at->kind == JsonTree::Kind::kScalar) return at->scalar == "null";
    if ((at->kind == JsonTree::Kind::kArray) != step.is_index) {
      return Member(*at, step, false) != nullptr;
    }
    if (step.is_index && static_cast<size_t>(step.index) >= kJsonArrayEditMax) return false;
    at = Member(*at, step, false);
    if (at == nullptr) return true;
  }
  return true;
}

JsonTree* Walk(JsonTree& tree, const JsonPath& path, size_t steps) {
  JsonTree* at = &tree;
  for (size_t i = 0; i < steps && at != nullptr; ++i) at = Member(*at, path[i], false);
  return at;
}

// ---- The operations; one that does not fit the value changes nothing ----

struct Edit {
  const JsonPath& path;
  JsonTree value;
  bool spread;  // the value was a SQL array, whose elements go in one by one
  bool create;
};

void Put(JsonTree& place, JsonTree&& value) {
  value.key = std::move(place.key);
  place = std::move(value);
}

void Set(JsonTree& tree, Edit&& edit) {
  if (edit.create && !CanCreate(tree, edit.path)) return;
  JsonTree* at = &tree;
  for (const JsonStep& step : edit.path) {
    at = Member(*at, step, edit.create);
    if (at == nullptr) return;
  }
  Put(*at, std::move(edit.value));
}

void Insert(JsonTree& array, size_t index, Edit&& edit) {
  if (index > array.members.size()) array.members.resize(index);
  const auto at = array.members.begin() + static_cast<ptrdiff_t>(index);
  if (!edit.spread) {
    array.members.insert(at, std::move(edit.value));
    return;
  }
  auto& more = edit.value.members;
  array.members.insert(at, std::make_move_iterator(more.begin()),
                       std::make_move_iterator(more.end()));
}

// A JSON null may become an array.
JsonTree* ArrayAt(JsonTree* tree) {
  if (tree == nullptr) return nullptr;
  if (tree->IsNull()) tree->kind = JsonTree::Kind::kArray;
  return tree->kind == JsonTree::Kind::kArray ? tree : nullptr;
}

void ArrayAppend(JsonTree& tree, Edit&& edit) {
  JsonTree* const array = ArrayAt(Walk(tree, edit.path, edit.path.size()));
  if (array != nullptr) Insert(*array, array->members.size(), std::move(edit));
}

void ArrayInsert(JsonTree& tree, Edit&& edit) {
  if (edit.path.empty() || !edit.path.back().is_index) return;
  const int64_t index = edit.path.back().index;
  if (index < 0 || static_cast<size_t>(index) >= kJsonArrayEditMax) return;
  JsonTree* const array = ArrayAt(Walk(tree, edit.path, edit.path.size() - 1));
  if (array != nullptr) Insert(*array, static_cast<size_t>(index), std::move(edit));
}

void Remove(JsonTree& tree, const JsonPath& path) {
  JsonTree* const parent = Walk(tree, path, path.size() - 1);
  JsonTree* const member = parent == nullptr ? nullptr : Member(*parent, path.back(), false);
  if (member == nullptr) return;
  parent->members.erase(parent->members.begin() + (member - parent->members.data()));
}

// True when the member is to go from its parent.
bool StripNulls(JsonTree& tree, bool arrays, bool remove_empty) {
  if (tree.kind == JsonTree::Kind::kScalar) return tree.IsNull();
  const bool is_array = tree.kind == JsonTree::Kind::kArray;
  std::erase_if(tree.members, [&](JsonTree& member) {
    return StripNulls(member, arrays, remove_empty) && (!is_array || arrays);
  });
  return remove_empty && tree.members.empty() && (!is_array || arrays);
}

bool SameScalar(const JsonTree& a, const JsonTree& b) {
  if (a.scalar == b.scalar) return true;
  const std::optional<double> x = a.Number();
  return x.has_value() && x == b.Number();
}

bool Contains(const JsonTree& whole, const JsonTree& part) {
  if (whole.kind != part.kind) return false;
  if (whole.kind == JsonTree::Kind::kScalar) return SameScalar(whole, part);
  for (const JsonTree& wanted : part.members) {
    bool found = false;
    for (size_t i = 0; i < whole.members.size() && !found; ++i) {
      const JsonTree& member = whole.members[i];
      found = (whole.kind == JsonTree::Kind::kArray || member.key == wanted.key) &&
              Contains(member, wanted);
    }
    if (!found) return false;
  }
  return true;
}

bool JsonContains(JsonView whole_text, JsonView part_text) {
  const JsonTree whole = ParseJsonTree(whole_text.text);
  const JsonTree part = ParseJsonTree(part_text.text);
  if (Contains(whole, part)) return true;
  if (whole.kind != JsonTree::Kind::kArray || part.kind != JsonTree::Kind::kScalar) return false;
  return std::any_of(whole.members.begin(), whole.members.end(),
                     [&](const JsonTree& member) { return Contains(member, part); });
}

// ---- Kernels: arguments are the JSON, pairs of path and value, perhaps a flag ----

Datum Written(Call& call, uint32_t row, const JsonTree& tree) {
  std::string text;
  tree.Append(&text);
  std::string normal;
  const absl::Status status = AppendNormalizedJson(text, WideNumbers::kRound, &normal);
  if (status.ok()) return Datum::Str(call.context.arena.Copy(normal));
  call.context.Fail(row, status);
  return Datum::Null();
}

// Null when a path is wrong. Each kernel call sees the same paths again and again.
const JsonPath* PathOf(Call& call, uint32_t row, std::string_view text,
                       StringMap<JsonPath>* known) {
  const auto found = known->find(text);
  if (found != known->end()) return &found->second;
  absl::StatusOr<JsonPath> path = ParseJsonPath(text);
  if (path.ok()) return &known->emplace(std::string(text), *std::move(path)).first->second;
  call.context.Fail(row, path.status());
  return nullptr;
}

// The value as JSON; false marks the row.
bool ReadValue(Call& call, uint32_t row, TypeRef type, const Datum& value, JsonTree* tree) {
  std::string text;
  const absl::Status status =
      AppendJson(JsonStyle{.zone = call.context.default_zone}, type, value, &text);
  if (!status.ok()) {
    call.context.Fail(row, status);
    return false;
  }
  *tree = ParseJsonTree(text);
  return true;
}

enum class EditKind : uint8_t { kSet, kAppend, kInsert };

template <EditKind kKind>
void EditKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const size_t count = call.argument_types.size();
  const bool has_flag = count % 2 == 0;
  const size_t pairs_end = has_flag ? count - 1 : count;
  StringMap<JsonPath> paths;
  for (const uint32_t row : rows) {
    out[row] = Datum::Null();
    if (arguments[0].at(row).null()) continue;
    const Datum flag = has_flag ? arguments[count - 1].at(row) : Datum::Bool(true);
    JsonTree tree = ParseJsonTree(arguments[0].at(row).str());
    bool ok = true;
    for (size_t i = 1; i < pairs_end && ok; i += 2) {
      if (arguments[i].at(row).null()) continue;
      const JsonPath* const path = PathOf(call, row, arguments[i].at(row).str(), &paths);
      JsonTree value;
      const TypeRef type = call.argument_types[i + 1];
      const Datum& given = arguments[i + 1].at(row);
      ok = path != nullptr && ReadValue(call, row, type, given, &value);
      if (!ok || flag.null()) continue;
      Edit edit{*path, std::move(value), type->is_array() && !given.null() && flag.bool_value(),
                flag.bool_value()};
      if (kKind == EditKind::kSet) Set(tree, std::move(edit));
      if (kKind == EditKind::kAppend) ArrayAppend(tree, std::move(edit));
      if (kKind == EditKind::kInsert) ArrayInsert(tree, std::move(edit));
    }
    if (ok) out[row] = Written(call, row, tree);
  }
}

void RemoveKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  StringMap<JsonPath> paths;
  for (const uint32_t row : rows) {
    out[row] = Datum::Null();
    if (arguments[0].at(row).null()) continue;
    JsonTree tree = ParseJsonTree(arguments[0].at(row).str());
    bool ok = true;
    for (size_t i = 1; i < call.argument_types.size() && ok; ++i) {
      if (arguments[i].at(row).null()) continue;
      const JsonPath* const path = PathOf(call, row, arguments[i].at(row).str(), &paths);
      ok = path != nullptr && !path->empty();
      if (ok) Remove(tree, *path);
      if (path != nullptr && path->empty()) {
        call.context.Fail(row, OutOfRange("The JSONPath cannot be '$'"));
      }
    }
    if (ok) out[row] = Written(call, row, tree);
  }
}

void StripNullsKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const size_t count = call.argument_types.size();
  StringMap<JsonPath> paths;
  for (const uint32_t row : rows) {
    out[row] = arguments[0].at(row);
    bool any_null = false;
    for (size_t i = 0; i < count; ++i) any_null |= arguments[i].at(row).null();
    if (any_null) continue;
    const JsonPath* const path =
        PathOf(call, row, count > 1 ? arguments[1].at(row).str() : "$", &paths);
    if (path == nullptr) continue;
    const bool arrays = count <= 2 || arguments[2].at(row).bool_value();
    const bool remove_empty = count > 3 && arguments[3].at(row).bool_value();
    JsonTree tree = ParseJsonTree(arguments[0].at(row).str());
    JsonTree* const at = Walk(tree, *path, path->size());
    if (at != nullptr && StripNulls(*at, arrays, remove_empty)) Put(*at, JsonTree());
    out[row] = Written(call, row, tree);
  }
}

// One signature for each number of pairs, so that the flag has a place of its own.
std::vector<Signature> EditSignatures(Kernel kernel, std::string flag) {
  std::vector<Signature> signatures;
  std::vector<ArgumentType> arguments = {Type::Json()};
  for (int pairs = 1; pairs <= kJsonEditPairsMax; ++pairs) {
    arguments.emplace_back(Type::String());
    arguments.emplace_back(Pattern::kAnyType);
    Signature s{.result = Type::Json(), .arguments = arguments};
    s.arguments.emplace_back(Type::Bool());
    s.kernel = kernel;
    s.optional = 1;
    s.nulls = NullHandling::kKernel;
    s.names.resize(s.arguments.size());
    s.names.back() = flag;
    signatures.push_back(std::move(s));
  }
  return signatures;
}

}  // namespace

void AddJsonEdit(FunctionRegistry& table) {
  table.Add("JSON_SET", EditSignatures(&EditKernel<EditKind::kSet>, "create_if_missing"));
  table.Add("JSON_ARRAY_APPEND",
            EditSignatures(&EditKernel<EditKind::kAppend>, "append_each_element"));
  table.Add("JSON_ARRAY_INSERT",
            EditSignatures(&EditKernel<EditKind::kInsert>, "insert_each_element"));
  Signature remove{.result = Type::Json(), .arguments = {Type::Json(), Type::String()}};
  remove.kernel = &RemoveKernel;
  remove.repeated = true;
  remove.nulls = NullHandling::kKernel;
  table.Add("JSON_REMOVE", {std::move(remove)});
  Signature strip{.result = Type::Json(),
                  .arguments = {Type::Json(), Type::String(), Type::Bool(), Type::Bool()}};
  strip.kernel = &StripNullsKernel;
  strip.optional = 3;
  strip.nulls = NullHandling::kKernel;
  strip.names = {"", "", "include_arrays", "remove_empty"};
  strip.defaults = {Value::Null(Type::Json()), Value::String("$"), Value::Bool(true),
                    Value::Bool(false)};
  table.Add("JSON_STRIP_NULLS", {std::move(strip)});
  table.Add("JSON_CONTAINS", {Scalar([](JsonView a, JsonView b) { return JsonContains(a, b); })});
}

}  // namespace ks::sql
