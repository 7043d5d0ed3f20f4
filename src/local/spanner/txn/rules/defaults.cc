#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {

absl::Status FillDefaults(TransactionState& txn, const Table& table, const std::vector<bool>& given,
                          sql::Datum* image) {
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    if (given[c] || column.generated != GeneratedKind::kNone) continue;
    image[c] = sql::Datum::Null();
    if (column.has_default()) {
      KS_ASSIGN_OR_RETURN(TableExpressions * expressions, txn.Expressions(table));
      SchemaSequences sequences(txn.core, *txn.schema, true);
      KS_ASSIGN_OR_RETURN(image[c], expressions->Default(static_cast<int>(c),
                                                         ToSqlTimestamp(txn.core.oracle().Now()),
                                                         sequences, txn.writes.arena()));
    }
    if (column.not_null && image[c].null()) return errors::NotNullMissing(table.name, column.name);
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
