// One table of a plan: its SELECT against the target's columns, its keys, its mutations.
#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/nearest_name.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/plan_internal.h"

namespace ks::pipeline {
namespace {

using Output = sql::AnalyzedSelect::Output;

class TablePlanner {
 public:
  TablePlanner(const PlanContext& context, const PlannedSource& source, PlannedTable* table)
      : context_(context), source_(source), table_(*table), spec_(*table->spec) {}

  absl::Status Run() {
    KS_RETURN_IF_ERROR(ChooseMode());
    if (const TargetTable* existing = Existing(spec_.name);
        existing != nullptr && existing->view && table_.mode != TableMode::kAggregate) {
      return AtTable(TargetIsView(spec_.name));
    }
    KS_RETURN_IF_ERROR(CheckOutputs());
    if (table_.mode == TableMode::kAggregate) return PlanAggregate();
    KS_RETURN_IF_ERROR(FindTarget());
    KS_RETURN_IF_ERROR(BindOutputs());
    KS_RETURN_IF_ERROR(OrderColumns());
    FindTombstoneKey();
    KS_RETURN_IF_ERROR(Align());
    return absl::OkStatus();
  }

 private:
  absl::Status AtTable(std::string_view message) const {
    return context_.file().Error(spec_.position, message, spec_.name.size());
  }
  absl::Status AtOutput(const Output& output, std::string_view message) const {
    return ErrorInSql(context_.file(), spec_.select, output.position, message);
  }
  const TargetTable* Existing(std::string_view name) const {
    return context_.target == nullptr ? nullptr : context_.target->Find(name);
  }
  void Warn(std::string text) { context_.warnings->push_back({spec_.name, std::move(text)}); }

  absl::Status ChooseMode() {
    const bool grouped = table_.select.grouped;
    table_.mode = spec_.mode.value_or(grouped ? TableMode::kAggregate : TableMode::kSnapshot);
    if (grouped != (table_.mode == TableMode::kAggregate))
      return AtTable(ModeAgainstGroupBy(ModeName(table_.mode), grouped));
    const Format format = source_.spec->value.format;
    if (spec_.over && (!grouped || format != Format::kDebezium))
      return AtTable(OverWithoutChanges(ModeName(table_.mode), FormatName(format)));
    if (spec_.merge == Merge::kTransaction) return AtTable(NotYet("`merge: transaction`"));
    if (!spec_.order_by.empty()) {
      return context_.file().Error(spec_.order_by_position, NotYet("`order_by`"),
                                   spec_.order_by.size());
    }
    return absl::OkStatus();
  }

  absl::Status CheckOutputs() {
    for (size_t i = 0; i < table_.select.output.size(); ++i) {
      const Output& output = table_.select.output[i];
      if (output.name.empty()) return AtOutput(output, UnnamedOutput());
      for (size_t j = 0; j < i; ++j) {
        if (SameName(table_.select.output[j].name, output.name))
          return AtOutput(output, RepeatedOutput(output.name));
      }
    }
    return absl::OkStatus();
  }

  // ---- Snapshot and append

  absl::Status FindTarget() {
    if (const TargetTable* existing = Existing(spec_.name); existing != nullptr) {
      table_.target = *existing;
      table_.exists = true;
      if (context_.spec.target.evolve == Evolve::kAddColumns) EvolveTarget();
      return absl::OkStatus();
    }
    return Propose();
  }

  // What the SELECT has more than the table, and what its fields state longer. New columns are
  // nullable: rows that are there have nothing in them.
  void EvolveTarget() {
    for (const Output& output : table_.select.output) {
      const TargetColumn* column = table_.target.Find(output.name);
      if (column == nullptr) {
        table_.added.push_back({.name = output.name, .type = output.expr->type});
        table_.target.columns.push_back(table_.added.back());
        continue;
      }
      const formats::Field* field = FieldOf(PlainColumn(output));
      if (field == nullptr || field->type != column->type || column->generated) continue;
      const std::string wider = Lengthened(column->spanner_type, field->length);
      if (wider.empty()) continue;
      table_.widened.push_back(*column);
      table_.widened.back().spanner_type = wider;
    }
  }

  // `STRING(36)` as `STRING(64)`; empty where `length` is not longer.
  static std::string Lengthened(std::string_view spanner_type, int64_t length) {
    const size_t open = spanner_type.find('('), close = spanner_type.find(')');
    int64_t now = 0;  // MAX is no number
    if (close == std::string_view::npos ||
        !absl::SimpleAtoi(AbslView(spanner_type.substr(open + 1, close - open - 1)), &now) ||
        length <= now)
      return "";
    return StrCat(spanner_type.substr(0, open + 1),
                  length == formats::kLengthMax ? "MAX" : StrCat(length),
                  spanner_type.substr(close));
  }

  bool IsKeyColumn(sql::ColumnId id) const { return id >= 0 && id < source_.record.key_columns; }
  // The column that an output is, or -1 when it is computed.
  static sql::ColumnId PlainColumn(const Output& output) {
    if (output.expr == nullptr || output.expr->kind != sql::ResolvedKind::kColumn) return -1;
    return sql::To<sql::ResolvedColumnRef>(*output.expr).column;
  }

  // The table that would be created: NOT NULL where the schema says so; the primary key is what
  // comes from the Kafka key, else what says where the record stood.
  absl::Status Propose() {
    TargetTable& target = table_.target;
    target.name = spec_.name;
    std::vector<std::string> from_key;
    std::vector<std::string> from_position;
    const auto& record = source_.record;
    for (const Output& output : table_.select.output) {
      const sql::ColumnId plain = PlainColumn(output);
      target.columns.push_back(
          {.name = output.name, .type = output.expr->type, .not_null = IsNotNull(plain)});
      const bool raw_key = plain == record.of(RecordColumns::kKey);
      if (IsKeyColumn(plain) || raw_key) from_key.push_back(output.name);
      if (plain == record.of(RecordColumns::kTopic) ||
          plain == record.of(RecordColumns::kPartition) ||
          plain == record.of(RecordColumns::kOffset)) {
        from_position.push_back(output.name);
      }
    }
    if (table_.mode == TableMode::kAppend && from_position.size() >= 2) {
      target.primary_key = from_position;
    } else if (!from_key.empty()) {
      target.primary_key = from_key;
      if (!table_.select.unnest.empty()) AddElementToKey();
    } else if (!from_position.empty()) {
      target.primary_key = from_position;
    } else {
      target.primary_key = {target.columns.front().name};
      Warn(GuessedPrimaryKey(spec_.name, target.columns.front().name));
    }
    return absl::OkStatus();
  }

  // A fan-out writes several rows per record: the element's column (or its offset) is part of their
  // key.
  void AddElementToKey() {
    for (const Output& output : table_.select.output) {
      const sql::ColumnId plain = PlainColumn(output);
      if (plain < static_cast<sql::ColumnId>(source_.record.columns.size())) continue;
      table_.target.primary_key.push_back(output.name);
      return;
    }
  }

  // The field of the key or the value that a column is; null: of neither.
  const formats::Field* FieldOf(sql::ColumnId id) const {
    const auto& record = source_.record;
    if (id < 0) return nullptr;
    if (id < record.key_columns) return &source_.spec->key.columns[static_cast<size_t>(id)];
    for (size_t i = 0; i < record.value_columns.size(); ++i) {
      if (record.value_columns[i] == id) return &source_.spec->value.columns[i];
    }
    return nullptr;
  }

  bool IsNotNull(sql::ColumnId id) const {
    const auto& record = source_.record;
    if (const formats::Field* field = FieldOf(id); field != nullptr) return field->not_null;
    return id == record.of(RecordColumns::kTopic) || id == record.of(RecordColumns::kPartition) ||
           id == record.of(RecordColumns::kOffset);
  }

  absl::Status BindOutputs() {
    std::vector<std::string> names;
    for (const TargetColumn& column : table_.target.columns) names.push_back(column.name);
    for (Output& output : table_.select.output) {
      const TargetColumn* column = table_.target.Find(output.name);
      if (column == nullptr) return AtOutput(output, UnknownColumn(output.name, spec_.name, names));
      if (column->generated) return AtOutput(output, GeneratedColumn(output.name, spec_.name));
      KS_RETURN_IF_ERROR(BindType(*column, &output));
    }
    for (const TargetColumn& column : table_.target.columns) {
      const bool wanted = column.not_null && !column.has_default && !column.generated;
      if (wanted && FindOutput(column.name) < 0)
        return AtTable(MissingNotNull(column.name, spec_.name));
    }
    return absl::OkStatus();
  }

  absl::Status BindType(const TargetColumn& column, Output* output) {
    const sql::TypeRef from = output->expr->type;
    if (column.type == nullptr)
      return AtOutput(*output, UnknownTargetType(column.name, column.spanner_type));
    const bool nested = from->is_struct() || from->Is(sql::TypeKind::kInterval) ||
                        (from->is_array() && from->element()->is_struct());
    if (nested) return AtOutput(*output, Unstorable(output->name, from));
    if (from == column.type) return absl::OkStatus();
    const bool literal = output->expr->kind == sql::ResolvedKind::kLiteral;
    const bool untyped = literal && sql::To<sql::ResolvedLiteral>(*output->expr).value.null();
    const bool fits = sql::ImplicitlyCoercible(from, column.type) ||
                      (literal && sql::LiteralCoercible(from, column.type));
    if (!fits && !untyped)
      return AtOutput(*output,
                      WrongColumnType(column.name, column.type, column.spanner_type, from));
    if (untyped) {
      output->expr = std::make_unique<sql::ResolvedLiteral>(sql::Value::Null(column.type));
    } else {
      output->expr =
          std::make_unique<sql::ResolvedCast>(std::move(output->expr), column.type, false);
    }
    return absl::OkStatus();
  }

  int FindOutput(std::string_view name) const {
    for (size_t i = 0; i < table_.select.output.size(); ++i) {
      if (SameName(table_.select.output[i].name, name)) return static_cast<int>(i);
    }
    return -1;
  }

  void AddColumn(int output) {
    table_.outputs.push_back(output);
    const Output& each = table_.select.output[static_cast<size_t>(output)];
    table_.columns.push_back(table_.target.Find(each.name)->name);
    table_.types.push_back(each.expr->type);
  }

  // The primary key first, as mutations have it.
  absl::Status OrderColumns() {
    for (const std::string& key : table_.target.primary_key) {
      const int output = FindOutput(key);
      if (output < 0) return AtTable(MissingPrimaryKey(key, spec_.name));
      AddColumn(output);
    }
    table_.key_columns = static_cast<int>(table_.outputs.size());
    for (size_t i = 0; i < table_.select.output.size(); ++i) {
      const int output = static_cast<int>(i);
      if (std::find(table_.outputs.begin(), table_.outputs.end(), output) == table_.outputs.end())
        AddColumn(output);
    }
    const MutationKind kind =
        table_.mode == TableMode::kAppend ? MutationKind::kInsert : MutationKind::kInsertOrUpdate;
    table_.write =
        std::make_shared<MutationShape>(kind, table_.target.name, table_.columns, table_.types);
    const auto keys = static_cast<size_t>(table_.key_columns);
    table_.remove = std::make_shared<MutationShape>(
        MutationKind::kDelete, table_.target.name,
        std::vector<std::string>(table_.columns.begin(),
                                 table_.columns.begin() + table_.key_columns),
        std::vector<sql::TypeRef>(table_.types.begin(),
                                  table_.types.begin() + static_cast<ptrdiff_t>(keys)));
    MutationCost cost{.columns = static_cast<uint32_t>(table_.columns.size()),
                      .indexes = static_cast<uint32_t>(table_.target.indexes.size())};
    for (const TargetIndex& index : table_.target.indexes) {
      cost.indexes_touched +=
          std::any_of(index.columns.begin(), index.columns.end(),
                      [&](const std::string& column) { return FindOutput(column) >= 0; });
    }
    table_.write_mutations = MutationCount(kind, cost);
    table_.delete_mutations = MutationCount(MutationKind::kDelete, cost);
    return absl::OkStatus();
  }

  // The record's columns that `expr` reads.
  static std::set<sql::ColumnId> ColumnsOf(const sql::ResolvedExpr& expr) {
    std::set<sql::ColumnId> columns;
    sql::ForEachColumn(expr, [&](sql::ColumnId id) { columns.insert(id); });
    return columns;
  }

  // Whether every record with this record's Kafka key has the same value of `expr`.
  bool FromKeyAlone(const sql::ResolvedExpr& expr) const {
    const auto& record = source_.record;
    for (const sql::ColumnId id : ColumnsOf(expr)) {
      const bool constant = IsKeyColumn(id) || id == record.of(RecordColumns::kKey) ||
                            id == record.of(RecordColumns::kTopic) ||
                            id == record.of(RecordColumns::kPartition);
      if (!constant) return false;
    }
    return true;
  }

  void FindTombstoneKey() {
    if (table_.mode != TableMode::kSnapshot) return;
    if (!table_.select.unnest.empty()) {
      table_.no_tombstones = "the SELECT has UNNEST, so a record may have written several rows";
      return;
    }
    for (int i = 0; i < table_.key_columns; ++i) {
      const Output& output =
          table_.select.output[static_cast<size_t>(table_.outputs[static_cast<size_t>(i)])];
      if (!FromKeyAlone(*output.expr)) {
        table_.no_tombstones = StrCat(
            "`", output.name, "` of the primary key is not computed from the Kafka key alone");
        table_.tombstone_key.clear();
        return;
      }
      table_.tombstone_key.push_back(output.expr.get());
    }
  }

  // Which records write one row of the table: those of one chain only, or of several.
  Alignment FindAlignment() const {
    const auto& record = source_.record;
    std::set<sql::ColumnId> plain;
    bool derived = true;
    for (int i = 0; i < table_.key_columns; ++i) {
      const Output& output =
          table_.select.output[static_cast<size_t>(table_.outputs[static_cast<size_t>(i)])];
      plain.insert(PlainColumn(output));
      derived = derived && FromKeyAlone(*output.expr);
    }
    const auto has = [&](RecordColumns::Metadata which) {
      return plain.count(record.of(which)) != 0;
    };
    const bool one_topic = source_.spec->topics.size() == 1 || has(RecordColumns::kTopic);
    bool whole_key = record.key_columns > 0;
    for (sql::ColumnId id = 0; id < record.key_columns; ++id)
      whole_key = whole_key && plain.count(id) != 0;
    if (one_topic && (whole_key || has(RecordColumns::kKey))) return Alignment::kExact;
    if (one_topic && has(RecordColumns::kPartition) && has(RecordColumns::kOffset))
      return Alignment::kExact;
    return derived && one_topic && record.key_columns > 0 ? Alignment::kDerived
                                                          : Alignment::kUnaligned;
  }

  absl::Status Align() {
    table_.alignment = FindAlignment();
    if (table_.mode == TableMode::kSnapshot && table_.alignment == Alignment::kUnaligned) {
      return AtTable(Unaligned(spec_.name, table_.target.primary_key));
    }
    if (table_.alignment == Alignment::kDerived) Warn(DerivedKey(spec_.name));
    if (table_.mode == TableMode::kSnapshot && !table_.no_tombstones.empty()) {
      if (spec_.tombstones == Tombstones::kDelete)
        return AtTable(CannotDelete(table_.no_tombstones));
      if (!spec_.tombstones) Warn(TombstonesBecomeDeadLetters(table_.no_tombstones));
    }
    return absl::OkStatus();
  }

  // ---- Aggregates

  // What is taken back is computed from the row before: all that the SELECT reads must be in it.
  absl::Status CheckRowsOnly() const {
    const sql::AnalyzedSelect& select = table_.select;
    std::set<sql::ColumnId> read;
    const auto add = [&](const sql::ResolvedExprPtr& expr) {
      if (expr != nullptr) read.merge(ColumnsOf(*expr));
    };
    add(select.where);
    for (const auto& unnest : select.unnest) {
      add(unnest.array);
      add(unnest.condition);
    }
    for (const sql::ComputedColumn& key : select.group_by) add(key.expr);
    for (const sql::AggregateCall& call : select.aggregates) {
      for (const auto& argument : call.arguments) add(argument);
      add(call.having_expr);
    }
    const auto& columns = source_.record.columns;
    for (const sql::ColumnId id : read) {
      if (id >= static_cast<sql::ColumnId>(columns.size())) continue;  // of UNNEST
      const std::string& name = columns[static_cast<size_t>(id)].name;
      if (name.starts_with("_")) return AtTable(ChangesBetweenEvents(name));
    }
    // May say yes where it is no.
    const std::string text = absl::AsciiStrToUpper(spec_.select.text);
    if (text.find("CURRENT_") != std::string::npos) return AtTable(TimeInTakenBack());
    return absl::OkStatus();
  }

  absl::Status PlanAggregate() {
    size_t item = 0;
    const bool takes_back =
        source_.spec->value.format == Format::kDebezium && spec_.over != Over::kChanges;
    if (takes_back) KS_RETURN_IF_ERROR(CheckRowsOnly());
    auto aggregate = PlanAggregates(spec_.name, table_.select, takes_back, &item);
    if (!aggregate.ok()) {
      if (item >= table_.select.output.size()) return AtTable(View(aggregate.status().message()));
      return AtOutput(table_.select.output[item], View(aggregate.status().message()));
    }
    table_.aggregate = *std::move(aggregate);
    if (const TargetTable* view = Existing(spec_.name); view != nullptr && !view->view) {
      return AtTable(AggregateNameIsTable(spec_.name, table_.aggregate->table));
    }
    DescribePartials();
    bool from_key = true;
    for (const sql::ComputedColumn& key : table_.select.group_by)
      from_key = from_key && FromKeyAlone(*key.expr);
    table_.alignment = from_key ? Alignment::kExact : Alignment::kUnaligned;
    return CheckPartials();
  }

  void DescribePartials() {
    const AggregatePlan& plan = *table_.aggregate;
    TargetTable& target = table_.target;
    target.name = plan.table;
    for (size_t i = 0; i < plan.key_names.size(); ++i) {
      target.columns.push_back({.name = plan.key_names[i], .type = plan.key_types[i]});
    }
    target.columns.push_back({.name = std::string(kPartialTopic),
                              .type = sql::Type::String(),
                              .spanner_type = "STRING(249)",
                              .not_null = true});
    target.columns.push_back(
        {.name = std::string(kPartialPartition), .type = sql::Type::Int64(), .not_null = true});
    target.columns.push_back(
        {.name = std::string(kPartialLane), .type = sql::Type::Int64(), .not_null = true});
    for (const TargetColumn& column : target.columns) target.primary_key.push_back(column.name);
    table_.key_columns = static_cast<int>(target.columns.size());
    for (const StateColumn& state : plan.states) {
      target.columns.push_back(
          {.name = state.name, .type = state.type, .not_null = state.not_null});
    }
    for (const TargetColumn& column : target.columns) {
      table_.columns.push_back(column.name);
      table_.types.push_back(column.type);
    }
    table_.write = std::make_shared<MutationShape>(MutationKind::kInsertOrUpdate, target.name,
                                                   table_.columns, table_.types);
    table_.write_mutations = static_cast<uint32_t>(table_.columns.size());
    table_.delete_mutations = 1;
  }

  // A table of partials that is there must be the one that this SELECT would create.
  absl::Status CheckPartials() {
    const TargetTable* existing = Existing(table_.target.name);
    if (existing == nullptr) return absl::OkStatus();
    table_.exists = true;
    const bool same_key =
        std::equal(existing->primary_key.begin(), existing->primary_key.end(),
                   table_.target.primary_key.begin(), table_.target.primary_key.end(), SameName);
    if (!same_key) return AtTable(PartialsDiffer(table_.target.name, "another primary key"));
    for (const TargetColumn& column : table_.target.columns) {
      const TargetColumn* there = existing->Find(column.name);
      if (there == nullptr)
        return AtTable(PartialsDiffer(table_.target.name, StrCat("no column `", column.name, "`")));
      if (there->type != column.type) {
        return AtTable(PartialsDiffer(table_.target.name,
                                      StrCat("`", column.name, "` as ", there->spanner_type)));
      }
    }
    table_.target.indexes = existing->indexes;
    table_.write_mutations += 2 * static_cast<uint32_t>(existing->indexes.size());
    return absl::OkStatus();
  }

  const PlanContext& context_;
  const PlannedSource& source_;
  PlannedTable& table_;
  const TableSpec& spec_;
};

}  // namespace

absl::Status PlanTable(const PlanContext& context, const PlannedSource& source,
                       PlannedTable* table) {
  return TablePlanner(context, source, table).Run();
}

}  // namespace ks::pipeline
