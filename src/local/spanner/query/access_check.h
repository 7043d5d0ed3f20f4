// What a statement reads and writes, against the privileges of a role.
//
// A table's columns count where the statement names them (SELECT *, too); a view counts as a whole,
// and beneath one with SQL SECURITY INVOKER so does what it reads. Thread safety: pure functions.
// Source: https://cloud.google.com/spanner/docs/fgac-privileges
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "local/spanner/schema/access.h"
#include "local/spanner/txn/database.h"
#include "sql/analyzer/analyzer.h"

namespace ks::local {

// `text` has been analyzed over `schema` without regard to roles, with these parameters.
// PERMISSION_DENIED when the role lacks a privilege, NOT_FOUND when there is no such role.
absl::Status CheckStatementAccess(const Schema& schema, std::string_view role,
                                  std::string_view text, const sql::ParameterTypes& parameters);

absl::Status CheckReadAccess(const Schema& schema, std::string_view role, const ScanSpec& spec);

}  // namespace ks::local
