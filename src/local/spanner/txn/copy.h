// Copying a database as it was at one moment: what backups and restores are made of.
//
// The copy has the rows, the index entries, the schema and the counters of sequences; it has no
// history before that moment and no records of change streams. An index that was being filled is
// not in it. Invariants (copy_test.cc): commits that come while the copy is made are not in it; a
// sequence of the copy gives no value that the original gave before. Thread safety: free function;
// the original goes on working meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/txn/database.h"

namespace ks::local {

struct DatabaseCopy {
  std::unique_ptr<Database> database;
  int64_t bytes = 0;  // keys and values
};

// `to` says where; there must be no database yet. `keep_going` is asked now and then, and its error
// ends the copying. FAILED_PRECONDITION when `at` has fallen out of version retention.
absl::StatusOr<DatabaseCopy> CopyDatabase(Database& from, CommitTimestamp at,
                                          const DatabaseOptions& to,
                                          const std::function<absl::Status()>& keep_going);

}  // namespace ks::local
