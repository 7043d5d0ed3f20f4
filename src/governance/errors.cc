#include "governance/errors.h"

#include "base/str_cat.h"
#include "governance/limits.h"

namespace ks::governance {

absl::Status NoPrivateKey(std::string_view reference) {
  return absl::InvalidArgumentError(
      StrCat("audit.key: ", reference,
             " is no Ed25519 private key in PEM form; make one with `openssl genpkey -algorithm "
             "ed25519 -out audit.key`"));
}

absl::Status NoPublicKey(std::string_view file) {
  return absl::InvalidArgumentError(StrCat(
      file,
      ": no Ed25519 public key in PEM form; get it with `openssl pkey -in audit.key -pubout`"));
}

absl::Status NoCheckpoint(std::string_view reason) {
  return absl::DataLossError(
      StrCat("a checkpoint is not what its key signed: ", reason,
             ". Compare --key with the key of the pipeline's `audit:`; if it is the right one, the "
             "checkpoint was forged or damaged"));
}

absl::Status CannotSign() { return absl::InternalError("OpenSSL could not sign the checkpoint"); }

absl::Status CannotKeepCheckpoint(std::string_view path, std::string_view reason) {
  return absl::FailedPreconditionError(
      StrCat("cannot write the audit log's checkpoint to ", path, ": ", reason));
}

absl::Status TooLongToVerify() {
  return absl::FailedPreconditionError(
      StrCat("the log has more than ", kVerifiedAtOnceMax,
             " entries that were not verified: verify it offline, by `audit export` and `audit "
             "verify`"));
}

absl::Status NoneInTopic(std::string_view topic, std::string_view origin) {
  return absl::DataLossError(StrCat("topic ", topic, " has no checkpoint of ", origin,
                                    ": is it the topic of this log? If it is, they were deleted "
                                    "there, or the first entry was changed here"));
}

absl::Status CannotReadCheckpoints(std::string_view path, std::string_view reason) {
  return absl::FailedPreconditionError(StrCat("cannot read ", path, ": ", reason));
}

absl::Status NoFrontier(uint64_t size, size_t bytes) {
  return absl::DataLossError(StrCat("column Peaks of kafka_spanner.AuditLog has ", bytes,
                                    " bytes at entry ", size - 1,
                                    ", which cannot be: somebody changed it. Export the log and "
                                    "run `audit verify`"));
}

absl::Status LogOutOfOrder(int64_t expected, std::string_view found) {
  return absl::DataLossError(StrCat("kafka_spanner.AuditLog has no entry ", expected, " (found ",
                                    found,
                                    "): somebody removed it. Export the log and run `audit "
                                    "verify`"));
}

absl::Status LogWasChanged(uint64_t checkpoint_size) {
  return absl::DataLossError(
      StrCat("kafka_spanner.AuditLog is not what was signed: its first ", checkpoint_size,
             " entries no longer have the hash of the last checkpoint. Nothing is signed on top of "
             "it. Export the log, run `audit verify`, and find out who can write to the table"));
}

absl::Status LogIsShorter(uint64_t checkpoint_size, uint64_t entries) {
  return absl::DataLossError(StrCat("kafka_spanner.AuditLog has ", entries,
                                    " entries, and a checkpoint was signed for ", checkpoint_size,
                                    ": entries were removed, or this is another database of the "
                                    "same name. Nothing is signed on top of it"));
}

absl::Status IntentNotRecorded(const absl::Status& why) {
  return {why.code(), AbslView(StrCat("nothing was done, as it could not be put on record first: ",
                                      why.message()))};
}

absl::Status ResultNotRecorded(const absl::Status& result, const absl::Status& why) {
  return absl::DataLossError(StrCat(
      result.ok() ? std::string("it was done") : StrCat("it failed (", result.message(), ")"),
      ", and its result could not be put on record: ", why.message(),
      ". Its intent is on record; run `audit sign` when the cause is mended"));
}

absl::Status NoAuditSection(std::string_view file) {
  return absl::InvalidArgumentError(StrCat(file, " has no section `audit:`, so there is no log"));
}

std::string ExpectedPrincipal(std::string_view path, std::string_view found) {
  return StrCat("`", path, "`: expected ISSUER/NAME, as in corp/sre, where ISSUER stands under ",
                "`issuers:`; found `", found, "`");
}

std::string ExpectedMoment(std::string_view path, std::string_view found) {
  return StrCat("`", path, "`: expected a time such as 2026-12-18T00:00:00Z, found `", found, "`");
}

std::string ExceptOfApproval() {
  return "an approval has no exceptions: whoever may act without one in an emergency breaks the "
         "glass. Give the role the verb break_glass";
}

std::string OnlyOfApproval(std::string_view field) {
  return StrCat("`", field, "` belongs to `then: approval`");
}

std::string UnknownMask(std::string_view function, std::string_view nearest) {
  return StrCat("GoogleSQL has no function `", function, "`",
                nearest.empty() ? "" : StrCat("; did you mean `", nearest, "`?"));
}

absl::Status VolatileCondition(std::string_view function) {
  return absl::InvalidArgumentError(
      StrCat(function,
             " may give another answer each time; the time of the action is the column "
             "`now`"));
}

absl::Status NotAnEvent(std::string_view file, size_t line) {
  return absl::DataLossError(
      StrCat(file, ":", line, ": this is no line of an audit export; was it cut or edited?"));
}

absl::Status EntryDuplicated(size_t line, uint64_t seq) {
  return absl::DataLossError(StrCat("line ", line, ": entry ", seq, " is there twice"));
}

absl::Status EntryMissing(size_t line, uint64_t expected, uint64_t found) {
  return absl::DataLossError(
      StrCat("line ", line, ": entry ", expected, " was removed (found ", found, ")"));
}

absl::Status EntryReordered(size_t line, uint64_t expected, uint64_t found) {
  return absl::DataLossError(
      StrCat("line ", line, ": entry ", found, " stands where entry ", expected, " belongs"));
}

absl::Status EventDiffersFromEntry(size_t line, uint64_t seq) {
  return absl::DataLossError(StrCat("line ", line, ": the event around entry ", seq,
                                    " does not say what the entry (raw_data) says"));
}

absl::Status EntriesChanged(uint64_t from, uint64_t to) {
  return absl::DataLossError(StrCat("of entries ", from, " to ", to - 1,
                                    " at least one is not what was signed: changed, exchanged or "
                                    "made up"));
}

absl::Status ExportTruncated(uint64_t entries, uint64_t signed_size) {
  return absl::DataLossError(
      StrCat("truncated: there are ", entries, " entries, and ", signed_size, " were signed"));
}

absl::Status NothingSigned() {
  return absl::DataLossError(
      "there is no signed checkpoint, so nothing can be verified; give those that were published "
      "with --checkpoints");
}

absl::Status EndNotSigned(uint64_t signed_size, uint64_t entries) {
  return absl::DataLossError(
      StrCat("entries ", signed_size, " to ", entries - 1,
             " are covered by no signed checkpoint: an action was under way, or they were made up. "
             "`audit sign` signs them, then export again"));
}

absl::Status ForeignCheckpoint(std::string_view origin, std::string_view other) {
  return absl::DataLossError(
      StrCat("checkpoints of two logs: ", origin, " and ", other, "; verify one log at a time"));
}

absl::Status NoSuchEntry(std::string_view id) {
  return absl::NotFoundError(StrCat("no entry has the id ", id));
}

absl::Status NoSuchSize(uint64_t size, uint64_t signed_size) {
  return absl::InvalidArgumentError(
      StrCat("--since ", size, ": give a size from 1 to ", signed_size, ", the last one signed"));
}

}  // namespace ks::governance
