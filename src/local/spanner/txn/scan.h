// Scanning: rows of a table in the order of its key or of an index, as of a timestamp, under a
// transaction's writes.
//
// A cursor gives batches that grow from a few rows to a thousand, so a point read stays small.
// Values live in the cursor's arena until the next call. Not thread-safe.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "local/spanner/storage/store.h"
#include "local/spanner/txn/database.h"
#include "local/spanner/txn/write_set.h"
#include "sql/catalog.h"

namespace ks::local {

struct ScanSource {
  const Store* store;
  CommitTimestamp at;
  // Laid over the store, or null. Must not change while the cursor is in use.
  const WriteSet* writes = nullptr;
  const Schema* schema = nullptr;  // for columns that are computed when they are read
};

// INVALID_ARGUMENT from Next() where a wanted value is a pending commit timestamp.
absl::StatusOr<std::unique_ptr<sql::RowCursor>> OpenCursor(const ScanSource& source,
                                                           const ScanSpec& spec);

}  // namespace ks::local
