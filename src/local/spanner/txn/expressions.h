// The expressions of a table, compiled: DEFAULT, generated columns, CHECK.
//
// A TableExpressions is used by one transaction at a time; the cache lends them out and takes them
// back. Thread safety: ExpressionCache's methods from any thread; a TableExpressions by one thread.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "local/spanner/schema/schema.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::local {

class SchemaSequences;

class TableExpressions {
 public:
  // INVALID_ARGUMENT when one does not analyze over the table's columns.
  static absl::StatusOr<std::unique_ptr<TableExpressions>> Compile(const Schema& schema,
                                                                   const Table& table);
  ~TableExpressions();

  bool has_generated() const;
  bool has_checks() const;

  // The value of a column's DEFAULT or IDENTITY, in `arena`.
  absl::StatusOr<sql::Datum> Default(int column, sql::TimestampValue now,
                                     SchemaSequences& sequences, sql::Arena& arena);
  // Writes the generated columns of rows (each all columns of the table). `stored_only` leaves
  // virtual ones alone.
  absl::Status ComputeGenerated(absl::Span<sql::Datum* const> rows, sql::Arena& arena);
  // The first row that violates a CHECK: its index and the constraint. `row` < 0: none does.
  struct Violation {
    int row = -1;
    const CheckConstraint* constraint = nullptr;
  };
  absl::StatusOr<Violation> VerifyChecks(absl::Span<sql::Datum* const> rows, sql::Arena& arena);

 private:
  struct Rep;
  explicit TableExpressions(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

class ExpressionCache {
 public:
  // For `table` of `schema`; give it back with Return.
  absl::StatusOr<std::unique_ptr<TableExpressions>> Borrow(const Schema& schema,
                                                           const Table& table);
  void Return(const Schema& schema, const Table& table, std::unique_ptr<TableExpressions> used);

 private:
  absl::Mutex mu_;
  uint64_t version_ ABSL_GUARDED_BY(mu_) = 0;  // of the schema they are for
  absl::flat_hash_map<KeySpaceId, std::vector<std::unique_ptr<TableExpressions>>> free_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
