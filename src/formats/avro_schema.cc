#include "formats/avro_schema.h"

#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/string_map.h"
#include "formats/connect_json.h"
#include "formats/errors.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

using nlohmann::json;
using sql::Type;
using sql::TypeRef;

constexpr std::array<std::string_view, 14> kKindNames = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "fixed",   "enum", "array", "map",   "union",  "record"};

struct Logical {
  std::string_view name;
  AvroKind kind;
  MeaningKind meaning;
};
constexpr Logical kLogical[] = {
    {"decimal", AvroKind::kBytes, MeaningKind::kDecimal},
    {"decimal", AvroKind::kFixed, MeaningKind::kDecimal},
    {"uuid", AvroKind::kString, MeaningKind::kUuid},
    {"uuid", AvroKind::kFixed, MeaningKind::kUuid},
    {"date", AvroKind::kInt, MeaningKind::kDate},
    {"time-millis", AvroKind::kInt, MeaningKind::kTimeMillis},
    {"time-micros", AvroKind::kLong, MeaningKind::kTimeMicros},
    {"timestamp-millis", AvroKind::kLong, MeaningKind::kTimestampMillis},
    {"timestamp-micros", AvroKind::kLong, MeaningKind::kTimestampMicros},
    {"timestamp-nanos", AvroKind::kLong, MeaningKind::kTimestampNanos},
    {"local-timestamp-millis", AvroKind::kLong, MeaningKind::kLocalMillis},
    {"local-timestamp-micros", AvroKind::kLong, MeaningKind::kLocalMicros},
    {"local-timestamp-nanos", AvroKind::kLong, MeaningKind::kLocalNanos},
    {"duration", AvroKind::kFixed, MeaningKind::kDuration}};

std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t NumberOf(const json& object, const char* name, int64_t otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

Meaning MeaningOf(const json& object, const AvroNode& node) {
  const int64_t scale = NumberOf(object, "scale", 0);
  const std::string logical = TextOf(object, "logicalType");
  for (const Logical& each : kLogical) {
    if (each.name != logical || each.kind != node.kind) continue;
    const bool sized =
        (each.meaning == MeaningKind::kDuration && node.size != 12) ||
        (each.meaning == MeaningKind::kUuid && node.kind == AvroKind::kFixed && node.size != 16);
    const bool scaled = each.meaning == MeaningKind::kDecimal &&
                        (scale < 0 || scale > NumberOf(object, "precision", 0));
    if (sized || scaled) return {};
    return {each.meaning, each.meaning == MeaningKind::kDecimal ? static_cast<int32_t>(scale) : 0};
  }
  const Meaning connect =
      ConnectMeaning(TextOf(object, "connect.name"), static_cast<int32_t>(scale));
  Wire wire;
  if (connect.none() || !AvroWire(node.kind, &wire)) return {};
  return Converts(wire, connect, NaturalType(wire, connect)) ? connect : Meaning{};
}

}  // namespace

// Reads types into the schema's nodes; names are known from where they are defined.
class AvroSchemaReader {
 public:
  explicit AvroSchemaReader(AvroSchema* schema) : nodes_(schema->nodes_) {}

  absl::StatusOr<uint32_t> ReadText(std::string_view text) {
    json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
    // `string` alone, without quotes, is not JSON, and some registries hand it out.
    if (parsed.is_discarded()) parsed = json(std::string(text));
    return Read(parsed, "", 0);
  }

 private:
  absl::StatusOr<uint32_t> Read(const json& type, const std::string& space, size_t depth) {
    if (depth > kAvroSchemaDepthMax) return BadAvroSchema("types are nested too deeply");
    if (nodes_.size() > kAvroSchemaNodesMax) return BadAvroSchema("it has too many types");
    if (type.is_string()) return ReadName(type.get<std::string>(), space);
    if (type.is_array()) return ReadUnion(type, space, depth);
    if (!type.is_object()) return BadAvroSchema(StrCat("expected a type, found ", type.dump()));
    const auto inner = type.find("type");
    if (inner == type.end()) return BadAvroSchema("a type has no `type`");
    if (!inner->is_string()) return Read(*inner, space, depth + 1);
    const std::string name = inner->get<std::string>();
    if (name == "record" || name == "error") return ReadRecord(type, space, depth);
    if (name == "enum") return ReadEnum(type, space);
    if (name == "fixed") return ReadFixed(type, space);
    if (name == "array") return ReadNested(AvroKind::kArray, type, "items", space, depth);
    if (name == "map") return ReadNested(AvroKind::kMap, type, "values", space, depth);
    KS_ASSIGN_OR_RETURN(const uint32_t index, ReadName(name, space));
    nodes_[index].meaning =
        nodes_[index].name.empty() ? MeaningOf(type, nodes_[index]) : nodes_[index].meaning;
    return index;
  }

  static AvroFieldTerms TermsOf(const json& field) {
    AvroFieldTerms terms;
    if (field.contains("default")) terms.default_value = field["default"].dump();
    const auto aliases = field.find("aliases");
    if (aliases == field.end() || !aliases->is_array()) return terms;
    for (const json& alias : *aliases) {
      if (alias.is_string()) terms.aliases.push_back(alias.get<std::string>());
    }
    return terms;
  }

  uint32_t Add(AvroNode node) {
    nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(nodes_.size() - 1);
  }

  absl::StatusOr<uint32_t> ReadName(const std::string& name, const std::string& space) {
    for (size_t i = 0; i < static_cast<size_t>(AvroKind::kFixed); ++i) {
      if (kKindNames[i] == name) return Add({.kind = static_cast<AvroKind>(i)});
    }
    for (const std::string& full : {space.empty() ? name : StrCat(space, ".", name), name}) {
      if (const auto found = named_.find(full); found != named_.end()) return found->second;
    }
    return BadAvroSchema(StrCat("type `", name, "` is not known"));
  }

  // The full name of a definition; `space` becomes the namespace inside it.
  absl::StatusOr<std::string> Define(const json& type, std::string* space, uint32_t index) {
    std::string name = TextOf(type, "name");
    if (name.empty()) return BadAvroSchema("a record, enum or fixed has no name");
    if (const size_t dot = name.rfind('.'); dot != std::string::npos) {
      *space = name.substr(0, dot);
    } else {
      if (type.contains("namespace")) *space = TextOf(type, "namespace");
      if (!space->empty()) name = StrCat(*space, ".", name);
    }
    if (!named_.try_emplace(name, index).second)
      return BadAvroSchema(StrCat("type `", name, "` is defined twice"));
    return name;
  }

  absl::StatusOr<uint32_t> ReadRecord(const json& type, std::string space, size_t depth) {
    const uint32_t index = Add({.kind = AvroKind::kRecord});
    KS_ASSIGN_OR_RETURN(nodes_[index].name, Define(type, &space, index));
    const auto fields = type.find("fields");
    if (fields == type.end() || !fields->is_array())
      return BadAvroSchema(StrCat("record `", nodes_[index].name, "` has no list of fields"));
    StringSet seen;
    for (const json& field : *fields) {
      const std::string name = field.is_object() ? TextOf(field, "name") : "";
      if (name.empty() || !field.contains("type") || !seen.insert(name).second) {
        return BadAvroSchema(StrCat("a field of record `", nodes_[index].name,
                                    "` has no name or type, or is twice"));
      }
      KS_ASSIGN_OR_RETURN(const uint32_t child, Read(field["type"], space, depth + 1));
      nodes_[index].names.push_back(name);
      nodes_[index].children.push_back(child);
      nodes_[index].terms.push_back(TermsOf(field));
    }
    return index;
  }

  absl::StatusOr<uint32_t> ReadEnum(const json& type, std::string space) {
    const uint32_t index = Add({.kind = AvroKind::kEnum});
    KS_ASSIGN_OR_RETURN(nodes_[index].name, Define(type, &space, index));
    const auto symbols = type.find("symbols");
    if (symbols == type.end() || !symbols->is_array())
      return BadAvroSchema(StrCat("enum `", nodes_[index].name, "` has no list of symbols"));
    for (const json& symbol : *symbols) {
      if (!symbol.is_string()) return BadAvroSchema("a symbol of an enum is no text");
      nodes_[index].names.push_back(symbol.get<std::string>());
    }
    return index;
  }

  absl::StatusOr<uint32_t> ReadFixed(const json& type, std::string space) {
    const uint32_t index = Add({.kind = AvroKind::kFixed});
    KS_ASSIGN_OR_RETURN(nodes_[index].name, Define(type, &space, index));
    const int64_t size = NumberOf(type, "size", -1);
    if (size < 0 || size > kAvroFixedBytesMax)
      return BadAvroSchema(StrCat("fixed `", nodes_[index].name, "` has no size, or a wrong one"));
    nodes_[index].size = static_cast<uint32_t>(size);
    nodes_[index].meaning = MeaningOf(type, nodes_[index]);
    return index;
  }

  absl::StatusOr<uint32_t> ReadNested(AvroKind kind, const json& type, const char* member,
                                      const std::string& space, size_t depth) {
    if (!type.contains(member))
      return BadAvroSchema(StrCat("an ", AvroKindName(kind), " has no `", member, "`"));
    const uint32_t index = Add({.kind = kind});
    KS_ASSIGN_OR_RETURN(const uint32_t child, Read(type[member], space, depth + 1));
    nodes_[index].children.push_back(child);
    return index;
  }

  absl::StatusOr<uint32_t> ReadUnion(const json& type, const std::string& space, size_t depth) {
    const uint32_t index = Add({.kind = AvroKind::kUnion});
    for (const json& branch : type) {
      KS_ASSIGN_OR_RETURN(const uint32_t child, Read(branch, space, depth + 1));
      if (nodes_[child].kind == AvroKind::kUnion) return BadAvroSchema("a union in a union");
      nodes_[index].children.push_back(child);
    }
    return index;
  }

  std::vector<AvroNode>& nodes_;
  StringMap<uint32_t> named_;
};

namespace {

// The natural type of a node; `inside`: the records that it is part of, which it may not repeat.
class NaturalTypes {
 public:
  explicit NaturalTypes(const AvroSchema& schema) : schema_(schema) {}

  TypeRef Of(uint32_t index, bool* nullable) {
    const AvroNode& node = schema_.node(index);
    Wire wire;
    if (AvroWire(node.kind, &wire)) return NaturalType(wire, node.meaning);
    switch (node.kind) {
      case AvroKind::kUnion:
        return OfUnion(node, nullable);
      case AvroKind::kArray: {
        bool unused = false;
        const TypeRef element = Of(node.children[0], &unused);
        return element->is_array() ? Type::Json() : Type::Array(element);
      }
      case AvroKind::kRecord:
        return OfRecord(index, node);
      case AvroKind::kNull:
        *nullable = true;
        return Type::Json();
      default:
        return Type::Json();
    }
  }

 private:
  TypeRef OfUnion(const AvroNode& node, bool* nullable) {
    std::vector<uint32_t> values;
    for (const uint32_t branch : node.children) {
      if (schema_.node(branch).kind == AvroKind::kNull) {
        *nullable = true;
      } else {
        values.push_back(branch);
      }
    }
    return values.size() == 1 ? Of(values[0], nullable) : Type::Json();
  }

  TypeRef OfRecord(uint32_t index, const AvroNode& node) {
    for (const uint32_t outer : inside_) {
      if (outer != index) continue;
      recursive_.insert(index);
      return Type::Json();
    }
    if (inside_.size() >= kAvroStructDepthMax || node.children.empty()) return Type::Json();
    inside_.push_back(index);
    std::vector<sql::StructField> fields;
    for (size_t i = 0; i < node.children.size(); ++i) {
      bool unused = false;
      fields.push_back({node.names[i], Of(node.children[i], &unused)});
    }
    inside_.pop_back();
    if (recursive_.contains(index)) return Type::Json();
    return Type::Struct(std::move(fields));
  }

  const AvroSchema& schema_;
  std::vector<uint32_t> inside_;
  std::set<uint32_t> recursive_;
};

}  // namespace

absl::StatusOr<AvroSchema> AvroSchema::Parse(std::string_view text,
                                             absl::Span<const std::string> references) {
  AvroSchema schema;
  AvroSchemaReader reader(&schema);
  for (const std::string& reference : references)
    KS_RETURN_IF_ERROR(reader.ReadText(reference).status());
  KS_ASSIGN_OR_RETURN(schema.root_, reader.ReadText(text));
  return schema;
}

absl::StatusOr<Schema> AvroSchema::Columns() const {
  const AvroNode& record = nodes_[root_];
  if (record.kind != AvroKind::kRecord)
    return BadAvroSchema(StrCat("expected a record, found ", AvroKindName(record.kind)));
  Schema columns;
  NaturalTypes types(*this);
  for (size_t i = 0; i < record.children.size(); ++i) {
    bool nullable = false;
    const TypeRef type = types.Of(record.children[i], &nullable);
    columns.push_back({record.names[i], type, !nullable});
  }
  return columns;
}

bool AvroWire(AvroKind kind, Wire* wire) {
  switch (kind) {
    case AvroKind::kBool:
      *wire = Wire::kBool;
      return true;
    case AvroKind::kInt:
    case AvroKind::kLong:
      *wire = Wire::kInteger;
      return true;
    case AvroKind::kFloat:
      *wire = Wire::kFloat;
      return true;
    case AvroKind::kDouble:
      *wire = Wire::kDouble;
      return true;
    case AvroKind::kBytes:
    case AvroKind::kFixed:
      *wire = Wire::kBytes;
      return true;
    case AvroKind::kString:
    case AvroKind::kEnum:
      *wire = Wire::kText;
      return true;
    default:
      return false;
  }
}

std::string_view AvroKindName(AvroKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

}  // namespace ks::formats
