#include "local/spanner/errors.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "base/str_cat.h"

namespace ks::local::errors {
namespace {

constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
// google.rpc.RetryInfo{retry_delay: {nanos: 2,000,000}}: conflicts here last milliseconds.
constexpr char kRetryInfo[] = {0x0a, 0x04, 0x10, '\x80', '\x89', 0x7a};

template <typename... Parts>
absl::Status Make(absl::StatusCode code, const Parts&... parts) {
  return absl::Status(code, StrCat(parts...));
}

using enum absl::StatusCode;

std::string Time(int64_t micros) {
  return absl::FormatTime(absl::FromUnixMicros(micros), absl::UTCTimeZone());
}

}  // namespace

absl::Status StorageFailed(std::string_view reason) {
  return Make(kUnavailable, "The local Spanner's disk refused: ", reason,
              ". Check free space and permissions of its --data directory.");
}

absl::Status CannotOpenStore(std::string_view directory, std::string_view reason) {
  return Make(kFailedPrecondition, "Cannot open the database in ", directory, ": ", reason,
              ". Is another process using this --data directory?");
}

absl::Status BadLimit(std::string_view setting, std::string_view nearest) {
  return Make(kInvalidArgument, "--limit ", setting,
              ": say NAME=VALUE with the name of a limit and a number above 0",
              nearest.empty() ? "" : "; did you mean ", nearest, ". `--help` lists the limits.");
}

absl::Status TableNotFound(std::string_view table) {
  return Make(kNotFound, "Table not found: ", table);
}

absl::Status ColumnNotFound(std::string_view table, std::string_view column) {
  return Make(kNotFound, "Column not found in table ", table, ": ", column);
}

absl::Status IndexNotFound(std::string_view index, std::string_view table) {
  return Make(kNotFound, "No index '", index, "' was found for table '", table, "'.");
}

absl::Status DuplicateColumn(std::string_view column) {
  return Make(kInvalidArgument, "Multiple values for column ", column, ".");
}

absl::Status Aborted(std::string_view reason) {
  absl::Status status = Make(kAborted, reason);
  status.SetPayload(kRetryInfoUrl, absl::Cord(absl::string_view(kRetryInfo, sizeof(kRetryInfo))));
  return status;
}

absl::Status AbortedByConflict() {
  return Aborted(
      "Transaction was aborted. It was wounded by a higher priority transaction due to conflict on "
      "keys "
      "it had locked. Run it again.");
}

absl::Status AbortedByChange() {
  return Aborted(
      "Transaction was aborted. What it read or wrote was changed by another transaction that "
      "committed after its snapshot was taken. Run it again.");
}

absl::Status AbortedIdle() {
  return Aborted(
      "Transaction was aborted. It was idle for more than 10 seconds, so its locks were given to "
      "others. Run it again.");
}

absl::Status AbortedBySchemaChange() {
  return Aborted("Transaction was aborted due to a concurrent schema change. Run it again.");
}

absl::Status ReadTooOld(int64_t micros) {
  return Make(kFailedPrecondition, "Read-only transaction timestamp ", Time(micros),
              " has exceeded the maximum timestamp staleness");
}

absl::Status ReadTooFarAhead(int64_t micros) {
  return Make(kDeadlineExceeded, "Read-only transaction timestamp ", Time(micros),
              " is more than 1 hour in the future; the read would outlast every deadline.");
}

absl::Status TransactionClosed() {
  return Make(kFailedPrecondition,
              "Cannot read, write or commit using a transaction after it has been committed or "
              "rolled back.");
}

absl::Status TooManyMutations(int64_t limit) {
  return Make(kInvalidArgument,
              "The transaction contains too many mutations. Insert and update operations count "
              "with the multiplicity "
              "of the number of columns they affect. For example, inserting values into one key "
              "column and four "
              "non-key columns count as five mutations total for the insert. Delete and delete "
              "range operations count "
              "as one mutation regardless of the number of columns affected. The total mutation "
              "count includes any "
              "changes to indexes that the transaction generates. Please reduce the number of "
              "writes, or use fewer "
              "indexes. (Maximum number: ",
              limit, ")");
}

absl::Status CommitTooLarge(int64_t bytes, int64_t limit) {
  return Make(
      kInvalidArgument,
      "The transaction exceeds the maximum total bytes-size that can be handled by Spanner. ",
      "Please reduce the size or number of the writes, or use fewer indexes. (Size: ", bytes,
      ", maximum: ", limit, ")");
}

absl::Status RowExists(std::string_view table, std::string_view key) {
  return Make(kAlreadyExists, "Row ", key, " in table ", table, " already exists");
}

absl::Status RowCreatedTwice(std::string_view table, std::string_view key) {
  return Make(kInvalidArgument, "Row ", key, " in table ", table,
              " was already created in this transaction.");
}

absl::Status RowNotFound(std::string_view table, std::string_view key) {
  return Make(kNotFound, "Row ", key, " in table ", table, " is missing. Row cannot be updated.");
}

absl::Status RowDeletedThenUpdated(std::string_view table, std::string_view key) {
  return Make(kInvalidArgument, "Row ", key, " in table ", table,
              " was deleted and then updated in the same transaction.");
}

absl::Status ParentNotFound(std::string_view parent, std::string_view child, std::string_view key) {
  return Make(kNotFound, "Parent row for row ", key, " in table ", child,
              " is missing. Row cannot be written. ", "Insert it into table ", parent, " first.");
}

absl::Status ChildExists(std::string_view parent, std::string_view child, std::string_view key) {
  return Make(kFailedPrecondition, "Integrity constraint violation during DELETE/REPLACE in table ",
              parent, ". Found child row ", key, " in table ", child, ".");
}

absl::Status UniqueViolation(std::string_view index, std::string_view key) {
  return Make(kAlreadyExists, "UNIQUE violation on index ", index, ", duplicate key: ", key);
}

absl::Status ForeignKeyViolation(std::string_view constraint, std::string_view table,
                                 std::string_view referenced) {
  return Make(kFailedPrecondition, "Foreign key constraint `", constraint,
              "` is violated on table `", table, "`. Cannot find referenced values in ", referenced,
              ".");
}

absl::Status WrittenAndDeleted(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "Cannot write a value for the referenced column `", table, ".",
              column, "` and delete it in the same transaction.");
}

absl::Status ForeignKeyReferenced(std::string_view constraint, std::string_view table,
                                  std::string_view referencing, std::string_view key) {
  return Make(kFailedPrecondition, "Foreign key constraint `", constraint,
              "` is violated when deleting or updating referenced key ", key, " of ", table,
              ". A row referencing the key exists in ", referencing, ".");
}

absl::Status CheckViolation(std::string_view constraint, std::string_view table,
                            std::string_view key) {
  return Make(kOutOfRange, "Check constraint `", table, "`.`", constraint, "` is violated for key ",
              key);
}

absl::Status WriteAndDeleteReferenced(std::string_view table, std::string_view key) {
  return Make(kFailedPrecondition, "Cannot write and delete the row with key ", key,
              " in the foreign key referenced table ", table, " within the same transaction.");
}

absl::Status SequenceNotFound(std::string_view sequence) {
  return Make(kNotFound, "Sequence not found: ", sequence);
}

absl::Status SequenceExhausted() {
  return Make(kFailedPrecondition, "The sequence is exhausted: its counter has reached its end.");
}

absl::Status SequenceInReadOnly() {
  return Make(kInvalidArgument,
              "The following functions can only be used in a read-write or partitioned-dml "
              "transaction. Current transaction type is ReadOnly: get_next_sequence_value");
}

absl::Status IdentityNameMalformed(std::string_view name) {
  return Make(kInvalidArgument, "The column identifier's format is invalid: ", name,
              ". It should be either \"<schema>.<table>.<column>\" or \"<table>.<column>\".");
}

absl::Status IdentityTableNotFound(std::string_view table) {
  return Make(kInvalidArgument,
              "Table not found for the GET_TABLE_COLUMN_IDENTITY_STATE function: ", table);
}

absl::Status IdentityColumnNotFound(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Identity column not found in table ", table, ": ", column);
}

absl::Status NotNullViolation(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "Cannot specify a null value for column: ", column,
              " in table: ", table);
}

absl::Status NotNullMissing(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "A new row in table ", table,
              " does not specify a non-null value for NOT NULL column: ", column);
}

absl::Status ValueTooLong(std::string_view table, std::string_view column, int64_t limit,
                          int64_t length) {
  return Make(kFailedPrecondition,
              "New value exceeds the maximum size limit for this column: ", table, ".", column,
              ", size: ", length, ", limit: ", limit, ".");
}

absl::Status VectorLength(std::string_view column, int64_t length, int64_t wanted) {
  return Make(kInvalidArgument, "Array column ", column, " has ", length, " elements and ",
              length > wanted ? "exceeds" : "is less than", " the `vector_length` limit: ", wanted,
              ".");
}

absl::Status VectorNull(std::string_view column) {
  return Make(kInvalidArgument, "The array column ", column,
              " has `vector_length`, and Null is not allowed.");
}

absl::Status InvalidUtf8(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Invalid UTF-8 encoding for string value from column ", column,
              " in table ", table, ".");
}

absl::Status KeyColumnMissing(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "A row in table ", table,
              " does not specify a value for key column: ", column,
              ". Every write names all columns of the primary key.");
}

absl::Status KeyTooLarge(std::string_view of, int64_t bytes, int64_t limit) {
  return Make(kInvalidArgument, "Number of bytes for key of ", of, " is ", bytes,
              " which exceeds the maximum of ", limit, ".");
}

absl::Status KeyPartCount(std::string_view table, int64_t given, int64_t wanted) {
  return Make(kFailedPrecondition, "Wrong number of key parts for ", table, ". Expected ", wanted,
              " key parts, found ", given, " key parts.");
}

absl::Status GeneratedColumnWritten(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "Cannot write into generated column `", table, ".", column,
              "`.");
}

absl::Status CommitTimestampInFuture(int64_t micros) {
  return Make(kFailedPrecondition, "Cannot write timestamps in the future, found: ", Time(micros));
}

absl::Status CommitTimestampNotAllowed(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition,
              "Cannot write commit timestamp because the allow_commit_timestamp column option is "
              "not set to true for column ",
              table, ".", column,
              ", or for all corresponding shared key columns in "
              "this table's interleaved table hierarchy.");
}

absl::Status PendingCommitTimestampRead(std::string_view table) {
  return Make(
      kInvalidArgument, table,
      " cannot be accessed because it, or its associated index, has a pending CommitTimestamp");
}

}  // namespace ks::local::errors
