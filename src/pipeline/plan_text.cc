// A plan as people and programs read it.
#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "base/str_cat.h"
#include "pipeline/plan.h"

namespace ks::pipeline {
namespace {

std::string_view AlignmentName(Alignment alignment) {
  switch (alignment) {
    case Alignment::kExact:
      return "exact";
    case Alignment::kDerived:
      return "derived";
    case Alignment::kUnaligned:
      return "unaligned";
  }
  return "unaligned";
}

std::string TombstoneText(const PlannedTable& table) {
  if (table.mode == TableMode::kAggregate) return "add nothing";
  if (table.spec->tombstones == Tombstones::kIgnore || table.mode == TableMode::kAppend)
    return "are ignored";
  if (table.spec->tombstones == Tombstones::kDeadLetter || table.tombstone_key.empty())
    return "become dead letters";
  return "delete the row";
}

std::string ColumnText(const PlannedTable& table, size_t i) {
  return StrCat("      ", table.columns[i], " ", table.types[i]->ToString(),
                static_cast<int>(i) < table.key_columns ? "  (primary key)" : "", "\n");
}

std::string TableText(const PlannedTable& table) {
  std::string text = StrCat("  ", table.spec->name, ": ", ModeName(table.mode),
                            table.exists ? "" : ", to be created", "\n");
  if (table.aggregate)
    StrAppend(&text, "    a view over the partial rows in ", table.aggregate->table, "\n");
  for (size_t i = 0; i < table.columns.size(); ++i) StrAppend(&text, ColumnText(table, i));
  StrAppend(&text, "    tombstones ", TombstoneText(table), "; a row counts as ",
            table.write_mutations, " mutations\n");
  if (table.aggregate && table.alignment != Alignment::kExact) {
    StrAppend(&text,
              "    the Kafka key does not decide the group: up to one partial row per group, "
              "partition and lane\n");
  }
  return text;
}

std::string DescribeSource(const PlannedSource& source) {
  std::string text =
      StrCat("source ", source.spec->name, ": topic ", absl::StrJoin(source.spec->topics, ", "),
             " at ", source.spec->brokers, ", key ", FormatName(source.spec->key.format),
             ", value ", FormatName(source.spec->value.format), ", ", source.spec->lanes,
             source.spec->lanes == 1 ? " lane" : " lanes", "\n");
  for (const PlannedAssert& assertion : source.asserts) {
    StrAppend(&text, "  assert ", assertion.spec->check.text, ", else ",
              PolicyName(assertion.spec->otherwise), "\n");
  }
  for (const PlannedTable& table : source.tables) StrAppend(&text, TableText(table));
  return text;
}

nlohmann::json TableJson(const PlannedTable& table) {
  nlohmann::json columns = nlohmann::json::array();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    columns.push_back({{"name", table.columns[i]},
                       {"type", table.types[i]->ToString()},
                       {"primary_key", static_cast<int>(i) < table.key_columns}});
  }
  nlohmann::json json = {{"name", table.spec->name},
                         {"mode", ModeName(table.mode)},
                         {"exists", table.exists},
                         {"table", table.target.name},
                         {"columns", std::move(columns)},
                         {"alignment", AlignmentName(table.alignment)},
                         {"tombstones", TombstoneText(table)},
                         {"mutations_per_row", table.write_mutations}};
  return json;
}

}  // namespace

std::string PlanText(const Plan& plan) {
  std::string text = StrCat("pipeline ", plan.spec->name, " -> ", plan.spec->target.database, "\n");
  for (const PlannedSource& source : plan.sources) StrAppend(&text, DescribeSource(source));
  for (const PlanWarning& warning : plan.warnings) {
    StrAppend(&text, "warning", warning.table.empty() ? "" : StrCat(" (", warning.table, ")"), ": ",
              warning.text, "\n");
  }
  if (plan.missing.empty()) {
    StrAppend(&text, "the target has everything that is needed\n");
  } else {
    StrAppend(&text,
              "missing in the target (see --ddl, --apply): ", absl::StrJoin(plan.missing, ", "),
              "\n");
  }
  return text;
}

std::string PlanJson(const Plan& plan) {
  nlohmann::json sources = nlohmann::json::array();
  for (const PlannedSource& source : plan.sources) {
    nlohmann::json tables = nlohmann::json::array();
    for (const PlannedTable& table : source.tables) tables.push_back(TableJson(table));
    sources.push_back({{"name", source.spec->name},
                       {"topics", source.spec->topics},
                       {"lanes", source.spec->lanes},
                       {"tables", std::move(tables)}});
  }
  nlohmann::json warnings = nlohmann::json::array();
  for (const PlanWarning& warning : plan.warnings)
    warnings.push_back({{"table", warning.table}, {"text", warning.text}});
  const nlohmann::json json = {
      {"pipeline", plan.spec->name},   {"database", plan.spec->target.database},
      {"sources", std::move(sources)}, {"warnings", std::move(warnings)},
      {"missing", plan.missing},       {"ddl", plan.missing_ddl}};
  return json.dump();
}

}  // namespace ks::pipeline
