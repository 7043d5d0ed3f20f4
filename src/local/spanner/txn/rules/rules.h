// The rules of a write, one small file each. A commit runs them in this order:
//   validators   before any lock: access.cc, values.cc, limits.cc
//   per row      in the order of the mutations: existence (apply.cc), defaults.cc, interleave.cc
//   effectors    over the rows that one Apply changed: generated.cc
//   verifiers    likewise: checks.cc, indexes.cc (entries' locks, UNIQUE), foreign_keys.cc
// Each function is one rule and leaves its error's text to errors.h.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "local/spanner/txn/mutation.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local::rules {

using ChangedRows = std::vector<RowWrite*>;

// ---- Validators ----
// Types are right by construction; lengths, UTF-8, NOT NULL, commit timestamps, key sizes.
absl::Status ValidateValues(const Mutation& mutation, CommitTimestamp now);
// `of`: whose key it is, for the error: "table T".
absl::Status ValidateKeySize(std::string_view of, std::string_view name, const KeyShape& shape,
                             std::string_view key);

// Whose role has the privileges that the mutations need; an empty role has all. DML is asked about
// its columns before (query/access_check.h), so this is for what clients send as mutations.
absl::Status ValidateAccess(const Schema& schema, std::string_view role,
                            const MutationList& mutations);

// A row that others refer to with ON DELETE CASCADE is not written and deleted by one list of
// mutations: which of the two its referencing rows should follow would depend on their order.
// `keys`: the encoded ones that are written, sorted.
absl::Status ValidateCascades(const Mutation& deletion, absl::Span<const std::string_view> keys);

// ---- Per row ----
// Fills the columns an insert does not name; NOT NULL ones must get a value. `given[c]`: the
// mutation names column c.
absl::Status FillDefaults(TransactionState& txn, const Table& table, const std::vector<bool>& given,
                          sql::Datum* image);
// An inserted row's parent is there.
absl::Status RequireParent(TransactionState& txn, const RowWrite& row);
// Before a row goes: its interleaved children go too, or must not be there.
absl::Status DeleteChildren(TransactionState& txn, const RowWrite& row);

// ---- Effectors and verifiers over what an Apply changed ----
absl::Status ComputeGenerated(TransactionState& txn, const ChangedRows& rows);
absl::Status VerifyChecks(TransactionState& txn, const ChangedRows& rows);
// Locks the index entries that come and go, and verifies UNIQUE.
absl::Status VerifyIndexes(TransactionState& txn, const ChangedRows& rows);
absl::Status VerifyForeignKeys(TransactionState& txn, const ChangedRows& rows);

// ---- Limits ----
// What a write or delete of one row counts towards the commit's mutations.
int64_t CountWrite(const Table& table, const std::vector<int>& columns, bool creates);
int64_t CountDeletedRow(const Table& table);
absl::Status CheckMutationCount(int64_t count);

// Deletes one row as a mutation does (apply.cc); the caller holds its lock.
absl::Status DeleteRow(TransactionState& txn, RowWrite& row);

}  // namespace ks::local::rules
