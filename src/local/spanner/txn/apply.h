// Applying mutations to a transaction: locks in key order, then row by row in list order, then the
// rules over the whole.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "local/spanner/txn/mutation.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {

// Whether what the values point to outlives the transaction, or must be copied into it.
enum class ValueLife : uint8_t { kOutlives, kCopied };

// An error other than ABORTED leaves the transaction's writes as they were.
absl::Status ApplyMutations(TransactionState& txn, const MutationList& mutations, ValueLife life);

}  // namespace ks::local
