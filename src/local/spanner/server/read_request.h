// ReadRequest -> ScanSpec: names looked up in the schema that the transaction sees, keys decoded
// and encoded. Thread safety: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "local/spanner/txn/database.h"
#include "sql/types/arena.h"

namespace google::spanner::v1 {
class KeySet;
class ReadRequest;
}  // namespace google::spanner::v1

namespace ks::local {

struct ReadTarget {
  std::string_view table;
  std::string_view index;  // empty: the primary key
};

// Table and index, without columns and keys. NOT_FOUND, FAILED_PRECONDITION.
absl::StatusOr<ScanSpec> ResolveTarget(const Schema& schema, const ReadTarget& target);
// Sorted, disjoint spans of the key set.
absl::StatusOr<std::vector<KeySpan>> ResolveKeySet(const ScanSpec& spec,
                                                   const google::spanner::v1::KeySet& key_set);
absl::StatusOr<ScanSpec> ResolveRead(const Schema& schema,
                                     const google::spanner::v1::ReadRequest& request);

}  // namespace ks::local
