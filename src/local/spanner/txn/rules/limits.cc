#include "local/spanner/limits.h"

#include <algorithm>

#include "local/spanner/errors.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {
namespace {

bool Mentions(const Index& index, int column) {
  auto in_key = [column](const KeyColumn& part) { return part.column == column; };
  return std::any_of(index.key.begin(), index.key.end(), in_key) ||
         std::find(index.storing.begin(), index.storing.end(), column) != index.storing.end();
}

}  // namespace

int64_t CountWrite(const Table& table, const std::vector<int>& columns, bool creates) {
  int64_t count = static_cast<int64_t>(columns.size());
  for (const KeyColumn& part : table.key) {
    if (std::find(columns.begin(), columns.end(), part.column) == columns.end()) ++count;
  }
  if (creates) return count + static_cast<int64_t>(table.indexes.size());
  for (const Index* index : table.indexes) {
    bool affected = std::any_of(columns.begin(), columns.end(), [&](int column) {
      return !table.IsKey(column) && Mentions(*index, column);
    });
    if (affected) count += 2;
  }
  return count;
}

int64_t CountDeletedRow(const Table& table) { return static_cast<int64_t>(table.indexes.size()); }

absl::Status CheckMutationCount(int64_t count) {
  if (count > limits::kMutationsPerCommit) {
    return errors::TooManyMutations(limits::kMutationsPerCommit);
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
