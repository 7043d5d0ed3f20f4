#include "sql/types/type.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ks::sql {

// Owns every type that is made, for ever.
class TypeStore {
 public:
  // Never destroyed, so types outlive everything.
  static TypeStore& Get() {
    static TypeStore& store = *new TypeStore();
    return store;
  }

  TypeStore() {
    for (int kind = 0; kind <= static_cast<int>(TypeKind::kInterval); ++kind) {
      simple_[kind].reset(new Type(static_cast<TypeKind>(kind), nullptr, {}, ""));
    }
  }

  TypeRef Simple(TypeKind kind) const { return simple_[static_cast<int>(kind)].get(); }

  TypeRef Array(TypeRef element) {
    std::lock_guard lock(mu_);
    auto& slot = arrays_[element];
    if (slot == nullptr) slot.reset(new Type(TypeKind::kArray, element, {}, ""));
    return slot.get();
  }

  TypeRef Struct(std::vector<StructField> fields) {
    std::vector<std::pair<std::string, TypeRef>> key;
    key.reserve(fields.size());
    for (const StructField& field : fields) key.emplace_back(field.name, field.type);
    std::lock_guard lock(mu_);
    auto& slot = structs_[std::move(key)];
    if (slot == nullptr) slot.reset(new Type(TypeKind::kStruct, nullptr, std::move(fields), ""));
    return slot.get();
  }

  TypeRef Named(TypeKind kind, std::string_view full_name) {
    std::lock_guard lock(mu_);
    auto& slot = named_[{kind, std::string(full_name)}];
    if (slot == nullptr) slot.reset(new Type(kind, nullptr, {}, std::string(full_name)));
    return slot.get();
  }

 private:
  using TypePtr = std::unique_ptr<const Type>;
  std::array<TypePtr, static_cast<int>(TypeKind::kInterval) + 1>
      simple_;  // constant after construction

  std::mutex mu_;  // guards the maps below
  std::map<TypeRef, TypePtr> arrays_;
  std::map<std::vector<std::pair<std::string, TypeRef>>, TypePtr> structs_;
  std::map<std::pair<TypeKind, std::string>, TypePtr> named_;
};

namespace {

struct NamedKind {
  std::string_view name;
  TypeKind kind;
};
constexpr NamedKind kSimpleNames[] = {
    {"BOOL", TypeKind::kBool},           {"INT64", TypeKind::kInt64},
    {"FLOAT32", TypeKind::kFloat32},     {"FLOAT64", TypeKind::kFloat64},
    {"NUMERIC", TypeKind::kNumeric},     {"STRING", TypeKind::kString},
    {"BYTES", TypeKind::kBytes},         {"DATE", TypeKind::kDate},
    {"TIMESTAMP", TypeKind::kTimestamp}, {"JSON", TypeKind::kJson},
    {"UUID", TypeKind::kUuid},           {"INTERVAL", TypeKind::kInterval},
    {"BOOLEAN", TypeKind::kBool},  // the one alias Spanner has
};

bool IsPlainIdentifier(std::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

void AppendIdentifier(std::string_view name, std::string* out) {
  if (IsPlainIdentifier(name)) {
    out->append(name);
    return;
  }
  out->push_back('`');
  for (char c : name) {
    if (c == '`' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('`');
}

}  // namespace

Type::Type(TypeKind kind, TypeRef element, std::vector<StructField> fields, std::string full_name)
    : kind_(kind),
      element_(element),
      fields_(std::move(fields)),
      full_name_(std::move(full_name)) {}

TypeRef Type::Bool() { return TypeStore::Get().Simple(TypeKind::kBool); }
TypeRef Type::Int64() { return TypeStore::Get().Simple(TypeKind::kInt64); }
TypeRef Type::Float32() { return TypeStore::Get().Simple(TypeKind::kFloat32); }
TypeRef Type::Float64() { return TypeStore::Get().Simple(TypeKind::kFloat64); }
TypeRef Type::Numeric() { return TypeStore::Get().Simple(TypeKind::kNumeric); }
TypeRef Type::String() { return TypeStore::Get().Simple(TypeKind::kString); }
TypeRef Type::Bytes() { return TypeStore::Get().Simple(TypeKind::kBytes); }
TypeRef Type::Date() { return TypeStore::Get().Simple(TypeKind::kDate); }
TypeRef Type::Timestamp() { return TypeStore::Get().Simple(TypeKind::kTimestamp); }
TypeRef Type::Json() { return TypeStore::Get().Simple(TypeKind::kJson); }
TypeRef Type::Uuid() { return TypeStore::Get().Simple(TypeKind::kUuid); }
TypeRef Type::Interval() { return TypeStore::Get().Simple(TypeKind::kInterval); }
TypeRef Type::Array(TypeRef element) { return TypeStore::Get().Array(element); }
TypeRef Type::Struct(std::vector<StructField> fields) {
  return TypeStore::Get().Struct(std::move(fields));
}
TypeRef Type::Proto(std::string_view full_name) {
  return TypeStore::Get().Named(TypeKind::kProto, full_name);
}
TypeRef Type::Enum(std::string_view full_name) {
  return TypeStore::Get().Named(TypeKind::kEnum, full_name);
}

TypeRef Type::FromName(std::string_view name) {
  for (const NamedKind& simple : kSimpleNames) {
    if (absl::EqualsIgnoreCase({simple.name.data(), simple.name.size()},
                               {name.data(), name.size()})) {
      return TypeStore::Get().Simple(simple.kind);
    }
  }
  return nullptr;
}

bool Type::is_numeric() const {
  return kind_ == TypeKind::kInt64 || kind_ == TypeKind::kNumeric || is_floating();
}
bool Type::is_floating() const {
  return kind_ == TypeKind::kFloat32 || kind_ == TypeKind::kFloat64;
}

std::string Type::ToString() const {
  if (is_array()) return "ARRAY<" + element_->ToString() + ">";
  if (kind_ == TypeKind::kProto || kind_ == TypeKind::kEnum) return full_name_;
  if (!is_struct()) return std::string(kSimpleNames[static_cast<int>(kind_)].name);
  std::string text = "STRUCT<";
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) text += ", ";
    if (!fields_[i].name.empty()) {
      AppendIdentifier(fields_[i].name, &text);
      text += ' ';
    }
    text += fields_[i].type->ToString();
  }
  return text + ">";
}

bool Type::SupportsEquality() const {
  if (is_struct()) {
    return std::all_of(fields_.begin(), fields_.end(),
                       [](const StructField& f) { return f.type->SupportsEquality(); });
  }
  return SupportsOrdering();
}

bool Type::SupportsOrdering() const {
  switch (kind_) {
    case TypeKind::kJson:
    case TypeKind::kProto:
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return false;
    default:
      return true;
  }
}

bool Type::SupportsGrouping() const { return SupportsOrdering(); }

}  // namespace ks::sql
