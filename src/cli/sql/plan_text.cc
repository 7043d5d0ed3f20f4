#include "cli/sql/plan_text.h"

#include <google/spanner/v1/result_set.pb.h>

#include <map>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/str_cat.h"

namespace ks::cli {
namespace {

namespace v1 = google::spanner::v1;
using google::protobuf::Struct;

std::string Field(const Struct& fields, const std::string& name) {
  const auto found = fields.fields().find(name);
  return found == fields.fields().end() ? "" : found->second.string_value();
}

std::string FieldOf(const Struct& fields, const std::string& group, const std::string& name) {
  const auto found = fields.fields().find(group);
  return found == fields.fields().end() ? "" : Field(found->second.struct_value(), name);
}

// `Table Scan on Singers (Full scan: true)`
std::string Describe(const v1::PlanNode& node) {
  std::string text = node.display_name();
  const std::string target = Field(node.metadata(), "scan_target");
  if (!target.empty()) text += StrCat(" on ", target);
  const std::map<std::string, google::protobuf::Value> sorted(node.metadata().fields().begin(),
                                                              node.metadata().fields().end());
  std::vector<std::string> rest;
  for (const auto& [key, value] : sorted) {
    if (key == "scan_target" || key == "scan_type" || key == "subquery_cluster_node") continue;
    rest.push_back(StrCat(key, ": ", value.string_value()));
  }
  if (!rest.empty()) text += StrCat(" (", absl::StrJoin(rest, ", "), ")");
  return text;
}

// `visit(node, depth)` for every operator, parents first.
template <typename Visit>
void ForEachOperator(const v1::QueryPlan& plan, int index, int depth, const Visit& visit) {
  if (index >= plan.plan_nodes_size() || depth > plan.plan_nodes_size()) return;
  const v1::PlanNode& node = plan.plan_nodes(index);
  if (node.kind() == v1::PlanNode::SCALAR) return;
  visit(node, depth);
  for (const auto& link : node.child_links()) {
    ForEachOperator(plan, link.child_index(), depth + 1, visit);
  }
}

}  // namespace

TextTable PlanTable(const v1::ResultSetStats& stats, bool profiled) {
  TextTable table{{"ID", "OPERATOR"}, {true, false}, {}};
  if (profiled) {
    for (const char* name : {"ROWS", "EXECUTIONS", "TIME (MS)"}) {
      table.names.push_back(name);
      table.numeric.push_back(true);
    }
  }
  ForEachOperator(stats.query_plan(), 0, 0, [&](const v1::PlanNode& node, int depth) {
    std::string indent(static_cast<size_t>(depth) * 2, ' ');
    std::vector<std::string> row = {StrCat(node.index()), indent + Describe(node)};
    if (profiled) {
      row.push_back(FieldOf(node.execution_stats(), "rows", "total"));
      row.push_back(FieldOf(node.execution_stats(), "execution_summary", "num_executions"));
      row.push_back(FieldOf(node.execution_stats(), "latency", "total"));
    }
    table.rows.push_back(std::move(row));
  });
  return table;
}

std::string PlanConditions(const v1::ResultSetStats& stats) {
  std::string text;
  const v1::QueryPlan& plan = stats.query_plan();
  ForEachOperator(plan, 0, 0, [&](const v1::PlanNode& node, int) {
    for (const auto& link : node.child_links()) {
      if (link.type().empty() || link.child_index() >= plan.plan_nodes_size()) continue;
      const v1::PlanNode& child = plan.plan_nodes(link.child_index());
      if (child.kind() != v1::PlanNode::SCALAR) continue;
      text += StrCat("  ", node.index(), ": ", link.type(), ": ",
                     child.short_representation().description(), "\n");
    }
  });
  return text;
}

std::string PlanTotals(const v1::ResultSetStats& stats) {
  const Struct& totals = stats.query_stats();
  if (totals.fields().empty()) return "";
  return StrCat(Field(totals, "rows_returned"), " rows, ", Field(totals, "rows_scanned"),
                " scanned, ", Field(totals, "elapsed_time"), " (CPU ", Field(totals, "cpu_time"),
                ")");
}

}  // namespace ks::cli
