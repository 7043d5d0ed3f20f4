// Every error of the local Spanner's storage, schema and transactions that a user can see: one
// function each.
//
// Codes are Spanner's contract; texts are close to production's where it is known, since people
// grep for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::local::errors {

// ---- Storage ----
absl::Status StorageFailed(std::string_view reason);
absl::Status CannotOpenStore(std::string_view directory, std::string_view reason);

// ---- Flags ----
// `nearest`: the limit that was probably meant, or empty.
absl::Status BadLimit(std::string_view setting, std::string_view nearest);

// ---- Names ----
absl::Status TableNotFound(std::string_view table);
absl::Status ColumnNotFound(std::string_view table, std::string_view column);
absl::Status IndexNotFound(std::string_view index, std::string_view table);
absl::Status DuplicateColumn(std::string_view column);

// ---- Transactions ----
// ABORTED, with google.rpc.RetryInfo: try again after `delay`.
absl::Status Aborted(std::string_view reason);
absl::Status AbortedByConflict();
absl::Status AbortedByChange();
absl::Status AbortedIdle();
absl::Status AbortedBySchemaChange();
absl::Status ReadTooOld(int64_t timestamp_micros);
absl::Status ReadTooFarAhead(int64_t timestamp_micros);
absl::Status TransactionClosed();
absl::Status TooManyMutations(int64_t limit);
absl::Status CommitTooLarge(int64_t bytes, int64_t limit);

// ---- Rows ----
absl::Status RowExists(std::string_view table, std::string_view key);
absl::Status RowCreatedTwice(std::string_view table, std::string_view key);
absl::Status RowNotFound(std::string_view table, std::string_view key);
absl::Status RowDeletedThenUpdated(std::string_view table, std::string_view key);
absl::Status ParentNotFound(std::string_view parent, std::string_view child, std::string_view key);
absl::Status ChildExists(std::string_view parent, std::string_view child, std::string_view key);
absl::Status UniqueViolation(std::string_view index, std::string_view key);
absl::Status ForeignKeyViolation(std::string_view constraint, std::string_view table,
                                 std::string_view referenced);
absl::Status WrittenAndDeleted(std::string_view table, std::string_view key);
absl::Status ForeignKeyReferenced(std::string_view constraint, std::string_view table,
                                  std::string_view referencing, std::string_view key);
absl::Status CheckViolation(std::string_view constraint, std::string_view table,
                            std::string_view key);
absl::Status WriteAndDeleteReferenced(std::string_view table, std::string_view key);

// ---- Sequences ----
absl::Status SequenceNotFound(std::string_view sequence);
absl::Status SequenceExhausted();
absl::Status SequenceInReadOnly();
absl::Status IdentityNameMalformed(std::string_view name);
absl::Status IdentityTableNotFound(std::string_view table);
absl::Status IdentityColumnNotFound(std::string_view table, std::string_view column);

// ---- Values ----
absl::Status NotNullViolation(std::string_view table, std::string_view column);
absl::Status NotNullMissing(std::string_view table, std::string_view column);
absl::Status ValueTooLong(std::string_view table, std::string_view column, int64_t limit,
                          int64_t length);
absl::Status VectorLength(std::string_view column, int64_t length, int64_t wanted);
absl::Status VectorNull(std::string_view column);
absl::Status InvalidUtf8(std::string_view table, std::string_view column);
absl::Status KeyColumnMissing(std::string_view table, std::string_view column);
// `of`: "table T", "index I"
absl::Status KeyTooLarge(std::string_view of, int64_t bytes, int64_t limit);
absl::Status KeyPartCount(std::string_view table, int64_t given, int64_t wanted);
absl::Status GeneratedColumnWritten(std::string_view table, std::string_view column);
absl::Status CommitTimestampInFuture(int64_t micros);
absl::Status CommitTimestampNotAllowed(std::string_view table, std::string_view column);
absl::Status PendingCommitTimestampRead(std::string_view table);

}  // namespace ks::local::errors
