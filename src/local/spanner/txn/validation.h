// Validation: is what a transaction saw at its snapshot still so?
//
// Source: https://cloud.google.com/spanner/docs/concurrency-control
#pragma once

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {

// ABORTED when a cell under `requests` has been written since txn.snapshot by somebody else. The
// caller holds the locks, so the answer stays true until it lets go of them. A lock that is shared
// is broken by a change of its columns only, an exclusive one by any change of the row.
absl::Status ValidateUnchanged(TransactionState& txn, absl::Span<const LockRequest> requests);

}  // namespace ks::local
