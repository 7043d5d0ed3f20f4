#include "local/spanner/schema/ddl_errors.h"

#include "base/str_cat.h"

namespace ks::local::errors {
namespace {

using enum absl::StatusCode;

template <typename... Parts>
absl::Status Make(absl::StatusCode code, const Parts&... parts) {
  return absl::Status(code, StrCat(parts...));
}

}  // namespace

absl::Status DuplicateName(std::string_view name) {
  return Make(kFailedPrecondition, "Duplicate name in schema: ", name, ".");
}
absl::Status InvalidName(std::string_view kind, std::string_view name) {
  return Make(kInvalidArgument, kind, " name not valid: ", name, ".");
}
absl::Status SchemaNotFound(std::string_view name) {
  return Make(kNotFound, "Schema not found: ", name);
}
absl::Status ObjectNotFound(std::string_view kind, std::string_view name) {
  return Make(kNotFound, kind, " not found: ", name);
}
absl::Status DuplicateColumnName(std::string_view column) {
  return Make(kFailedPrecondition, "Duplicate column name ", column, ".");
}
absl::Status ColumnMissing(std::string_view table, std::string_view column) {
  return Make(kNotFound, "Column not found in table ", table, ": ", column);
}
absl::Status TypeNotFound(std::string_view type, std::string_view column) {
  return Make(kInvalidArgument, "Type not found: ", type, " (of column ", column,
              "). PROTO and ENUM types must be in the database's proto bundle.");
}
absl::Status NotImplemented(std::string_view what) {
  return Make(kUnimplemented, what, " is not supported by the local Spanner.");
}

absl::Status NoPrimaryKey(std::string_view table) {
  return Make(kInvalidArgument, "Table ", table, " must have a PRIMARY KEY clause.");
}
absl::Status KeyColumnUnknown(std::string_view kind, std::string_view object,
                              std::string_view column) {
  return Make(kFailedPrecondition, kind, " ", object, " references nonexistent key column ", column,
              ".");
}
absl::Status KeyColumnTwice(std::string_view kind, std::string_view object,
                            std::string_view column) {
  return Make(kInvalidArgument, kind, " ", object, " references key column ", column,
              " more than once.");
}
absl::Status KeyColumnType(std::string_view column, std::string_view type) {
  return Make(kInvalidArgument, "Column ", column, " has type ", type,
              ", but is part of the primary key.");
}
absl::Status BadLength(std::string_view column, int64_t length, int64_t limit) {
  return Make(kInvalidArgument, "Bad length for column ", column, ": ", length,
              " : Allowed length range: [1, ", limit, "].");
}
absl::Status TooMany(std::string_view what, std::string_view object, int64_t limit) {
  return Make(kFailedPrecondition, object, " has too many ", what, "; the limit is ", limit, ".");
}
absl::Status ParentKeyMismatch(std::string_view child, std::string_view parent_column,
                               std::string_view difference) {
  return Make(kFailedPrecondition, "Table ", child, " does not reference parent key column ",
              parent_column, ": ", difference, ".");
}
absl::Status DropBlocked(std::string_view object, std::string_view blocked_by) {
  return Make(kFailedPrecondition, "Cannot drop ", object, " with ", blocked_by, ".");
}
absl::Status CommitTimestampOption(std::string_view column) {
  return Make(
      kFailedPrecondition, "Column ", column,
      " has invalid allow_commit_timestamp option.  Option only allowed on TIMESTAMP columns.");
}
absl::Status InvalidOption(std::string_view what, std::string_view option) {
  return Make(kInvalidArgument, "Option: ", option, " is unknown or has a wrong value for ", what,
              ".");
}
absl::Status NotNullWithoutDefault(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "Cannot add NOT NULL column ", table, ".", column,
              " to existing table ", table, ".");
}
absl::Status InvalidExpression(std::string_view column, std::string_view reason) {
  return Make(kInvalidArgument, "Error parsing the definition of ", column, ": ", reason);
}
absl::Status RowDeletionColumn(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Row deletion policy column ", column, " of table ", table,
              " must be an existing TIMESTAMP column.");
}

absl::Status CannotChangeType(std::string_view column, std::string_view from, std::string_view to) {
  return Make(kFailedPrecondition, "Cannot change type of column `", column, "` from `", from,
              "` to `", to, "`.");
}
absl::Status CannotChangeKeyColumn(std::string_view column) {
  return Make(kInvalidArgument, "Cannot change key column ", column, ".");
}
absl::Status CannotDropKeyColumn(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Cannot drop key column ", column, " from table ", table, ".");
}
absl::Status CannotDropColumn(std::string_view table, std::string_view column,
                              std::string_view used_by) {
  return Make(kFailedPrecondition, "Cannot drop column ", column, " from table ", table,
              " because it is used by ", used_by, ".");
}
absl::Status ExistingNull(std::string_view column, std::string_view key) {
  return Make(kFailedPrecondition, "Adding a NOT NULL constraint on a column ", column,
              " is not allowed because it has a NULL value at key: ", key);
}
absl::Status ExistingTooLong(std::string_view column, int64_t limit, int64_t length,
                             std::string_view key) {
  return Make(kFailedPrecondition, "Reducing the length of column ", column, " to ", limit,
              " is not allowed because it has a value of length ", length, " at key: ", key);
}
absl::Status ConstraintNotFound(std::string_view constraint, std::string_view table) {
  return Make(kNotFound, constraint, " is not a constraint in ", table);
}
absl::Status NotInterleaved(std::string_view table) {
  return Make(kInvalidArgument, "Cannot SET ON DELETE on table ", table,
              " that does not have an INTERLEAVE clause.");
}
absl::Status CannotChangeInterleaving(std::string_view table) {
  return Make(kInvalidArgument, "Cannot change interleaving behavior of table ", table, ".");
}

absl::Status IndexColumnType(std::string_view index, std::string_view column,
                             std::string_view type) {
  return Make(kFailedPrecondition, "Cannot reference ", type, " ", column,
              " in the creation of index ", index, ".");
}
absl::Status StoringKeyColumn(std::string_view index, std::string_view column) {
  return Make(kFailedPrecondition, "Index ", index, " specifies stored column ", column,
              " which is a key of its table or of itself.");
}
absl::Status IndexInterleave(std::string_view index, std::string_view parent) {
  return Make(kFailedPrecondition, "Index ", index,
              " must be interleaved in a table whose primary key ",
              "is a prefix of the index's key; ", parent, " is not.");
}
absl::Status ForeignKeyColumns(std::string_view constraint) {
  return Make(kFailedPrecondition, "Foreign key ", constraint,
              " must name as many referencing as referenced columns, at least one, each once.");
}
absl::Status ForeignKeyType(std::string_view constraint, std::string_view column,
                            std::string_view referenced) {
  return Make(kFailedPrecondition, "The type of column ", column, " in foreign key ", constraint,
              " does not match the type of the referenced column ", referenced, ".");
}

}  // namespace ks::local::errors
