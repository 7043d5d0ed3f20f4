#include "cli/sql/errors.h"

#include "base/str_cat.h"

namespace ks::cli {

absl::Status DdlInTransaction() {
  return absl::FailedPreconditionError(
      "a change of the schema is no part of a transaction: COMMIT or ROLLBACK first");
}

absl::Status AlreadyInTransaction() {
  return absl::FailedPreconditionError(
      "a transaction is open already: COMMIT or ROLLBACK it first");
}

absl::Status NotInTransaction() {
  return absl::FailedPreconditionError("no transaction is open: BEGIN starts one");
}

absl::Status TransactionAborted(const absl::Status& status) {
  return absl::AbortedError(StrCat(status.message(),
                                   " (The transaction is over and left nothing behind: BEGIN, and "
                                   "run its statements again.)"));
}

absl::Status NothingToExplain() {
  return absl::InvalidArgumentError("EXPLAIN is for queries, INSERT, UPDATE and DELETE");
}

absl::Status Interrupted() { return absl::CancelledError("cancelled"); }

absl::Status NoSuchCommand(std::string_view command) {
  return absl::InvalidArgumentError(StrCat("there is no ", command, "; \\? lists what there is"));
}

absl::Status NothingOfThatName(std::string_view name) {
  return absl::NotFoundError(
      StrCat("there is no table, view or index named ", name, "; \\d lists what there is"));
}

absl::Status CannotReadScript(std::string_view path) {
  return absl::NotFoundError(StrCat("cannot read ", path));
}

}  // namespace ks::cli
