// The end of a transaction: its writes become one atomic batch at one commit timestamp.
#pragma once

#include "absl/status/statusor.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {

// Locks are held by now; they are released whatever happens. ABORTED when wounded, or when the
// schema has changed.
absl::StatusOr<CommitResult> CommitWrites(TransactionState& txn);

}  // namespace ks::local
