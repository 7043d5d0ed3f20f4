// TableStore: the tables that a pipeline writes, in memory, fed with the wire bytes of its commits.
//
// It knows only primary keys (from the plan), applies mutations in order and answers reads by key:
// enough to see what a pipeline would leave in Spanner, and to give partial aggregates back. INSERT
// of a row that is there fails, as in Spanner. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/plan.h"
#include "pipeline/ports.h"

namespace ks::pipeline {

class TableStore {
 public:
  using Row = std::map<std::string, std::string>;  // column -> value as compact JSON
  using Key = std::vector<std::string>;
  using Table = std::map<Key, Row>;

  explicit TableStore(const Plan& plan);

  // `mutations`: CommitRequest.mutations as wire bytes. All or nothing.
  absl::Status Commit(std::string_view mutations);
  absl::StatusOr<RowsPtr> Read(const ReadSpec& read) const;

  const std::map<std::string, Table>& tables() const { return tables_; }
  int64_t commits() const { return commits_; }
  // Rows and deletes that came in, over all commits.
  int64_t writes() const { return writes_; }

 private:
  std::map<std::string, std::vector<std::string>> primary_keys_;
  std::map<std::string, Table> tables_;
  int64_t commits_ = 0;
  int64_t writes_ = 0;
};

}  // namespace ks::pipeline
