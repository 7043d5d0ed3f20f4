// Check: compares tables with what an independent program says they must hold.
//
// The program (dev.yaml's `check:`, run in the directory of dev.yaml) prints one JSON object per
// table on standard output:
//   {"sql": "SELECT … ORDER BY …", "rows": "FILE"}      FILE: one JSON array a line, in the same
//   order, or
//   {"sql": "SELECT …", "rows": [[…], …]}
// Numbers are compared exactly when they are integers and to 9 significant digits when not.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/dev/dev_file.h"
#include "spanner/client.h"

namespace ks::cli {

struct CheckedTable {
  std::string sql;
  int64_t rows = 0;
  int64_t different = 0;              // missing, extra or different rows
  std::vector<std::string> examples;  // of the first few
};

absl::StatusOr<std::vector<CheckedTable>> RunCheck(const DevFile& file, spanner::Client& client);

}  // namespace ks::cli
