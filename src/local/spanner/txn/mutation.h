// Mutations: what a Commit writes, resolved against a schema and ready to apply.
//
// The server resolves names once per mutation (`AddWrite`, `AddDelete`), then decodes values of the
// right types straight into `arena()`; nothing is copied again until the bytes go to the store.
// Mutations are applied in list order. Thread safety: none; one builder belongs to one request. It
// may be applied more than once (a retry). Source:
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#mutation
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "local/spanner/schema/schema.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::local {

enum class MutationOp : uint8_t { kInsert, kUpdate, kInsertOrUpdate, kReplace, kDelete };

struct Mutation {
  MutationOp op;
  const Table* table;
  // Writes: rows of `columns` (indexes into table->columns), row after row in `values`.
  std::vector<int> columns;
  std::vector<sql::Datum> values;
  // kDelete: encoded, in the order given.
  std::vector<KeySpan> spans;
  bool delete_all = false;

  size_t rows() const { return columns.empty() ? 0 : values.size() / columns.size(); }
};

class MutationList {
 public:
  explicit MutationList(std::shared_ptr<const Schema> schema) : schema_(std::move(schema)) {}

  // A write to `table`'s `columns`. The caller appends rows: `columns.size()` values each, of the
  // columns' types, to `values` (what they point to in arena()). PendingCommitTimestamp() stands
  // for spanner.commit_timestamp(). The pointer is good until the next Add. NOT_FOUND: no such
  // table or column. INVALID_ARGUMENT: a column twice. FAILED_PRECONDITION: a key column is missing
  // (unless it has a default).
  absl::StatusOr<Mutation*> AddWrite(MutationOp op, std::string_view table,
                                     absl::Span<const std::string> columns);
  // A delete of keys and ranges that the caller adds with the two below, or of everything
  // (`delete_all`).
  absl::StatusOr<Mutation*> AddDelete(std::string_view table);
  // `key` has all parts of the table's key.
  absl::Status DeleteKey(Mutation* mutation, absl::Span<const sql::Datum> key);
  absl::Status DeleteRange(Mutation* mutation, const KeyBounds& bounds);

  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  sql::Arena& arena() { return arena_; }
  const std::vector<Mutation>& mutations() const { return mutations_; }
  bool empty() const { return mutations_.empty(); }

 private:
  std::shared_ptr<const Schema> schema_;
  sql::Arena arena_;
  std::vector<Mutation> mutations_;
};

}  // namespace ks::local
