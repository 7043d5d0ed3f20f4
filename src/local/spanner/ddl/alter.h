// ALTER TABLE while it runs. Private to ddl/: alter_table.cc has the actions on the table,
// alter_column.cc those on a column.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "local/spanner/ddl/handlers.h"

namespace ks::local {

struct Alter {
  DdlContext& context;
  const sql::AlterTableStatement& statement;
  std::string table;  // as declared

  using TableEdit = std::function<absl::Status(Schema& next, Table& table)>;
  absl::Status Change(const TableEdit& edit);
  // Of the column that the statement names.
  using ColumnEdit = std::function<absl::Status(Schema& next, Table& table, Column& column)>;
  absl::Status ChangeColumn(const ColumnEdit& edit);
};

absl::Status AddColumn(Alter& alter);
absl::Status DropColumn(Alter& alter);
// ALTER COLUMN c <type> …: its whole new definition.
absl::Status SetColumnType(Alter& alter);
// SET DEFAULT (…), DROP DEFAULT, SET OPTIONS, ALTER IDENTITY, …; NotImplemented for no action of a
// column.
absl::Status AlterColumnProperty(Alter& alter);

}  // namespace ks::local
