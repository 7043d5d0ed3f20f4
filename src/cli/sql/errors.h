// The errors that the shell itself makes, one function each.
#pragma once

#include "absl/status/status.h"

namespace ks::cli {

absl::Status DdlInTransaction();
absl::Status AlreadyInTransaction();
absl::Status NotInTransaction();
// `status` is Spanner's ABORTED.
absl::Status TransactionAborted(const absl::Status& status);
// EXPLAIN of what is neither a query nor DML.
absl::Status NothingToExplain();
// Ctrl-C.
absl::Status Interrupted();
absl::Status NoSuchCommand(std::string_view command);
absl::Status NothingOfThatName(std::string_view name);
absl::Status CannotReadScript(std::string_view path);

}  // namespace ks::cli
