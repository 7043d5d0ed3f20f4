// What PLAN and PROFILE answer beside rows: the plan as Spanner's nodes, and the statement's
// figures.
//
// Pure functions. Sources: https://cloud.google.com/spanner/docs/query-execution-plans,
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#resultsetstats
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/eval/plan_node.h"

namespace google::protobuf {
class Struct;
}
namespace google::spanner::v1 {
class QueryPlan;
}

namespace ks::local {

// Operators become RELATIONAL nodes, their expressions SCALAR ones, in pre-order. `profiled`: with
// execution_stats.
void FillQueryPlan(const sql::PlanNode& root, bool profiled, google::spanner::v1::QueryPlan* plan);

struct QueryFigures {
  std::string_view text;
  int64_t rows_returned = 0;
  int64_t rows_scanned = 0;
  int64_t memory_peak_bytes = 0;
  int64_t elapsed_nanos = 0;
  int64_t cpu_nanos = 0;
  int64_t plan_nanos = 0;  // of the elapsed: making the plan
};
void FillQueryStats(const QueryFigures& figures, google::protobuf::Struct* stats);

}  // namespace ks::local
