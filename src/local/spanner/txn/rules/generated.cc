#include <algorithm>

#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {
namespace {

bool Has(const Table& table) {
  return std::any_of(table.columns.begin(), table.columns.end(), [](const Column& column) {
    return column.generated == GeneratedKind::kStored;
  });
}

}  // namespace

absl::Status ComputeGenerated(TransactionState& txn, const ChangedRows& rows) {
  absl::flat_hash_map<const Table*, std::vector<sql::Datum*>> images;
  for (RowWrite* row : rows) {
    if (row->written && row->now != nullptr) images[row->table].push_back(row->now);
  }
  for (auto& [table, list] : images) {
    if (!Has(*table)) continue;
    KS_ASSIGN_OR_RETURN(TableExpressions * expressions, txn.Expressions(*table));
    KS_RETURN_IF_ERROR(expressions->ComputeGenerated(list, txn.writes.arena()));
    for (size_t c = 0; c < table->columns.size(); ++c) {
      const Column& column = table->columns[c];
      if (column.generated != GeneratedKind::kStored || !column.not_null) continue;
      for (const sql::Datum* image : list) {
        if (image[c].null()) return errors::NotNullViolation(table->name, column.name);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
