// Work on all rows of a table while commits go on: filling a new index, giving old rows a new
// column's value.
//
// Rows are taken a thousand at a time in a transaction of its own that locks just their range, so
// nobody waits long; a wounded chunk is done again. Writers that come meanwhile know the new schema
// and keep what is done up to date.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

// Writes the entries of all rows into `index` (of the present schema) and, where it is UNIQUE,
// verifies it.
absl::Status FillIndex(DatabaseCore& core, const std::string& index);

// Writes every row as `change` leaves it; `change` gets all its columns.
absl::Status ChangeRows(
    DatabaseCore& core, const std::string& table,
    const std::function<absl::Status(TableExpressions&, sql::Datum* row, sql::Arena&)>& change);

// Calls `visit` with all rows as of now, without locks.
absl::Status VisitRows(
    DatabaseCore& core, const std::string& table,
    const std::function<absl::Status(std::string_view key, sql::Datum* row)>& visit);

}  // namespace ks::local
