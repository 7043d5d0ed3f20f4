#include "formats/avro_program.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

using sql::TypeRef;

// The reader's schema: the node that a value is resolved against; it may have none.
class Resolution {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit Resolution(std::shared_ptr<const AvroSchema> reader) : reader_(std::move(reader)) {}

  bool known() const { return reader_ != nullptr; }
  uint32_t root() const { return known() ? reader_->root() : kNone; }
  const AvroNode& node(uint32_t index) const { return reader_->node(index); }
  const AvroSchema& schema() const { return *reader_; }

  // What a value that was written as `writer` is to the reader's `index`: that, or its branch of
  // the same kind.
  uint32_t Match(const AvroNode& writer, uint32_t index) const {
    if (index == kNone) return kNone;
    const AvroNode& node = reader_->node(index);
    if (node.kind != AvroKind::kUnion)
      return node.kind == writer.kind || Promotes(writer, node) ? index : kNone;
    for (const uint32_t branch : node.children) {
      const AvroNode& each = reader_->node(branch);
      if (each.kind == writer.kind && Unqualified(each) == Unqualified(writer)) return branch;
    }
    for (const uint32_t branch : node.children) {
      if (Promotes(writer, reader_->node(branch))) return branch;
    }
    return kNone;
  }

  // Strings and bytes are written alike, and each may become the other.
  static bool Promotes(const AvroNode& writer, const AvroNode& reader) {
    return (writer.kind == AvroKind::kString && reader.kind == AvroKind::kBytes) ||
           (writer.kind == AvroKind::kBytes && reader.kind == AvroKind::kString);
  }

  // The field of the reader's record `index`; -1: there is none.
  int Field(uint32_t index, std::string_view name) const {
    if (index == kNone || reader_->node(index).kind != AvroKind::kRecord) return -1;
    const auto& names = reader_->node(index).names;
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
  }

 private:
  static std::string_view Unqualified(const AvroNode& node) {
    return std::string_view(node.name).substr(node.name.rfind('.') + 1);
  }

  const std::shared_ptr<const AvroSchema> reader_;
};

// Where a record's fields go: the columns, or the fields of a STRUCT.
struct Target {
  std::string_view name;
  TypeRef type;
  bool not_null;
};

class Compiler {
 public:
  Compiler(AvroProgram* program, const AvroReading& reading)
      : program_(*program),
        from_(&program->schema),
        reader_(reading.reader),
        unfit_(reading.unfit) {}

  absl::Status CompileRoot(const Schema& columns) {
    const AvroNode& record = from_->node(from_->root());
    if (record.kind != AvroKind::kRecord)
      return BadAvroSchema(StrCat("expected a record, found ", AvroKindName(record.kind)));
    std::vector<Target> targets;
    for (const Field& column : columns)
      targets.push_back({column.name, column.type, column.not_null});
    std::vector<AvroLink> links;
    KS_RETURN_IF_ERROR(Fields(record, reader_.Match(record, reader_.root()), targets, "", &links,
                              &program_.missing));
    for (const uint32_t column : program_.missing) {
      if (columns[column].not_null)
        return absl::InvalidArgumentError(FieldLeftSchema(columns[column].name));
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

  // The writer's field for a target: by its name, or by one that the reader knows it had.
  size_t Source(const AvroNode& record, uint32_t reader, std::string_view name) const {
    const auto at = [&](std::string_view each) {
      return static_cast<size_t>(std::find(record.names.begin(), record.names.end(), each) -
                                 record.names.begin());
    };
    size_t source = at(name);
    const int field = reader_.Field(reader, name);
    if (source < record.names.size() || field < 0) return source;
    for (const std::string& alias :
         reader_.node(reader).terms[static_cast<size_t>(field)].aliases) {
      source = at(alias);
      if (source < record.names.size()) break;
    }
    return source;
  }

  // A link for each field of the writer's record, in its order, and for each default.
  absl::Status Fields(const AvroNode& record, uint32_t reader, const std::vector<Target>& targets,
                      std::string_view path, std::vector<AvroLink>* links,
                      std::vector<uint32_t>* missing) {
    std::vector<int32_t> slots(record.names.size(), -1);
    std::vector<bool> found(targets.size(), false);
    for (size_t i = 0; i < targets.size(); ++i) {
      const size_t source = Source(record, reader, targets[i].name);
      if (source < slots.size() && slots[source] < 0) slots[source] = static_cast<int32_t>(i);
    }
    for (size_t i = 0; i < slots.size(); ++i) {
      AvroLink link;
      if (slots[i] >= 0) {
        const auto slot = static_cast<size_t>(slots[i]);
        const int field = reader_.Field(reader, targets[slot].name);
        const uint32_t expected = field < 0
                                      ? Resolution::kNone
                                      : reader_.node(reader).children[static_cast<size_t>(field)];
        auto step = Value(record.children[i], expected, targets[slot].type, targets[slot].not_null,
                          StrCat(path, targets[slot].name));
        if (!step.ok() && (unfit_ == Unfit::kError || targets[slot].not_null)) return step.status();
        found[slot] = step.ok();
        if (step.ok()) link = {*step, slots[i]};
      }
      if (link.slot < 0) {
        KS_ASSIGN_OR_RETURN(
            link.step, Other(record.children[i], AvroUse::kSkip, StrCat(path, record.names[i])));
      }
      links->push_back(link);
    }
    for (size_t i = 0; i < targets.size(); ++i) {
      if (found[i]) continue;
      KS_ASSIGN_OR_RETURN(const bool otherwise, Default(reader, targets[i], i, path, links));
      if (!otherwise && missing != nullptr) missing->push_back(static_cast<uint32_t>(i));
    }
    return absl::OkStatus();
  }

  // What the reader has for a field that the writer does not know; false: nothing.
  absl::StatusOr<bool> Default(uint32_t reader, const Target& target, size_t slot,
                               std::string_view path, std::vector<AvroLink>* links) {
    const int found = reader_.Field(reader, target.name);
    if (found < 0) return false;
    const AvroNode& record = reader_.node(reader);
    const auto field = static_cast<size_t>(found);
    if (record.terms[field].default_value.empty()) return false;
    KS_ASSIGN_OR_RETURN(std::string bytes, AvroDefault(reader_.schema(), record, field));
    // It is read as a message of the reader's own schema would be.
    const AvroSchema* const writer = std::exchange(from_, &reader_.schema());
    auto inner = Value(record.children[field], record.children[field], target.type, target.not_null,
                       StrCat(path, target.name));
    from_ = writer;
    KS_RETURN_IF_ERROR(inner.status());
    AvroStep step{.use = AvroUse::kDefault, .type = target.type};
    step.first = *inner;
    step.size = static_cast<uint32_t>(program_.defaults.size());
    program_.defaults.push_back(std::move(bytes));
    program_.steps.push_back(std::move(step));
    links->push_back(
        {static_cast<uint32_t>(program_.steps.size() - 1), static_cast<int32_t>(slot)});
    return true;
  }

  absl::StatusOr<uint32_t> Value(uint32_t index, uint32_t reader, TypeRef type, bool not_null,
                                 std::string path) {
    if (type->Is(sql::TypeKind::kJson)) return JsonValue(index, not_null, std::move(path));
    const AvroNode& node = from_->node(index);
    const uint32_t match = reader_.Match(node, reader);
    Wire wire;
    if (AvroWire(node.kind, &wire)) {
      const bool promoted = match != Resolution::kNone && reader_.node(match).kind != node.kind;
      const AvroNode& read = promoted ? reader_.node(match) : node;
      AvroWire(read.kind, &wire);
      if (!Converts(wire, read.meaning, type)) return Mismatch(node, type, path);
      return Add(read, AvroUse::kValue, type, std::move(path));
    }
    switch (node.kind) {
      case AvroKind::kNull: {
        const uint32_t step = Add(node, AvroUse::kValue, type, std::move(path));
        program_.steps[step].not_null = not_null;
        return step;
      }
      case AvroKind::kUnion:
        return Union(node, reader, type, not_null, std::move(path));
      case AvroKind::kArray: {
        if (!type->is_array()) return Mismatch(node, type, path);
        const uint32_t expected =
            match == Resolution::kNone ? match : reader_.node(match).children[0];
        KS_ASSIGN_OR_RETURN(
            const uint32_t element,
            Value(node.children[0], expected, type->element(), false, StrCat(path, "[]")));
        const uint32_t step = Add(node, AvroUse::kValue, type, std::move(path));
        SetLinks(step, {{element, 0}});
        return step;
      }
      case AvroKind::kRecord:
        return Struct(node, match, type, std::move(path));
      default:
        return Mismatch(node, type, path);
    }
  }

  // At least one branch that is a value has to fit; a message that has another is an error.
  absl::StatusOr<uint32_t> Union(const AvroNode& node, uint32_t reader, TypeRef type, bool not_null,
                                 std::string path) {
    std::vector<AvroLink> branches;
    absl::Status refused;
    bool fits = false;
    for (const uint32_t child : node.children) {
      const AvroNode& branch = from_->node(child);
      auto step = Value(child, reader, type, not_null, path);
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

  absl::StatusOr<uint32_t> Struct(const AvroNode& node, uint32_t reader, TypeRef type,
                                  std::string path) {
    if (!type->is_struct()) return Mismatch(node, type, path);
    std::vector<Target> targets;
    for (const sql::StructField& field : type->fields())
      targets.push_back({field.name, field.type, false});
    std::vector<AvroLink> links;
    KS_RETURN_IF_ERROR(Fields(node, reader, targets, StrCat(path, "."), &links, nullptr));
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
    const auto key = std::make_tuple(from_, index, use);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    const AvroNode& node = from_->node(index);
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
  const AvroSchema* from_;  // whose nodes are compiled: the writer's, or for a default the reader's
  const Resolution reader_;
  const Unfit unfit_;
  std::map<std::tuple<const AvroSchema*, uint32_t, AvroUse>, uint32_t> known_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const AvroProgram>> CompileAvro(AvroSchema schema,
                                                               const Schema& columns,
                                                               const AvroReading& reading) {
  auto program = std::make_shared<AvroProgram>();
  program->schema = std::move(schema);
  program->reader = reading.reader;
  Compiler compiler(program.get(), reading);
  KS_RETURN_IF_ERROR(compiler.CompileRoot(columns));
  return program;
}

}  // namespace ks::formats
