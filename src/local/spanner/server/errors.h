// Errors of the server, one function each, with Spanner's codes and words.
//
// The words are those of Google's emulator (recorded in tests/conformance) where
// it has the case. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "local/spanner/errors.h"  // those of tables, rows and transactions

namespace ks::local::errors {

// ---- Names ----
absl::Status InvalidUri(std::string_view what,
                        std::string_view uri);  // what: "project", "instance", …
absl::Status InstanceNotFound(std::string_view uri);
absl::Status DatabaseNotFound(std::string_view uri);
absl::Status SessionNotFound(std::string_view uri);
absl::Status InstanceConfigNotFound(std::string_view id);
absl::Status OperationNotFound(std::string_view uri);
absl::Status InstanceExists(std::string_view uri);
absl::Status DatabaseExists(std::string_view uri);
absl::Status OperationExists(std::string_view uri);
absl::Status InvalidOperationId(std::string_view id);
absl::Status InvalidInstanceId(std::string_view id);
absl::Status InvalidDatabaseId(std::string_view id);
absl::Status InvalidLabelKey(std::string_view key);
absl::Status InvalidLabelValue(std::string_view key, std::string_view value);
absl::Status InvalidFilter(std::string_view filter);
absl::Status InvalidPageToken(std::string_view token);

// ---- Instances and databases ----
absl::Status DisplayNameLength(std::string_view name);
absl::Status NodesAndUnits();
absl::Status UnitsNotMultiple();
absl::Status UnknownFieldInMask(std::string_view path);
absl::Status InstanceNotEmpty(std::string_view uri);
absl::Status TooManyDatabases(int limit);
absl::Status DropProtected(std::string_view uri);
absl::Status PolicyChanged();

// ---- Backups ----
absl::Status InvalidBackupId(std::string_view id);
absl::Status BackupNotFound(std::string_view uri);
absl::Status BackupExists(std::string_view uri);
absl::Status BackupPending(std::string_view database);
absl::Status BackupNotReady(std::string_view uri);
absl::Status BackupExpiry(std::string_view got);
absl::Status BackupExpiryOfSource(std::string_view latest);
absl::Status InstanceHasBackups(std::string_view uri);
absl::Status FutureVersionTime(std::string_view got);
absl::Status OtherInstance(std::string_view database, std::string_view parent);
absl::Status OtherProject(std::string_view backup, std::string_view parent);
absl::Status CopyCancelled(std::string_view uri);
absl::Status ScheduleNotFound(std::string_view uri);
absl::Status ScheduleExists(std::string_view uri);
absl::Status BadCrontab(std::string_view text);
absl::Status BadRetention();
absl::Status MissingCreateStatement();
absl::Status BadCreateStatement(std::string_view statement);
absl::Status MissingStatements();
absl::Status DataDirectoryInUse(std::string_view directory);
absl::Status CatalogUnreadable(std::string_view file, std::string_view why);

// ---- Requests ----
absl::Status MissingField(std::string_view field);  // "CommitRequest.transaction"
absl::Status DdlTooLarge(int64_t bytes);
absl::Status TooManySplitPoints(size_t count);
absl::Status SplitPointLivesTooLong();
absl::Status TooManyAdminRequests(int64_t limit);
absl::Status RequestTooLarge(size_t bytes, size_t limit);
absl::Status ServiceUnknown(std::string_view service);
absl::Status MalformedRequest(std::string_view message);
absl::Status TagTooLong(std::string_view field);
absl::Status BatchOfMultiplexed();
absl::Status NegativeSessionCount();
absl::Status CommitDelayOutOfRange();

// ---- Faults on demand (faults.h) ----
absl::Status BadFault(std::string_view rule);
absl::Status BadFaultRequest(std::string_view field);
absl::Status FaultUnavailable();
absl::Status FaultThrottled();

// ---- Transactions ----
absl::Status TransactionNotFound(std::string_view id);
absl::Status TransactionTooOld(std::string_view oldest);
absl::Status CommitAfterRollback();
absl::Status RollbackAfterCommit();
absl::Status UseAfterEnd();
absl::Status NotCommittable();  // read-only and partitioned DML
absl::Status SingleUseMustBeReadOnly();
absl::Status BoundNeedsSingleUse(std::string_view bound);
absl::Status NegativeStaleness();
absl::Status ReadTimestampInvalid();
absl::Status ReadOnlyCannotExclude();
absl::Status TransactionAborted();
absl::Status DmlNeedsReadWrite(std::string_view kind);
absl::Status DmlInSingleUse();
absl::Status PartitionedOnlyDml();
absl::Status DirectedReadNeedsReadOnly();
absl::Status PartitionedInsert();
absl::Status PartitionedReadsTables();
absl::Status SequenceReused(int64_t seqno, std::string_view sql);
absl::Status SequenceOutOfOrder(int64_t seqno, int64_t last, std::string_view sql);
absl::Status EmptyBatchDml();
absl::Status NotDml();
absl::Status BatchDmlStatement(int index, const absl::Status& cause);

// ---- Reads ----
absl::Status IndexOfOtherTable(std::string_view index, std::string_view indexed,
                               std::string_view table);
absl::Status ColumnNotInIndex(std::string_view index, std::string_view table,
                              std::string_view column);
absl::Status IndexNotReady(std::string_view index);
absl::Status KeyPartCount(std::string_view table, size_t expected, size_t found,
                          std::string_view key);
absl::Status RangeWithoutStart();
absl::Status RangeWithoutEnd();
absl::Status NegativeLimit();
absl::Status LimitWithPartition();
absl::Status ResultTooLarge(size_t limit);
absl::Status ResumeTokenInvalid();
absl::Status PartitionTokenInvalid();
absl::Status PartitionOfOtherRequest();
absl::Status PartitionOfOtherTransaction();
absl::Status PartitionInSingleUse();
absl::Status PartitionNeedsReadOnly();
absl::Status NotPartitionable();

// ---- Queries ----
absl::Status SqlTooLong(size_t chars);
absl::Status TooManyParameters(int count);
absl::Status ParameterMissing(std::string_view name);
absl::Status StructColumn();

// ---- Values ----
absl::Status MutationColumnCount(size_t columns, size_t values);
absl::Status ParseInt64(std::string_view text);
absl::Status ParseKind(std::string_view value,
                       std::string_view type);  // value: as protobuf prints it
absl::Status ParseBytes(std::string_view text, std::string_view type);
absl::Status ParseDate(std::string_view text);
absl::Status DateOutOfRange(std::string_view text);
absl::Status ParseTimestamp(std::string_view text);
absl::Status TimestampOutOfRange(std::string_view text);
absl::Status ParseNumeric(std::string_view text);
absl::Status ParseFloat(std::string_view text, std::string_view type);
absl::Status ParseJson(std::string_view text);
absl::Status ParseText(std::string_view text, std::string_view type);
absl::Status InvalidUtf8();
absl::Status InArrayElement(const absl::Status& cause, size_t index);
absl::Status StructFieldCount(size_t expected, size_t found);
absl::Status TypeMissing();
absl::Status TypeUnsupported(std::string_view type);

}  // namespace ks::local::errors
