// SimSpanner: the tables of one database in memory, with Commit and Read as strict as Spanner's.
//
// Commits come as wire bytes and are decoded with the generated protos. Mutations are applied in
// order, all or none: INSERT of a row that is there is ALREADY_EXISTS, UPDATE of one that is not is
// NOT_FOUND, so is an INSERT whose interleaved parent is missing; DELETE succeeds either way;
// INSERT twice, or UPDATE after DELETE, of one key in one commit is INVALID_ARGUMENT. A row with
// Poison = 'yes' is refused as a CHECK constraint would (OUT_OF_RANGE).
//
// The journal keeps every write in the order of commits; checkers read it and the tables.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/ports.h"

namespace ks::pipeline {

using SimKey = std::vector<std::string>;
using SimRow = std::map<std::string, std::string>;  // without the columns that are NULL
using SimTable = std::map<SimKey, SimRow>;

struct SimSchema {
  std::vector<std::string> key;    // NULLs in it are empty
  std::set<std::string> integers;  // key columns that sort as numbers
  std::string parent;              // its key is the first three columns
};

class SimSpanner {
 public:
  // It knows the tables of kafka_spanner and of FakeLaneData.
  SimSpanner();
  void Define(const std::string& table, SimSchema schema) { schemas_[table] = std::move(schema); }

  struct Write {
    std::string table;
    SimKey key;
    SimRow row;  // as it was written
    bool deleted = false;
    int64_t commit = 0;
  };

  absl::Status Commit(std::string_view mutations);
  absl::StatusOr<RowsPtr> Read(const ReadSpec& spec) const;

  const SimTable& table(const std::string& name) const;
  const std::vector<Write>& journal() const { return journal_; }
  int64_t commits() const { return commits_; }

 private:
  std::map<std::string, SimSchema> schemas_;
  std::map<std::string, SimTable> tables_;
  std::vector<Write> journal_;
  int64_t commits_ = 0;
};

}  // namespace ks::pipeline
