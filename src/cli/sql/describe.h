// \d and \dt: what a database holds, from INFORMATION_SCHEMA, so that any Spanner can be asked.
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "cli/result_table.h"
#include "spanner/client.h"

namespace ks::cli {

// Tables, views, indexes, change streams, sequences and models; with `tables_only`, tables.
absl::Status ListObjects(spanner::Client& client, bool tables_only, RowFormat format,
                         std::ostream& out);

// The columns of a table or view, its keys, indexes, foreign keys and checks. `name` as
// `[schema.]name`, whatever its case.
absl::Status DescribeTable(spanner::Client& client, const std::string& name, RowFormat format,
                           std::ostream& out);

}  // namespace ks::cli
