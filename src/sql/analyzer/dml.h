// Resolved DML: which rows of which table change, and to what.
//
// A statement becomes one query whose rows are the changes. INSERT: the query gives the new values,
// beside `columns`. UPDATE: the key of the row, then the new values. DELETE: the key.
// sql/eval/dml.h runs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/analyzer/resolved.h"

namespace ks::sql {

class Table;

enum class DmlKind : uint8_t { kInsert, kInsertOrUpdate, kInsertOrIgnore, kUpdate, kDelete };

struct ResolvedDml {
  DmlKind kind = DmlKind::kInsert;
  const Table* table = nullptr;
  ResolvedRelPtr rel;
  // UPDATE, DELETE: the whole old row as `rel` gives it, one for each of Table::columns().
  std::vector<ColumnId> old_row;
  // INSERT, UPDATE: the columns that are written (index into Table::columns()) and where `rel`
  // gives their values. A value id of -1: DEFAULT was written.
  std::vector<int> columns;
  std::vector<ColumnId> values;
  // INSERT: DEFAULT may stand in some rows only: for each column the id of a BOOL that says so, or
  // -1.
  std::vector<ColumnId> is_default;

  // THEN RETURN: expressions over the row as it is after the change (before it for DELETE);
  // ColumnId i is Table::columns()[i]; id Table::columns().size() is the action, a STRING, when
  // WITH ACTION was written.
  bool returning = false;
  bool with_action = false;
  std::vector<ComputedColumn> returning_columns;
};

}  // namespace ks::sql
