#include "formats/avro_program.h"

#include <map>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

using sql::TypeRef;

class Compiler {
 public:
  explicit Compiler(AvroProgram* program) : program_(*program) {}

  absl::Status CompileRoot(const Schema& columns) {
    const AvroSchema& schema = program_.schema;
    const AvroNode& record = schema.node(schema.root());
    if (record.kind != AvroKind::kRecord)
      return BadAvroSchema(StrCat("expected a record, found ", AvroKindName(record.kind)));
    std::vector<bool> found(columns.size(), false);
    std::vector<AvroLink> links;
    for (size_t i = 0; i < record.children.size(); ++i) {
      AvroLink link;
      size_t column = 0;
      while (column < columns.size() && columns[column].name != record.names[i]) ++column;
      if (column < columns.size()) {
        found[column] = true;
        link.slot = static_cast<int32_t>(column);
        KS_ASSIGN_OR_RETURN(link.step, Value(record.children[i], columns[column].type,
                                             columns[column].not_null, columns[column].name));
      } else {
        KS_ASSIGN_OR_RETURN(link.step, Other(record.children[i], AvroUse::kSkip, record.names[i]));
      }
      links.push_back(link);
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      if (found[i]) continue;
      if (columns[i].not_null) return absl::InvalidArgumentError(FieldLeftSchema(columns[i].name));
      program_.missing.push_back(static_cast<uint32_t>(i));
    }
    program_.root = Add(record, AvroUse::kValue, nullptr, "");
    SetLinks(program_.root, links);
    return absl::OkStatus();
  }

 private:
  uint32_t Add(const AvroNode& node, AvroUse use, TypeRef type, std::string path) {
    AvroStep step{.kind = node.kind, .use = use, .meaning = node.meaning, .type = type};
    step.size = node.size;
    step.names = &node.names;
    step.path = std::move(path);
    program_.steps.push_back(std::move(step));
    return static_cast<uint32_t>(program_.steps.size() - 1);
  }

  void SetLinks(uint32_t step, const std::vector<AvroLink>& links) {
    program_.steps[step].first = static_cast<uint32_t>(program_.links.size());
    program_.steps[step].count = static_cast<uint32_t>(links.size());
    program_.links.insert(program_.links.end(), links.begin(), links.end());
  }

  absl::StatusOr<uint32_t> Value(uint32_t index, TypeRef type, bool not_null, std::string path) {
    if (type->Is(sql::TypeKind::kJson)) return JsonValue(index, not_null, std::move(path));
    const AvroNode& node = program_.schema.node(index);
    Wire wire;
    if (AvroWire(node.kind, &wire)) {
      if (!Converts(wire, node.meaning, type)) return Mismatch(node, type, path);
      return Add(node, AvroUse::kValue, type, std::move(path));
    }
    switch (node.kind) {
      case AvroKind::kNull: {
        const uint32_t step = Add(node, AvroUse::kValue, type, std::move(path));
        program_.steps[step].not_null = not_null;
        return step;
      }
      case AvroKind::kUnion:
        return Union(node, type, not_null, std::move(path));
      case AvroKind::kArray: {
        if (!type->is_array()) return Mismatch(node, type, path);
        KS_ASSIGN_OR_RETURN(const uint32_t element,
                            Value(node.children[0], type->element(), false, StrCat(path, "[]")));
        const uint32_t step = Add(node, AvroUse::kValue, type, std::move(path));
        SetLinks(step, {{element, 0}});
        return step;
      }
      case AvroKind::kRecord:
        return Struct(node, type, std::move(path));
      default:
        return Mismatch(node, type, path);
    }
  }

  // At least one branch that is a value has to fit; a message that has another is an error.
  absl::StatusOr<uint32_t> Union(const AvroNode& node, TypeRef type, bool not_null,
                                 std::string path) {
    std::vector<AvroLink> branches;
    absl::Status refused;
    bool fits = false;
    for (const uint32_t child : node.children) {
      const AvroNode& branch = program_.schema.node(child);
      auto step = Value(child, type, not_null, path);
      if (step.ok()) {
        fits = fits || branch.kind != AvroKind::kNull;
      } else {
        refused.Update(step.status());
        step = Add(branch, AvroUse::kRefuse, type, path);
      }
      branches.push_back({*step, 0});
    }
    if (!fits && !refused.ok()) return refused;
    const uint32_t step = Add(node, AvroUse::kValue, type, std::move(path));
    SetLinks(step, branches);
    return step;
  }

  absl::StatusOr<uint32_t> Struct(const AvroNode& node, TypeRef type, std::string path) {
    if (!type->is_struct()) return Mismatch(node, type, path);
    std::vector<AvroLink> links;
    for (size_t i = 0; i < node.children.size(); ++i) {
      AvroLink link;
      const auto& fields = type->fields();
      size_t field = 0;
      while (field < fields.size() && fields[field].name != node.names[i]) ++field;
      std::string child = StrCat(path, ".", node.names[i]);
      if (field < fields.size()) {
        link.slot = static_cast<int32_t>(field);
        KS_ASSIGN_OR_RETURN(link.step,
                            Value(node.children[i], fields[field].type, false, std::move(child)));
      } else {
        KS_ASSIGN_OR_RETURN(link.step, Other(node.children[i], AvroUse::kSkip, std::move(child)));
      }
      links.push_back(link);
    }
    const uint32_t step = Add(node, AvroUse::kValue, type, std::move(path));
    SetLinks(step, links);
    return step;
  }

  absl::StatusOr<uint32_t> JsonValue(uint32_t index, bool not_null, std::string path) {
    KS_ASSIGN_OR_RETURN(const uint32_t step, Other(index, AvroUse::kJson, path));
    if (!not_null) return step;
    // The same, but NULL is an error: a step of its own, since the other may be shared.
    AvroStep copy = program_.steps[step];
    copy.not_null = true;
    copy.path = std::move(path);
    program_.steps.push_back(std::move(copy));
    return static_cast<uint32_t>(program_.steps.size() - 1);
  }

  // A value of any type, skipped or as JSON; one step per type, however often it occurs.
  absl::StatusOr<uint32_t> Other(uint32_t index, AvroUse use, std::string path) {
    const auto key = std::make_pair(index, use);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    const AvroNode& node = program_.schema.node(index);
    const uint32_t step = Add(node, use, use == AvroUse::kJson ? sql::Type::Json() : nullptr, path);
    known_[key] = step;
    std::vector<AvroLink> links;
    for (const uint32_t child : node.children) {
      KS_ASSIGN_OR_RETURN(const uint32_t compiled, Other(child, use, path));
      links.push_back({compiled, -1});
    }
    SetLinks(step, links);
    return step;
  }

  static absl::Status Mismatch(const AvroNode& node, TypeRef type, std::string_view path) {
    const std::string_view found = node.name.empty() ? AvroKindName(node.kind) : node.name;
    return absl::InvalidArgumentError(SchemaAgainstType(path, found, type));
  }

  AvroProgram& program_;
  std::map<std::pair<uint32_t, AvroUse>, uint32_t> known_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const AvroProgram>> CompileAvro(AvroSchema schema,
                                                               const Schema& columns) {
  auto program = std::make_shared<AvroProgram>();
  program->schema = std::move(schema);
  Compiler compiler(program.get());
  KS_RETURN_IF_ERROR(compiler.CompileRoot(columns));
  return program;
}

}  // namespace ks::formats
