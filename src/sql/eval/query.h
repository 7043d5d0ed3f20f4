// Runs a resolved query: a stream of batches of rows.
//
// Plan() chooses access paths, join methods and orders (eval/plan/); the cursor then pulls batches
// through operators. Nothing is read before the first Next(). Rows come in the order that ORDER BY
// asks, else in any (but always the same for the same data). Errors of rows end the query with that
// row's error. Thread safety: a QueryCursor is used by one thread at a time. The query, the
// catalog's tables and the options' parameters must outlive it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/analyzer/resolved.h"
#include "sql/catalog.h"
#include "sql/eval/environment.h"
#include "sql/eval/plan_node.h"

namespace ks::sql {

class QueryCursor {
 public:
  virtual ~QueryCursor() = default;
  // Names and types of the columns, in order.
  virtual const std::vector<OutputColumn>& columns() const = 0;
  // The next rows, dense, columns in order; zero rows mean the end. Valid until the next call.
  virtual absl::Status Next(RowBatch* batch) = 0;
  // The operators that were chosen, and what they have done so far.
  virtual PlanNode Explain() const = 0;
  virtual int64_t rows_scanned() const = 0;
  virtual int64_t memory_peak_bytes() const = 0;
};

absl::StatusOr<std::unique_ptr<QueryCursor>> OpenQuery(const ResolvedQuery& query,
                                                       const ExecuteOptions& options);

// All rows at once, for tests, views of metadata and small answers.
struct QueryResult {
  std::vector<OutputColumn> columns;
  std::vector<std::vector<Value>> rows;
};
absl::StatusOr<QueryResult> RunQuery(const ResolvedQuery& query, const ExecuteOptions& options);
// Parses, analyzes and runs.
absl::StatusOr<QueryResult> RunQuery(std::string_view text, const Catalog* catalog,
                                     const ExecuteOptions& options = {});

}  // namespace ks::sql
