#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {

absl::Status VerifyChecks(TransactionState& txn, const ChangedRows& rows) {
  absl::flat_hash_map<const Table*, ChangedRows> by_table;
  for (RowWrite* row : rows) {
    if (row->written && row->now != nullptr && !row->table->checks.empty()) {
      by_table[row->table].push_back(row);
    }
  }
  for (auto& [table, changed] : by_table) {
    KS_ASSIGN_OR_RETURN(TableExpressions * expressions, txn.Expressions(*table));
    std::vector<sql::Datum*> images;
    for (RowWrite* row : changed) images.push_back(row->now);
    KS_ASSIGN_OR_RETURN(auto violation, expressions->VerifyChecks(images, txn.writes.arena()));
    if (violation.row < 0) continue;
    return errors::CheckViolation(violation.constraint->name, table->name,
                                  FormatEncodedKey(table->shape, changed[violation.row]->key));
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
