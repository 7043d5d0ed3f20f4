#include "local/spanner/server/query_plan.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/spanner/v1/query_plan.pb.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

using google::protobuf::Struct;

void Put(const char* key, std::string value, Struct* to) {
  (*to->mutable_fields())[key].set_string_value(std::move(value));
}

std::string Milliseconds(int64_t nanos) {
  return absl::StrFormat("%.2f", static_cast<double>(nanos) / 1e6);
}

void PutTotal(const char* key, std::string total, const char* unit, Struct* to) {
  Struct* measure = (*to->mutable_fields())[key].mutable_struct_value();
  Put("total", std::move(total), measure);
  Put("unit", unit, measure);
}

void FillExecution(const sql::PlanStatistics& did, Struct* stats) {
  PutTotal("rows", absl::StrCat(did.rows), "rows", stats);
  PutTotal("latency", Milliseconds(did.nanos), "msecs", stats);
  Put("num_executions", absl::StrCat(did.executions),
      (*stats->mutable_fields())["execution_summary"].mutable_struct_value());
}

// The node and all below it; gives its index.
int AddNode(const sql::PlanNode& from, bool profiled, pb::QueryPlan* plan) {
  const int index = plan->plan_nodes_size();
  pb::PlanNode* node = plan->add_plan_nodes();
  node->set_index(index);
  node->set_kind(pb::PlanNode::RELATIONAL);
  node->set_display_name(from.name);
  for (const auto& [key, value] : from.metadata) Put(key.c_str(), value, node->mutable_metadata());
  if (profiled) FillExecution(from.statistics, node->mutable_execution_stats());
  const auto link = [&](int child, const std::string& type, const std::string& variable) {
    pb::PlanNode::ChildLink* made = plan->mutable_plan_nodes(index)->add_child_links();
    made->set_child_index(child);
    made->set_type(type);
    made->set_variable(variable);
  };
  for (const sql::PlanNode::Child& child : from.children) {
    link(AddNode(child.node, profiled, plan), child.link, "");
  }
  for (const sql::PlanNode::Scalar& scalar : from.scalars) {
    const int place = plan->plan_nodes_size();
    pb::PlanNode* expression = plan->add_plan_nodes();
    expression->set_index(place);
    expression->set_kind(pb::PlanNode::SCALAR);
    expression->set_display_name(
        scalar.text.starts_with("$") && scalar.text.find('(') == std::string::npos ? "Reference"
                                                                                   : "Function");
    expression->mutable_short_representation()->set_description(scalar.text);
    link(place, scalar.link, scalar.variable);
  }
  return index;
}

}  // namespace

void FillQueryPlan(const sql::PlanNode& root, bool profiled, pb::QueryPlan* plan) {
  AddNode(root, profiled, plan);
}

void FillQueryStats(const QueryFigures& figures, Struct* stats) {
  const auto time = [](int64_t nanos) { return absl::StrCat(Milliseconds(nanos), " msecs"); };
  Put("rows_returned", absl::StrCat(figures.rows_returned), stats);
  Put("rows_scanned", absl::StrCat(figures.rows_scanned), stats);
  Put("elapsed_time", time(figures.elapsed_nanos), stats);
  Put("cpu_time", time(figures.cpu_nanos), stats);
  Put("query_plan_creation_time", time(figures.plan_nanos), stats);
  Put("memory_peak_usage_bytes", absl::StrCat(figures.memory_peak_bytes), stats);
  Put("query_text", std::string(figures.text), stats);
}

}  // namespace ks::local
