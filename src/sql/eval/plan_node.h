// PlanNode: one operator of a plan, as EXPLAIN and PROFILE show it.
//
// A tree of values, so that it may outlive the operators it describes. Names of operators, links
// and metadata are those of Spanner's query plans where it has such an operator:
// https://cloud.google.com/spanner/docs/query-execution-operators
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ks::sql {

// What an operator did while its statement ran. Times are those of the operator and all below it.
struct PlanStatistics {
  int64_t executions = 0;  // how often it was opened
  int64_t rows = 0;        // that it gave, over all executions
  int64_t nanos = 0;       // 0 unless ExecuteOptions::nanos is set
};

struct PlanNode {
  // An expression of the operator, under the name of its part: `Condition`, `Seek Condition`.
  struct Scalar {
    std::string link;
    std::string text;      // `$equal($Id, 5)`
    std::string variable;  // the column that it computes; empty: none
  };
  struct Child;

  std::string name;                                           // `Hash Join`
  std::vector<std::pair<std::string, std::string>> metadata;  // `join_type`, `INNER`
  std::vector<Scalar> scalars;
  std::vector<std::pair<int32_t, std::string>> columns;  // that it gives: number, name
  std::vector<Child> children;
  PlanStatistics statistics;

  explicit PlanNode(std::string_view n);
  PlanNode& With(std::string_view key, std::string_view value) {
    metadata.emplace_back(key, value);
    return *this;
  }
  void Add(std::string_view link, PlanNode child);
};
struct PlanNode::Child {
  std::string link;  // `Build`, `Map`; empty: the only input
  PlanNode node;
};
inline PlanNode::PlanNode(std::string_view n) : name(n) {}  // here: it needs Child

// Expressions of operators show columns by number, `#3`; this puts names in their place, `$Id`.
void NameColumns(PlanNode* root);

// One operator a line, indented by two blanks a level: `Scan (scan_target: B)`, then its
// expressions.
std::string ToText(const PlanNode& node, int indent = 0);

}  // namespace ks::sql
