#include "pipeline/plan.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/ddl.h"
#include "pipeline/errors.h"
#include "pipeline/plan_internal.h"
#include "sql/parser/error_location.h"

namespace ks::pipeline {
namespace {

using sql::Type;

// May say yes where it is no.
bool Mentions(const PipelineSpec& spec, std::string_view column) {
  const auto in = [column](const SqlText& sql) {
    return absl::StrContains(absl::AsciiStrToLower(sql.text), AbslView(column)) ||
           absl::StrContains(sql.text, '`');  // may spell it in other ways
  };
  return std::any_of(spec.asserts.begin(), spec.asserts.end(),
                     [&](const AssertSpec& each) { return in(each.check); }) ||
         std::any_of(spec.tables.begin(), spec.tables.end(),
                     [&](const TableSpec& each) { return in(each.select); });
}

// What taking back needs of a change event.
bool IsOfBefore(std::string_view name) {
  return name == formats::kDebeziumBefore || name == formats::kDebeziumOp;
}

RecordColumns MakeRecordColumns(const PipelineSpec& spec, const SourceSpec& source) {
  RecordColumns record;
  for (const formats::Field& field : source.key.columns)
    record.columns.push_back({field.name, field.type});
  record.key_columns = static_cast<int>(record.columns.size());
  for (const formats::Field& field : source.value.columns) {
    // A format's own columns cost every record, so they are there when somebody reads them.
    const bool own = field.name.starts_with("_");
    const bool hidden =
        (own && !IsOfBefore(field.name) && !Mentions(spec, field.name)) ||
        std::any_of(source.key.columns.begin(), source.key.columns.end(),
                    [&](const formats::Field& key) { return SameName(key.name, field.name); });
    record.value_columns.push_back(hidden ? -1 : static_cast<int>(record.columns.size()));
    if (!hidden) record.columns.push_back({field.name, field.type, own});
  }
  record.metadata = static_cast<int>(record.columns.size());
  const sql::TypeRef headers =
      Type::Array(Type::Struct({{"name", Type::String()}, {"value", Type::Bytes()}}));
  record.columns.push_back({"_topic", Type::String(), true});
  record.columns.push_back({"_partition", Type::Int64(), true});
  record.columns.push_back({"_offset", Type::Int64(), true});
  record.columns.push_back({"_timestamp", Type::Timestamp(), true});
  record.columns.push_back({"_key", Type::Bytes(), true});
  record.columns.push_back({"_headers", headers, true});
  return record;
}

// `… [at 3:7]` of a message: the place as an offset of `text`, cut off the message.
size_t TakePlace(std::string_view text, std::string* message) {
  const size_t at = message->rfind("[at ");
  if (at == std::string::npos) return 0;
  int line = 0;
  int column = 0;
  const char* const end = message->data() + message->size();
  const auto [colon, error] = std::from_chars(message->data() + at + 4, end, line);
  if (error != std::errc() || colon == end || *colon != ':') return 0;
  std::from_chars(colon + 1, end, column);
  message->resize(at);
  while (!message->empty() && message->back() == ' ') message->pop_back();
  size_t offset = 0;
  for (int i = 1; i < line; ++i) {
    const size_t next = text.find('\n', offset);
    if (next == std::string_view::npos) break;
    offset = next + 1;
  }
  for (int i = 1; i < column && offset < text.size(); ++i) {
    ++offset;
    while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xc0) == 0x80)
      ++offset;
  }
  return offset;
}

absl::Status PlanAssert(const SourceText& file, const AssertSpec& spec, PlannedSource* source) {
  sql::ExpressionOptions options{.columns = source->record.columns, .target = Type::Bool()};
  auto analyzed = sql::AnalyzeExpression(spec.check.text, options);
  if (!analyzed.ok()) return SqlErrorInFile(file, spec.check, analyzed.status());
  source->asserts.push_back({&spec, std::move(analyzed->expr)});
  return absl::OkStatus();
}

// An assertion without `from` is for every source that has its columns; it must be for one.
absl::Status PlanAsserts(const PlanContext& context, std::vector<PlannedSource>* sources) {
  for (const AssertSpec& spec : context.spec.asserts) {
    absl::Status first;
    bool placed = false;
    for (PlannedSource& source : *sources) {
      if (!spec.from.empty() && source.spec->name != spec.from) continue;
      const absl::Status status = PlanAssert(context.file(), spec, &source);
      placed = placed || status.ok();
      first.Update(status);
    }
    if (!placed) return first;
  }
  return absl::OkStatus();
}

// The tables of a pipeline's FROM are its sources.
absl::Status SelectError(const PlanContext& context, const SqlText& sql,
                         const absl::Status& error) {
  constexpr std::string_view kNoTable = "Table not found: ";
  const std::string_view message = View(error.message());
  const std::optional<uint32_t> offset = sql::ErrorOffset(error);
  if (!message.starts_with(kNoTable) || !offset) return SqlErrorInFile(context.file(), sql, error);
  std::vector<std::string> known;
  for (const SourceSpec& source : context.spec.sources) known.push_back(source.name);
  return ErrorInSql(context.file(), sql, *offset,
                    UnknownSource(message.substr(kNoTable.size()), known));
}

absl::Status PlanTables(const PlanContext& context, std::vector<PlannedSource>* sources) {
  std::vector<sql::RecordSource> records;
  for (const PlannedSource& source : *sources)
    records.push_back({source.spec->name, source.record.columns});
  for (const TableSpec& spec : context.spec.tables) {
    auto select = sql::AnalyzeSelect(spec.select.text, records);
    if (!select.ok()) return SelectError(context, spec.select, select.status());
    PlannedSource& source = (*sources)[static_cast<size_t>(select->source)];
    source.tables.emplace_back();
    PlannedTable& table = source.tables.back();
    table.spec = &spec;
    table.select = *std::move(select);
    KS_RETURN_IF_ERROR(PlanTable(context, source, &table));
  }
  return absl::OkStatus();
}

// Where nobody wants the row before a change, it is not decoded.
void FindBefore(const PipelineSpec& spec, PlannedSource* source) {
  const bool taken_back = std::any_of(
      source->tables.begin(), source->tables.end(),
      [](const PlannedTable& table) { return table.aggregate && table.aggregate->takes_back; });
  const formats::Schema& fields = source->spec->value.columns;
  for (size_t i = 0; i < fields.size(); ++i) {
    int& column = source->record.value_columns[i];
    const std::string& name = fields[i].name;
    if (column < 0 || !IsOfBefore(name)) continue;
    if (taken_back) (name == formats::kDebeziumOp ? source->operation : source->before) = column;
    if (!taken_back && !Mentions(spec, name)) column = -1;
  }
}

// A change that is passed over would be missing in what an aggregate over rows states.
absl::Status CheckTakenBack(const PlanContext& context, const PlannedSource& source) {
  const PlannedTable* aggregate = nullptr;
  const PlannedTable* snapshot = nullptr;
  for (const PlannedTable& table : source.tables) {
    if (table.aggregate && table.aggregate->takes_back) aggregate = &table;
    if (table.mode == TableMode::kSnapshot) snapshot = &table;
  }
  if (aggregate == nullptr) return absl::OkStatus();
  const TableSpec& spec = *aggregate->spec;
  const auto check = [&](Policy policy, FilePosition position) -> absl::Status {
    if (policy == Policy::kSkip) return context.file().Error(position, SkippedFromRows(spec.name));
    if (policy == Policy::kDeadLetter && snapshot != nullptr) {
      return context.file().Error(position, DeadLettersBesideRows(spec.name, snapshot->spec->name));
    }
    return absl::OkStatus();
  };
  if (source.spec->value.on_schema_change == SchemaChange::kIgnoreNewFields)
    return context.file().Error(spec.position, IgnoredFieldsOfRows(spec.name));
  for (const PlannedAssert& assertion : source.asserts)
    KS_RETURN_IF_ERROR(check(assertion.spec->otherwise, assertion.spec->check.position));
  return check(context.spec.on_error, spec.position);
}

// How many tables `name` is interleaved in.
int Depth(const TargetSchema* target, std::string_view name) {
  int depth = 0;
  const TargetTable* table = target == nullptr ? nullptr : target->Find(name);
  while (table != nullptr && !table->parent.empty() && depth < 16) {
    ++depth;
    table = target->Find(table->parent);
  }
  return depth;
}

}  // namespace

absl::Status ErrorInSql(const SourceText& file, const SqlText& sql, size_t offset,
                        std::string_view message) {
  size_t end = offset;
  while (end < sql.text.size() &&
         (std::isalnum(static_cast<unsigned char>(sql.text[end])) != 0 || sql.text[end] == '_')) {
    ++end;
  }
  return file.Error(file.Locate(sql.position, sql.text, offset), message,
                    std::max<size_t>(1, end - offset));
}

absl::Status SqlErrorInFile(const SourceText& file, const SqlText& sql, const absl::Status& error) {
  std::string message(View(error.message()));
  const std::optional<uint32_t> known = sql::ErrorOffset(error);
  const size_t offset = known ? *known : TakePlace(sql.text, &message);
  return ErrorInSql(file, sql, offset, message);
}

absl::StatusOr<Plan> MakePlan(const PipelineSpec& spec, const TargetSchema* target) {
  Plan plan;
  plan.spec = &spec;
  for (const SourceSpec& source : spec.sources) {
    plan.sources.emplace_back();
    plan.sources.back().spec = &source;
    plan.sources.back().record = MakeRecordColumns(spec, source);
  }
  const PlanContext context{spec, target, &plan.warnings};
  KS_RETURN_IF_ERROR(PlanAsserts(context, &plan.sources));
  KS_RETURN_IF_ERROR(PlanTables(context, &plan.sources));
  for (PlannedSource& source : plan.sources) {
    FindBefore(spec, &source);
    KS_RETURN_IF_ERROR(CheckTakenBack(context, source));
    source.reads_headers = Mentions(spec, "_headers");  // what a decoder reads is its own affair
    std::stable_sort(source.tables.begin(), source.tables.end(),
                     [&](const PlannedTable& a, const PlannedTable& b) {
                       return Depth(target, a.target.name) < Depth(target, b.target.name);
                     });
    if (source.tables.empty()) plan.warnings.push_back({"", UnusedSource(source.spec->name)});
  }
  PlanDdl(target, &plan);
  return plan;
}

}  // namespace ks::pipeline
