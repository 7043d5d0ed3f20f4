#include "local/spanner/server/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/status_wire.h"

namespace ks::local::errors {

namespace {

absl::string_view A(std::string_view text) { return {text.data(), text.size()}; }

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}
template <typename... Parts>
absl::Status Precondition(const Parts&... parts) {
  return absl::FailedPreconditionError(absl::StrCat(parts...));
}
template <typename... Parts>
absl::Status NotFound(const Parts&... parts) {
  return absl::NotFoundError(absl::StrCat(parts...));
}

absl::Status ResourceNotFound(std::string_view kind, std::string_view type, std::string_view uri) {
  absl::Status status = NotFound(A(kind), " not found: ", A(uri));
  AttachResource(absl::StrCat("type.googleapis.com/", A(type)), uri,
                 absl::StrCat(A(kind), " does not exist."), &status);
  return status;
}

constexpr std::string_view kTypesPage = "https://cloud.google.com/spanner/docs/data-types";

}  // namespace

// ---- Names ----

absl::Status InvalidUri(std::string_view what, std::string_view uri) {
  return Invalid("Invalid ", A(what), " uri: ", A(uri));
}
absl::Status InstanceNotFound(std::string_view uri) {
  return ResourceNotFound("Instance", "google.spanner.admin.instance.v1.Instance", uri);
}
absl::Status DatabaseNotFound(std::string_view uri) {
  return ResourceNotFound("Database", "google.spanner.admin.database.v1.Database", uri);
}
absl::Status SessionNotFound(std::string_view uri) {
  return ResourceNotFound("Session", "google.spanner.v1.Session", uri);
}
absl::Status InstanceConfigNotFound(std::string_view id) {
  return NotFound("Instance config \"", A(id), "\" not found");
}
absl::Status OperationNotFound(std::string_view uri) {
  return NotFound("Operation not found: ", A(uri));
}
absl::Status InstanceExists(std::string_view uri) {
  return absl::AlreadyExistsError(absl::StrCat("Instance already exists: ", A(uri)));
}
absl::Status DatabaseExists(std::string_view uri) {
  return absl::AlreadyExistsError(absl::StrCat("Database already exists: ", A(uri)));
}
absl::Status OperationExists(std::string_view uri) {
  return absl::AlreadyExistsError(absl::StrCat("Operation already exists: ", A(uri)));
}
absl::Status InvalidOperationId(std::string_view id) {
  return Invalid("Invalid operation id: ", A(id), ".");
}
absl::Status InvalidInstanceId(std::string_view id) {
  return Invalid(
      "Instance ID must start with a lowercase letter, be 2-64 characters long, contain only "
      "lowercase letters, "
      "numbers, or hyphens, and not end with a hyphen. Got: ",
      A(id));
}
absl::Status InvalidDatabaseId(std::string_view id) {
  return Invalid(
      "Invalid database name. Database name must start with a lowercase letter, be 2-30 characters "
      "long, contain "
      "only lowercase letters, numbers, underscores or hyphens, and not end with an underscore or "
      "hyphen. Got: ",
      A(id));
}
absl::Status InvalidLabelKey(std::string_view key) {
  return Invalid(
      "Label keys must be between 1-63 characters long, consist only of lowercase letters, digits, "
      "underscores, and "
      "dashes, and must start with a letter. Got: ",
      A(key));
}
absl::Status InvalidLabelValue(std::string_view key, std::string_view value) {
  return Invalid(
      "Label values must be between 0-63 characters long, and consist only of lowercase letters, "
      "digits, "
      "underscores, and dashes. Got for ",
      A(key), ": ", A(value));
}
absl::Status InvalidFilter(std::string_view filter) {
  return Invalid("Invalid filter: ", A(filter),
                 ". Use terms such as labels.env:dev or name:app, joined by AND.");
}
absl::Status InvalidPageToken(std::string_view token) {
  return Invalid("Invalid page_token: ", A(token.substr(0, 100)));
}

// ---- Instances and databases ----

absl::Status DisplayNameLength(std::string_view name) {
  return Invalid("Display name must be 4-30 characters long. Got: ", A(name));
}
absl::Status NodesAndUnits() {
  return Invalid(
      "Invalid CreateInstance request. Only one of nodes or processing units should be specified.");
}
absl::Status UnitsNotMultiple() {
  return Invalid(
      "Invalid CreateInstance request. Processing units should be multiple of 100 for values below "
      "1000 and multiples "
      "of 1000 for values above 1000.");
}
absl::Status UnknownFieldInMask(std::string_view path) {
  return Invalid("The field mask names a field that cannot be updated: ", A(path));
}
absl::Status InstanceNotEmpty(std::string_view uri) {
  return Precondition("Cannot delete instance ", A(uri),
                      " because it contains databases with drop protection.");
}
absl::Status TooManyDatabases(int limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "The instance already has ", limit, " databases, which is the limit. Drop one first."));
}
absl::Status DropProtected(std::string_view uri) {
  return Precondition(
      "Database ", A(uri),
      " cannot be dropped because drop protection is enabled. Call UpdateDatabase to disable it.");
}
absl::Status PolicyChanged() {
  return absl::AbortedError(
      "There were concurrent policy changes: its etag is no longer the one given. Read the policy, "
      "change it and set it again.");
}

// ---- Backups ----

absl::Status InvalidBackupId(std::string_view id) {
  return Invalid(
      "A backup's or schedule's id must start with a lowercase letter, be 2-60 characters long, "
      "contain only lowercase letters, numbers, underscores or hyphens, and not end with an "
      "underscore or hyphen. Got: ",
      A(id));
}
absl::Status BackupNotFound(std::string_view uri) {
  return ResourceNotFound("Backup", "google.spanner.admin.database.v1.Backup", uri);
}
absl::Status BackupExists(std::string_view uri) {
  return absl::AlreadyExistsError(absl::StrCat("Backup already exists: ", A(uri)));
}
absl::Status BackupPending(std::string_view database) {
  return Precondition("Cannot create a backup of ", A(database),
                      " because another one is pending. Wait for it, or cancel its operation.");
}
absl::Status BackupNotReady(std::string_view uri) {
  return Precondition("Backup ", A(uri), " is not ready. Wait for the operation that creates it.");
}
absl::Status BackupExpiry(std::string_view got) {
  return Invalid(
      "expire_time must be at least 6 hours and at most 366 days after the backup's create_time. "
      "Got: ",
      A(got));
}
absl::Status BackupExpiryOfSource(std::string_view latest) {
  return Invalid("expire_time must not be after the backup's max_expire_time, ", A(latest), ".");
}
absl::Status InstanceHasBackups(std::string_view uri) {
  return Precondition("Cannot delete instance ", A(uri),
                      " because it contains backups. Delete them first.");
}
absl::Status FutureVersionTime(std::string_view got) {
  return Invalid("version_time must not be in the future. Got: ", A(got));
}
absl::Status OtherInstance(std::string_view database, std::string_view parent) {
  return Invalid("Database ", A(database), " is not in the backup's instance, ", A(parent), ".");
}
absl::Status OtherProject(std::string_view backup, std::string_view parent) {
  return Invalid("Backup ", A(backup), " is not in the project of ", A(parent),
                 ". Copy it there first.");
}
absl::Status CopyCancelled(std::string_view uri) {
  return absl::CancelledError(absl::StrCat("The creation of ", A(uri), " was cancelled."));
}
absl::Status ScheduleNotFound(std::string_view uri) {
  return ResourceNotFound("BackupSchedule", "google.spanner.admin.database.v1.BackupSchedule", uri);
}
absl::Status ScheduleExists(std::string_view uri) {
  return absl::AlreadyExistsError(absl::StrCat("BackupSchedule already exists: ", A(uri)));
}
absl::Status BadCrontab(std::string_view text) {
  return Invalid("spec.cron_spec.text must be five fields of crontab, such as `0 2 * * *`. Got: ",
                 A(text));
}
absl::Status BadRetention() {
  return Invalid("retention_duration must be at least 6 hours and at most 366 days.");
}

absl::Status MissingCreateStatement() {
  return Invalid("Missing create_statement in the request.");
}
absl::Status BadCreateStatement(std::string_view statement) {
  return Invalid(
      "Error parsing Spanner DDL statement: ", A(statement),
      " : Expecting CREATE DATABASE and a name; a name with hyphens is written in backquotes.");
}
absl::Status MissingStatements() { return Invalid("Missing statements in the request."); }
absl::Status DataDirectoryInUse(std::string_view directory) {
  return absl::UnavailableError(
      absl::StrCat("The data directory ", A(directory),
                   " is in use by another process. Stop it, or choose another directory."));
}
absl::Status CatalogUnreadable(std::string_view file, std::string_view why) {
  return absl::DataLossError(
      absl::StrCat(A(file), " cannot be read: ", A(why),
                   ". Restore it from a copy, or start with an empty data directory."));
}

// ---- Requests ----

absl::Status MissingField(std::string_view field) {
  return Invalid("No value provided for required field: ", A(field));
}
absl::Status DdlTooLarge(int64_t bytes) {
  return Invalid("The statements of one schema change have ", bytes, " bytes; the limit is ",
                 static_cast<int64_t>(limits::kDdlBytes), ". Send them in several requests.");
}
absl::Status TooManySplitPoints(size_t count) {
  return Invalid("Too many split points: ", count, "; one request adds at most ",
                 static_cast<int64_t>(limits::kSplitPointsPerRequest), ". Send several requests.");
}
absl::Status SplitPointLivesTooLong() {
  return Invalid("split_points.expire_time must be within 30 days.");
}
absl::Status TooManyAdminRequests(int64_t limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "Quota exceeded: more than ", limit,
      " administrative requests in 100 seconds (--limit admin-requests). Try again later."));
}
absl::Status RequestTooLarge(size_t bytes, size_t limit) {
  return Invalid("Request is ", bytes, " bytes long; the limit is ", limit, " bytes.");
}
absl::Status ServiceUnknown(std::string_view service) {
  return absl::NotFoundError(
      absl::StrCat("No service ", A(service),
                   " is served here; ask for the empty name, or google.spanner.v1.Spanner."));
}
absl::Status MalformedRequest(std::string_view message) {
  return Invalid("The request is not a valid ", A(message), " message.");
}
absl::Status TagTooLong(std::string_view field) {
  return Invalid(A(field), " must be at most 50 printable ASCII characters.");
}
absl::Status BatchOfMultiplexed() {
  return Invalid(
      "Multiplexed sessions cannot be created with BatchCreateSessions; use CreateSession.");
}
absl::Status NegativeSessionCount() { return Invalid("session_count must not be negative."); }
absl::Status CommitDelayOutOfRange() {
  return Invalid("max_commit_delay must be between 0 and ", limits::kCommitDelayMicrosMax / 1000,
                 " ms.");
}

// ---- Faults on demand ----

absl::Status BadFault(std::string_view rule) {
  return Invalid("Fault rule '", A(rule),
                 "' is not METHOD:KIND:RATE, as Commit:unavailable:0.01, with KIND one of aborted, "
                 "unavailable, lost_answer, throttled, lost_session, or METHOD:latency:RATE:MILLIS "
                 "with MILLIS as 5-50 or ~20.");
}
absl::Status BadFaultRequest(std::string_view field) {
  return Invalid("Field ", A(field),
                 " is unknown or of the wrong type: give {\"rules\": [\"Commit:aborted:0.1\"], "
                 "\"seed\": 7}.");
}
absl::Status FaultUnavailable() {
  return absl::UnavailableError("A fault was asked for: the connection broke.");
}
absl::Status FaultThrottled() {
  absl::Status status = absl::ResourceExhaustedError("A fault was asked for: too many requests.");
  AttachRetry(limits::kRetryAfterThrottleMillis, &status);
  return status;
}

// ---- Transactions ----

absl::Status TransactionNotFound(std::string_view id) {
  return NotFound("Transaction not found: ", A(id));
}
absl::Status TransactionTooOld(std::string_view oldest) {
  return Precondition("Invalid transaction ID. Transaction ID must be >= ", A(oldest));
}
absl::Status CommitAfterRollback() {
  return Precondition("Cannot commit a transaction after it has been rolled back.");
}
absl::Status RollbackAfterCommit() {
  return Precondition("Cannot rollback a transaction after it has been committed.");
}
absl::Status UseAfterEnd() {
  return Precondition(
      "Cannot read or write in a transaction after it has been committed or rolled back.");
}
absl::Status NotCommittable() {
  return Precondition("Cannot commit or rollback a read-only or partitioned-dml transaction.");
}
absl::Status SingleUseMustBeReadOnly() {
  return Invalid("Transaction mode for read only single use transaction should be read_only.");
}
absl::Status BoundNeedsSingleUse(std::string_view bound) {
  return Invalid("Timestamp bound: ", A(bound),
                 " for read can be only be used for a single use transaction.");
}
absl::Status NegativeStaleness() { return Invalid("Staleness must be non-negative."); }
absl::Status ReadTimestampInvalid() { return Invalid("The read timestamp is out of range."); }
absl::Status ReadOnlyCannotExclude() {
  return Invalid(
      "exclude_txn_from_change_streams is only for read-write and partitioned-dml transactions.");
}
absl::Status TransactionAborted() {
  absl::Status status = absl::AbortedError("Transaction was aborted. Retry it from its beginning.");
  AttachRetry(limits::kRetryAfterAbortMillis, &status);
  return status;
}
absl::Status DmlNeedsReadWrite(std::string_view kind) {
  return Invalid(
      "DML statements can only be performed in a read-write or partitioned-dml transaction. "
      "Current transaction type "
      "is ",
      A(kind), ".");
}
absl::Status DmlInSingleUse() {
  return Invalid("DML statements may not be performed in single-use transactions.");
}
absl::Status DirectedReadNeedsReadOnly() {
  return Invalid("Directed reads can only be performed in a read-only transaction.");
}
absl::Status PartitionedOnlyDml() {
  return Invalid("PartitionedDml Transactions may only be used to execute DML statements");
}
absl::Status PartitionedInsert() { return Invalid("INSERT is not supported for Partitioned DML"); }
absl::Status PartitionedReadsTables() {
  return Invalid(
      "Partitioned DML only supports fully partitionable statements. This one reads tables in a "
      "subquery; use a read-write transaction.");
}
absl::Status SequenceReused(int64_t seqno, std::string_view sql) {
  return Invalid("Previously received a different request with this seqno. seqno=", seqno,
                 "\nRequested SQL: ", A(sql));
}
absl::Status SequenceOutOfOrder(int64_t seqno, int64_t last, std::string_view sql) {
  return Invalid("Request has an out-of-order seqno. Request seqno=", seqno,
                 ". Last seen seqno=", last,
                 ". The sequence number must be monotonically increasing within the transaction. "
                 "If a request arrives "
                 "for the first time with an out-of-order sequence number, the transaction will be "
                 "invalidated.\nRequested SQL: ",
                 A(sql));
}
absl::Status EmptyBatchDml() { return Invalid("Request must contain at least one DML statement"); }
absl::Status NotDml() { return Invalid("Only DML statements are allowed in ExecuteBatchDml."); }
absl::Status BatchDmlStatement(int index, const absl::Status& cause) {
  absl::Status status(cause.code(), absl::StrCat("Statement ", index, ": ", cause.message()));
  cause.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& bytes) { status.SetPayload(url, bytes); });
  return status;
}

// ---- Reads ----

absl::Status IndexOfOtherTable(std::string_view index, std::string_view indexed,
                               std::string_view table) {
  return Precondition("Index '", A(index), "' indexes '", A(indexed),
                      "' which does not match the given base table '", A(table), "'.");
}
absl::Status ColumnNotInIndex(std::string_view index, std::string_view table,
                              std::string_view column) {
  return NotFound("Index '", A(index), "' which indexes '", A(table),
                  "' does not have a column named ", A(column),
                  ". Reads with an index can only query columns present in the index (see "
                  "https://cloud.google.com/spanner/docs/secondary-indexes#read-with-index).");
}
absl::Status IndexNotReady(std::string_view index) {
  return Precondition("Index '", A(index), "' is still being filled and cannot be read yet.");
}
absl::Status KeyPartCount(std::string_view table, size_t expected, size_t found,
                          std::string_view key) {
  return Precondition("Wrong number of key parts for ", A(table), ". Expected ", expected,
                      " key parts, found ", found, " key parts. Supplied key: ", A(key));
}
absl::Status RangeWithoutStart() {
  return Invalid("Key range must contain either start_closed or start_open.");
}
absl::Status RangeWithoutEnd() {
  return Invalid("Key range must contain either end_closed or end_open.");
}
absl::Status NegativeLimit() { return Invalid("Limit must be non-negative."); }
absl::Status LimitWithPartition() {
  return Invalid("A limit cannot be used with a partition_token.");
}
absl::Status ResultTooLarge(size_t limit) {
  return Precondition("Result set too large. Result sets larger than ", limit,
                      " bytes can only be yielded by a streaming API.");
}
absl::Status ResumeTokenInvalid() {
  return Invalid(
      "Invalid resume token, or one of another request: all parameters must be the same.");
}
absl::Status PartitionTokenInvalid() { return Invalid("Invalid partition token."); }
absl::Status PartitionOfOtherRequest() {
  return Invalid("Partitioned request was created for different read or sql parameters.");
}
absl::Status PartitionOfOtherTransaction() {
  return Invalid("Partitioned request was created for a different transaction.");
}
absl::Status PartitionInSingleUse() {
  return Invalid(
      "Partition reads may not be performed in single-use transactions, since the response needs "
      "to be reused.");
}
absl::Status PartitionNeedsReadOnly() {
  return Invalid("Partitioned reads can only be performed in a read-only transaction.");
}
absl::Status NotPartitionable() {
  return Invalid(
      "Query is not root partitionable since it does not have a DistributedUnion at the root. "
      "Please check the "
      "conditions for a query to be root-partitionable.");
}

// ---- Queries ----

absl::Status SqlTooLong(size_t chars) {
  return Invalid("Query string length of ", chars, " exceeds maximum allowed length of ",
                 int64_t{limits::kSqlChars}, ".");
}
absl::Status TooManyParameters(int count) {
  return Invalid("Number of parameters in query exceeds the maximum allowed limit of ",
                 int64_t{limits::kQueryParameters}, ", found ", count, ".");
}
absl::Status ParameterMissing(std::string_view name) {
  return Invalid("Incomplete query parameters ", A(name));
}
absl::Status StructColumn() {
  return absl::UnimplementedError(
      "Unsupported query shape: A struct value cannot be returned as a column value. Rewrite the "
      "query to flatten the "
      "struct fields in the result.");
}

// ---- Values ----

absl::Status MutationColumnCount(size_t columns, size_t values) {
  return Invalid("Mutation column and value size mismatch: Found: ", columns, " columns and ",
                 values, " values");
}
absl::Status ParseInt64(std::string_view text) {
  return Precondition("Could not parse ", A(text), " as an integer");
}
absl::Status ParseKind(std::string_view value, std::string_view type) {
  return Precondition("Could not parse ", A(value), " as ", A(type));
}
absl::Status ParseBytes(std::string_view text, std::string_view type) {
  return Precondition(
      "Could not parse ", A(text), " as ", A(type),
      ". Byte strings must be base64-encoded. For more details, see "
      "https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#typecode");
}
constexpr char kDateForm[] =
    ". Dates must be in the format YYYY-[M]M-[D]D and the year must be in the range [1, 9999]. For "
    "more details on the DATE type encoding, see ";
absl::Status ParseDate(std::string_view text) {
  return Precondition("Could not parse ", A(text), " as a DATE", kDateForm, A(kTypesPage),
                      "#date-type");
}
absl::Status DateOutOfRange(std::string_view text) {
  return Invalid("Invalid date value: ", A(text), kDateForm, A(kTypesPage), "#date-type");
}
absl::Status ParseTimestamp(std::string_view text) {
  return Precondition(
      "Could not parse ", A(text),
      " as a TIMESTAMP. The timestamp value must end with an uppercase literal 'Z' to specify Zulu "
      "time (UTC-0). For details on the TIMESTAMP type encoding, see ",
      A(kTypesPage), "#timestamp-type");
}
absl::Status TimestampOutOfRange(std::string_view text) {
  return Invalid("Timestamp out of range: ", A(text),
                 ". For details on the TIMESTAMP type encoding, see ", A(kTypesPage),
                 "#timestamp-type");
}
absl::Status ParseNumeric(std::string_view text) {
  return Precondition(
      "Could not parse ", A(text),
      " as a NUMERIC. The NUMERIC type supports 38 digits of precision and 9 digits of scale. See ",
      A(kTypesPage), " for more details");
}
absl::Status ParseFloat(std::string_view text, std::string_view type) {
  return Precondition("Could not parse ", A(text), " as a ", A(type),
                      ". Only the following string values are supported for ", A(type),
                      ": 'Infinity', 'NaN', and '-Infinity'. See ", A(kTypesPage),
                      "#floating-point-type for more details");
}
absl::Status ParseJson(std::string_view text) {
  return Precondition("Could not parse ", A(text), " as a JSON. See ", A(kTypesPage),
                      " for more details");
}
absl::Status ParseText(std::string_view text, std::string_view type) {
  return Precondition("Could not parse ", A(text), " as ", A(type), ". See ", A(kTypesPage),
                      " for more details");
}
absl::Status InvalidUtf8() { return Invalid("A STRING value is not valid UTF-8."); }
absl::Status InArrayElement(const absl::Status& cause, size_t index) {
  return absl::Status(cause.code(),
                      absl::StrCat(cause.message(), "; When parsing array element #", index));
}
absl::Status StructFieldCount(size_t expected, size_t found) {
  return Invalid("A STRUCT value has ", found, " fields where its type has ", expected, ".");
}
absl::Status TypeMissing() { return Invalid("A type has no code."); }
absl::Status TypeUnsupported(std::string_view type) {
  return absl::UnimplementedError(
      absl::StrCat("Values of type ", A(type), " are not supported here yet."));
}

}  // namespace ks::local::errors
