// A query plan as a table of text: one row an operator, what each is fed by below it and indented.
// Pure.
#pragma once

#include <string>

#include "cli/result_table.h"

namespace google::spanner::v1 {
class ResultSetStats;
}

namespace ks::cli {

// Columns ID and OPERATOR; with `profiled`, ROWS, EXECUTIONS and TIME (MS) too.
TextTable PlanTable(const google::spanner::v1::ResultSetStats& stats, bool profiled);

// What belongs to operators and is no operator: `2: Seek Condition: …`, a line each.
std::string PlanConditions(const google::spanner::v1::ResultSetStats& stats);

// `3 rows, 1,000 scanned, 2.50 msecs (CPU 2.10 msecs)`; empty where the server counted nothing.
std::string PlanTotals(const google::spanner::v1::ResultSetStats& stats);

}  // namespace ks::cli
