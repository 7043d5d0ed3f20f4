#include "local/spanner/schema/ddl_errors.h"

#include "absl/strings/str_join.h"
#include "base/str_cat.h"

namespace ks::local::errors {
namespace {

using enum absl::StatusCode;

template <typename... Parts>
absl::Status Make(absl::StatusCode code, const Parts&... parts) {
  return absl::Status(code, StrCat(parts...));
}

// `a`, `b`
std::string Quoted(const std::vector<std::string>& names) {
  return StrCat("`", absl::StrJoin(names, "`, `"), "`");
}

}  // namespace

absl::Status BadStatement(std::string_view statement, std::string_view reason) {
  return Make(kInvalidArgument, "Error parsing Spanner DDL statement: ", statement, " : ", reason);
}
absl::Status NotImplemented(std::string_view what) {
  return Make(kUnimplemented, what, " is not supported by the local Spanner.");
}
absl::Status DuplicateName(std::string_view name) {
  return Make(kFailedPrecondition, "Duplicate name in schema: ", name, ".");
}
absl::Status InvalidName(std::string_view kind, std::string_view name) {
  return Make(kInvalidArgument, kind, " name not valid: ", name, ".");
}
absl::Status SchemaNotFound(std::string_view name) {
  return Make(kNotFound, "Schema not found: ", name);
}
absl::Status NotInNamedSchema(std::string_view kind, std::string_view name) {
  return Make(kUnimplemented, kind, " not yet supported in named schema: ", name, ".");
}
absl::Status SchemaInUse(std::string_view name, std::string_view dependents) {
  return Make(kFailedPrecondition, "Cannot drop schema ", name, " while it has dependencies.\n",
              dependents);
}
absl::Status ObjectNotFound(std::string_view kind, std::string_view name) {
  return Make(kNotFound, kind, " not found: ", name);
}
absl::Status RoleNotFound(std::string_view name) {
  return Make(kNotFound, "Role not found: ", name, ".");
}
absl::Status SessionRoleNotFound(std::string_view name) {
  return Make(kPermissionDenied, "Role not found: ", name, ".");
}
absl::Status NoPrivilege(std::string_view role, std::string_view kind, std::string_view object) {
  return Make(kPermissionDenied, "Role ", role, " does not have required privileges on ", kind, " ",
              object, ".");
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
absl::Status RenameToSelf(std::string_view name) {
  return Make(kFailedPrecondition, "Cannot rename table ", name, " to its own name.");
}
absl::Status RenameAcrossSchemas(std::string_view from, std::string_view to) {
  return Make(kFailedPrecondition, "Cannot rename table ", from, " to ", to,
              ": a table stays in its schema.");
}
absl::Status SynonymExists(std::string_view table, std::string_view synonym) {
  return Make(kInvalidArgument, "Cannot add a synonym to table ", table,
              " because the table already has a synonym ", synonym, ".");
}
absl::Status SynonymMissing(std::string_view table, std::string_view synonym) {
  return Make(kInvalidArgument, "SYNONYM ", synonym, " does not exist on table ", table, ".");
}
absl::Status NoColumns(std::string_view table) {
  return Make(kFailedPrecondition, "Table ", table, " must have at least one column.");
}
absl::Status KeyColumnUnknown(std::string_view table, std::string_view column) {
  return Make(kFailedPrecondition, "Table ", table, " references nonexistent key column ", column,
              ".");
}
absl::Status KeyColumnTwice(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Table ", table, " references key column ", column,
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
absl::Status VectorLengthType(std::string_view column) {
  return Make(kInvalidArgument,
              "`vector_length` can only be applied on ARRAY<FLOAT32>or ARRAY<FLOAT64>, but it is "
              "applied on ",
              column, ".");
}
absl::Status TooManyKeys(std::string_view object, int64_t count, int64_t limit) {
  return Make(kInvalidArgument, object, " has too many keys (", count, "); the limit is ", limit,
              ".");
}
absl::Status TooMany(std::string_view what, std::string_view object, int64_t limit) {
  return Make(kFailedPrecondition, object, " has too many ", what, "; the limit is ", limit, ".");
}
absl::Status TooDeep(std::string_view table, int64_t limit) {
  return Make(kFailedPrecondition, "Table ", table, " is too deeply nested; the limit is ", limit,
              ".");
}
absl::Status CommitTimestampOption(std::string_view column) {
  return Make(
      kFailedPrecondition, "Column ", column,
      " has invalid allow_commit_timestamp option.  Option only allowed on TIMESTAMP columns.");
}
absl::Status NotNullWithoutDefault(std::string_view table, std::string_view column) {
  return Make(kUnimplemented, "Cannot add NOT NULL column ", table, ".", column,
              " to existing table ", table, ".");
}
absl::Status ParentKeyPosition(std::string_view object, std::string_view column, int64_t position) {
  return Make(kFailedPrecondition, object, " references parent key column ", column,
              " at incorrect position ", position, ".");
}
absl::Status ParentKeyMissing(std::string_view object, bool index, std::string_view column) {
  return Make(kFailedPrecondition, object, " does not reference ", index ? "index " : "",
              "parent key column ", column, ".");
}
absl::Status ParentKeyOrder(std::string_view object, std::string_view column, bool descending) {
  return Make(kFailedPrecondition, object, " references parent key column ", column,
              " with incorrect order ", descending ? "DESC" : "ASC", ".");
}
absl::Status ParentKeyNullable(std::string_view object, std::string_view column,
                               bool parent_not_null) {
  return Make(kFailedPrecondition, object, " references parent key column ", column,
              parent_not_null ? " that is not null, but child key is nullable."
                              : " that is nullable, but child key is not null.");
}
absl::Status ParentKeyLength(std::string_view object, std::string_view column,
                             std::string_view length, std::string_view wanted) {
  return Make(kFailedPrecondition, object, " references parent key column ", column,
              " with incorrect length ", length, " (should be ", wanted, ").");
}
absl::Status ParentKeyType(std::string_view object, std::string_view column, std::string_view type,
                           std::string_view wanted) {
  return Make(kFailedPrecondition, object, " references parent key column ", column,
              " with incorrect type ", type, " (should be ", wanted, ").");
}
absl::Status NotInterleaved(std::string_view table) {
  return Make(kInvalidArgument, "Cannot SET ON DELETE on table ", table,
              " that does not have an INTERLEAVE clause.");
}
absl::Status CannotChangeInterleaving(std::string_view table) {
  return Make(kInvalidArgument, "Cannot change interleaving behavior of table ", table, ".");
}
absl::Status MissingParentRow(std::string_view table, std::string_view key) {
  return Make(kFailedPrecondition, "Table ", table,
              " cannot be interleaved in its parent because the parent of row ", key,
              " is missing.");
}
absl::Status BadDefault(std::string_view table, std::string_view column, std::string_view reason) {
  return Make(kInvalidArgument, "Error parsing the default value of column `", table, "`.`", column,
              "`: ", reason);
}
absl::Status BadGenerated(std::string_view table, std::string_view column,
                          std::string_view reason) {
  return Make(kInvalidArgument, "Error parsing the definition of generated column `", table, "`.`",
              column, "`: ", reason);
}
absl::Status BadCheck(std::string_view table, std::string_view check, std::string_view expression,
                      std::string_view reason) {
  return Make(kInvalidArgument, "Error parsing expression '", expression,
              "' from check constraint '", check, "' in table '", table, "': ", reason);
}
std::string DefaultReadsColumn(std::string_view column) {
  return StrCat("Default value expression of column `", column,
                "` has a reference to another column. Default expressions referencing other "
                "columns are not supported.");
}
std::string NoSubqueries(std::string_view where) {
  return StrCat("Cannot use non-scalar expressions inside ", where, ".");
}
std::string NotDeterministic(std::string_view function, std::string_view where) {
  return StrCat("Expression is non-deterministic due to the use of non-determinstic function `",
                function, "`. Expression of ", where,
                " must yield the same value for the same dependent column values. "
                "Non-deterministic functions inside the expressions are not allowed.");
}
absl::Status GeneratedCycle(const std::vector<std::string>& columns) {
  return Make(kFailedPrecondition,
              "Cycle detected while analysing generated column, which include objects (",
              absl::StrJoin(columns, ","), ")");
}
absl::Status CommitTimestampInGenerated(std::string_view column) {
  return Make(kFailedPrecondition, "Cannot use commit timestamp column `", column,
              "` as a dependency of a materialized generated column.");
}
absl::Status CommitTimestampDefault(std::string_view column) {
  return Make(kFailedPrecondition, "Cannot use commit timestamp column `", column,
              "` as a column with default value.");
}
absl::Status CommitTimestampDefaultWithoutOption(std::string_view column) {
  return Make(kFailedPrecondition,
              "Cannot use default value expression PENDING_COMMIT_TIMESTAMP() on column `", column,
              "` without the allow_commit_timestamp column option.");
}
absl::Status OnUpdateOnly() {
  return Make(kInvalidArgument,
              "PENDING_COMMIT_TIMESTAMP() is the only supported ON UPDATE expression.");
}
absl::Status OnUpdateDefault(std::string_view column) {
  return Make(kInvalidArgument, "Column `", column,
              "` with an ON UPDATE expression must have an identical DEFAULT value expression.");
}
absl::Status CheckWithoutColumns(std::string_view table, std::string_view check,
                                 std::string_view expression) {
  return Make(
      kInvalidArgument, "Check constraint `", table, "`.`", check,
      "` does not use any non generated column. Expression: '", expression,
      "'. A check constraint expression requires at least one non-generated column as dependency.");
}
absl::Status GeneratedWithDefault(std::string_view column) {
  return Make(kFailedPrecondition, "Column ", column,
              " with a DEFAULT value cannot be a generated column and vice versa.");
}
absl::Status CannotChangeType(std::string_view column, std::string_view from, std::string_view to) {
  return Make(kInvalidArgument, "Cannot change type of column `", column, "` from `", from,
              "` to `", to, "`");
}
absl::Status CannotChangeKeyColumn(std::string_view column) {
  return Make(kInvalidArgument, "Cannot change key column ", column, ".");
}
absl::Status CannotChangeKeyType(std::string_view column) {
  return Make(kInvalidArgument, "Requested change to key column ", column, " could not be made.");
}
absl::Status CannotChangeParentKey(std::string_view column) {
  return Make(kInvalidArgument, "Cannot alter parent key column ", column, ".");
}
absl::Status CannotDropKeyColumn(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Cannot drop key column ", column, " from table ", table, ".");
}
absl::Status ColumnInIndex(std::string_view table, std::string_view column,
                           std::string_view index) {
  return Make(kFailedPrecondition, "Cannot drop column ", column, " from table ", table,
              " because it is used by index ", index, ".");
}
absl::Status ColumnNullabilityInIndex(std::string_view column, std::string_view index) {
  return Make(kFailedPrecondition, "Changing NOT NULL constraints on column ", column,
              " is not allowed because it affects index ", index, ".");
}
absl::Status ColumnInForeignKeys(std::string_view table, std::string_view column,
                                 const std::vector<std::string>& keys) {
  return Make(kFailedPrecondition, "Cannot drop column `", column, "` from table `", table,
              "`. It is used by one or more foreign keys: ", Quoted(keys),
              ". You must drop the foreign keys before dropping the column.");
}
absl::Status ColumnTypeInForeignKeys(std::string_view table, std::string_view column,
                                     const std::vector<std::string>& keys) {
  return Make(kFailedPrecondition, "Cannot change the type for column `", column, "` of table `",
              table, "`. It is used by one or more foreign keys: ", Quoted(keys), ".");
}
absl::Status ColumnInGenerated(std::string_view table, std::string_view column,
                               std::string_view generated) {
  return Make(kFailedPrecondition, "Cannot drop column `", column, "` from table `", table,
              "` because it is referenced by generated column `", generated, "`.");
}
absl::Status ColumnTypeInGenerated(std::string_view column) {
  return Make(kFailedPrecondition, "Cannot change the data type of column `", column,
              "`, which has a dependent stored generated column.");
}
absl::Status ColumnInCheck(std::string_view column, std::string_view check) {
  return Make(kFailedPrecondition, "Cannot drop column `", column,
              "` on which there is a dependent check constraint: ", check, ".");
}
absl::Status ColumnTypeInCheck(std::string_view column, std::string_view check) {
  return Make(kFailedPrecondition, "Cannot change the data type of column `", column,
              "`, which has a dependent check constraint: ", check, ".");
}
absl::Status ColumnInStreams(std::string_view column, const std::vector<std::string>& streams) {
  return Make(kFailedPrecondition, "Cannot drop column ", column, " . Column ", column,
              " is tracked by ", streams.size(), " Change Stream", streams.size() == 1 ? "" : "s",
              ": ", absl::StrJoin(streams, ", "),
              ". Columns explicitly tracked by a Change Stream cannot be dropped. Please alter the "
              "Change Stream to stop tracking the column before dropping the column.");
}
absl::Status GeneratedExpressionChange(std::string_view column) {
  return Make(kInvalidArgument, "Cannot change the expression of a generated column `", column,
              "` because it is stored or has other dependencies.");
}
absl::Status GeneratedToRegular(std::string_view column) {
  return Make(kInvalidArgument, "Cannot convert generated column `", column,
              "` to a regular column.");
}
absl::Status RegularToGenerated(std::string_view column) {
  return Make(kInvalidArgument, "Cannot convert column `", column, "` to a generated column.");
}
absl::Status ExistingNull(std::string_view table, std::string_view column, std::string_view key) {
  return Make(kFailedPrecondition, "Cannot specify a null value for column: ", column,
              " in table: ", table, " referenced by key: ", key);
}
absl::Status ExistingTooLong(std::string_view column, int64_t limit, int64_t length,
                             std::string_view key) {
  return Make(kFailedPrecondition, "Reducing the length of column ", column, " to ", limit,
              " is not allowed because it has a value of length ", length, " at key: ", key);
}
absl::Status ExistingNotUtf8(std::string_view column, std::string_view key) {
  return Make(kFailedPrecondition, "Alteration of column ", column,
              " is not allowed because it has an invalid UTF-8 character at key: ", key);
}
absl::Status ExistingDuplicate(std::string_view index, std::string_view key) {
  return Make(kFailedPrecondition, "Found uniqueness violation on index ", index,
              ",  duplicate key: ", key);
}
absl::Status ConstraintNotFound(std::string_view constraint, std::string_view table) {
  return Make(kNotFound, constraint, " is not a constraint in ", table);
}
absl::Status NotIdentity(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Column is not an identity column in table ", table, ": ", column);
}
absl::Status IdentityWithDefault(std::string_view column) {
  return Make(kInvalidArgument, "Cannot alter an identity column `", column,
              "` to a generated or default column.");
}
absl::Status IdentityType(std::string_view column) {
  return Make(kInvalidArgument, "Identity column ", column, " must be of type INT64.");
}
absl::Status IdentityWithoutKind(std::string_view column) {
  return Make(kInvalidArgument, "The sequence kind of an identity column ", column,
              " is not specified. Please specify the sequence kind explicitly or set the database "
              "option `default_sequence_kind`.");
}
absl::Status SequenceWithoutKind() {
  return Make(kInvalidArgument,
              "The sequence does not have a valid sequence kind. Please specify the sequence kind "
              "explicitly or set the database option `default_sequence_kind`.");
}
absl::Status SequenceTwice(std::string_view name) {
  return Make(
      kInvalidArgument,
      "The sequence properties can only be set in either clauses and options for the sequence ",
      name);
}
absl::Status SkipRangeHalf() {
  return Make(kFailedPrecondition, "`skip_range_min` and `skip_range_max` have to be set together");
}
absl::Status SkipRangeOrder() {
  return Make(kFailedPrecondition,
              "`skip_range_min` has to be lesser than or equal to `skip_range_max`");
}
absl::Status StartCounterNotPositive() {
  return Make(kFailedPrecondition, "`start_with_counter` has to be a positive INT64 number");
}
absl::Status SequenceKindUnknown(std::string_view kind) {
  return Make(kFailedPrecondition, "Invalid Sequence Kind: ", kind, ".");
}
absl::Status SequenceInUse(std::string_view name, std::string_view column) {
  return Make(kFailedPrecondition, "Cannot drop SEQUENCE `", name,
              "` on which there is a dependent column: ", column, ".");
}
absl::Status RowDeletionColumnType(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "Cannot create ROW DELETION POLICY because column ", column,
              " in table ", table, " is not of type TIMESTAMP.");
}
absl::Status RowDeletionColumnMissing(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument,
              "Cannot create ROW DELETION POLICY because there is no column named ", column,
              " in table ", table, ".");
}
absl::Status RowDeletionExists(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument,
              "Cannot create ROW DELETION POLICY because there is already one on column named ",
              column, " in table ", table, ".");
}
absl::Status RowDeletionMissing(std::string_view table) {
  return Make(kInvalidArgument, "ROW DELETION POLICY does not exist on table ", table, ".");
}
absl::Status RowDeletionBreaks(std::string_view table, std::string_view column) {
  return Make(kInvalidArgument, "ROW DELETION POLICY will break if drop/alter column named ",
              column, " in table ", table,
              ". Row Deletion Policy must be set on column of type TIMESTAMP.");
}
absl::Status RowDeletionNoAction(std::string_view table, std::string_view ancestor) {
  return Make(kInvalidArgument, "Cannot create or alter table ", table,
              " with ON DELETE NO ACTION because there is a row deletion policy on ancestor table ",
              ancestor, ".");
}
absl::Status IndexColumnType(std::string_view index, std::string_view column,
                             std::string_view type) {
  return Make(kFailedPrecondition, "Cannot reference ", type, " ", column,
              " in the creation of index ", index, ".");
}
absl::Status IndexColumnMissing(std::string_view index, std::string_view column) {
  return Make(kInvalidArgument, "Index ", index, " specifies key column ", column,
              " which does not exist in the index's base table.");
}
absl::Status IndexColumnTwice(std::string_view index, std::string_view column) {
  return Make(kInvalidArgument, "Index ", index, " specifies key column ", column, " twice.");
}
absl::Status IndexWithoutColumns(std::string_view index) {
  return Make(kInvalidArgument, "Index ", index, " does not specify any key columns.");
}
absl::Status IndexSchema(std::string_view index, std::string_view table) {
  return Make(kFailedPrecondition, "Index ", index,
              " does not match the schema of the indexed table ", table, ".");
}
absl::Status StoredInKey(std::string_view index, std::string_view column) {
  return Make(kInvalidArgument, "Index ", index, " specifies stored column ", column,
              " already specified as primary key.");
}
absl::Status StoredInTableKey(std::string_view index, std::string_view table,
                              std::string_view column) {
  return Make(kFailedPrecondition, "Index ", index, " specifies stored column ", column,
              " which is a key of table ", table, ".");
}
absl::Status StoredTwice(std::string_view index, std::string_view column) {
  return Make(kFailedPrecondition, "Column ", column, " is already existed in index ", index, ".");
}
absl::Status NotStored(std::string_view index, std::string_view column) {
  return Make(kNotFound, "Index ", index, " does not have stored column ", column, ".");
}
absl::Status IndexParentMissing(std::string_view index, std::string_view parent) {
  return Make(kFailedPrecondition, "Cannot interleave index ", index, " within nonexistent table ",
              parent, ".");
}
absl::Status IndexParentNoAncestor(std::string_view index, std::string_view table,
                                   std::string_view parent) {
  return Make(kFailedPrecondition, "Cannot interleave index ", index, " of table ", table,
              " within table ", parent, " because ", parent, " is not an ancestor of ", table, ".");
}
absl::Status IndexOfForeignKeys(std::string_view index, const std::vector<std::string>& keys) {
  return Make(kFailedPrecondition, "Cannot drop index `", index,
              "`. It is in use by foreign keys: ", Quoted(keys),
              ". You must drop the foreign keys before dropping the index.");
}
absl::Status ForeignKeyCounts(std::string_view key, std::string_view table,
                              std::string_view referenced) {
  return Make(kFailedPrecondition, "The number of columns are different for table `", table,
              "` and table `", referenced, "` in foreign key `", key, "`.");
}
absl::Status ForeignKeyColumnMissing(std::string_view key, std::string_view table,
                                     std::string_view column) {
  return Make(kFailedPrecondition, "Column `", column, "` not found for table `", table,
              "` in foreign key `", key, "`.");
}
absl::Status ForeignKeyColumnTwice(std::string_view key, std::string_view table,
                                   std::string_view column) {
  return Make(kFailedPrecondition, "Column `", column, "` used more than once for table `", table,
              "` in foreign key `", key, "`.");
}
absl::Status ForeignKeyColumnType(std::string_view key, std::string_view table,
                                  std::string_view column) {
  return Make(kFailedPrecondition, "Column `", column, "` for foreign key `", key, "` on table `",
              table, "` has an unsupported type.");
}
absl::Status ForeignKeyTypes(std::string_view key, std::string_view table, std::string_view column,
                             std::string_view referenced, std::string_view referenced_column) {
  return Make(kFailedPrecondition, "The column types are different for column `", column,
              "` of table `", table, "` and column `", referenced_column, "` of table `",
              referenced, "` in foreign key `", key, "`.");
}
absl::Status ForeignKeyCascadeNotEnforced(std::string_view key) {
  return Make(kInvalidArgument, "Foreign key `", key,
              "` cannot be ON DELETE CASCADE and NOT ENFORCED.");
}
absl::Status ExistingForeignKey(std::string_view key, std::string_view table,
                                std::string_view referenced, std::string_view values) {
  return Make(kFailedPrecondition, "Foreign key `", key, "` constraint violation on table `", table,
              "`. Cannot find referenced key `", values, "` in table `", referenced, "`.");
}
absl::Status TableHasChildren(std::string_view table, const std::vector<std::string>& children) {
  return Make(kFailedPrecondition, "Cannot drop table ", table,
              " with interleaved tables: ", absl::StrJoin(children, ","), ".");
}
absl::Status TableHasIndexes(std::string_view table, const std::vector<std::string>& indexes) {
  return Make(kFailedPrecondition, "Cannot drop table ", table,
              " with indices: ", absl::StrJoin(indexes, ","), ".");
}
absl::Status TableHasForeignKeys(std::string_view table, const std::vector<std::string>& keys) {
  return Make(kFailedPrecondition, "Cannot drop table `", table,
              "`. It is referenced by one or more foreign keys: ", Quoted(keys),
              ". You must drop the foreign keys before dropping the table.");
}
absl::Status TableHasStreams(std::string_view table, const std::vector<std::string>& streams) {
  return Make(kFailedPrecondition, "Cannot drop table ", table, ". Table ", table,
              " is tracked by ", streams.size(), " Change Stream", streams.size() == 1 ? "" : "s",
              ": ", absl::StrJoin(streams, ", "),
              ". Tables explicitly tracked by a Change Stream cannot be dropped. Please drop the "
              "Change Stream or modify its FOR clause to stop tracking the table explicitly before "
              "dropping the table.");
}
absl::Status DependentView(std::string_view kind, std::string_view name, std::string_view view) {
  return Make(kFailedPrecondition, "Cannot drop ", kind, " `", name,
              "` on which there are dependent views: ", view, ".");
}
absl::Status RoleInUse(std::string_view role, std::string_view why) {
  return Make(kFailedPrecondition, "Cannot drop role ", role, ": ", why, ".");
}
absl::Status LocalityGroupInUse(std::string_view name) {
  return Make(kFailedPrecondition, "Locality group ", name,
              " cannot be dropped as it is referenced.");
}
absl::Status ViewWithoutSecurity(std::string_view view) {
  return Make(kInvalidArgument, "View `", view, "` is missing the SQL SECURITY clause.");
}
absl::Status BadView(std::string_view view, std::string_view reason) {
  return Make(kInvalidArgument, "Error parsing the definition of view `", view, "`: ", reason);
}
absl::Status ViewRecursive(std::string_view view) {
  return Make(kFailedPrecondition, "Cannot replace VIEW `", view,
              "` because new definition is recursive.");
}
absl::Status ViewBreaks(std::string_view action, std::string_view name, std::string_view view,
                        std::string_view reason) {
  return Make(kFailedPrecondition, "Cannot ", action, " `", name,
              "`. The new definition causes the definition of VIEW `", view,
              "` to become invalid with the following diagnostic message: ", reason);
}
absl::Status VersionRetention(std::string_view value) {
  return Make(kInvalidArgument, "Invalid version_retention_period: ", value,
              ". The period must be a value in the range [1h, 7d].");
}
absl::Status StreamTableMissing(std::string_view stream, std::string_view table) {
  return Make(kFailedPrecondition, "Change Stream ", stream, " cannot track ", table,
              " because either Change Streams do not track database objects of this type, or this "
              "Table does not exist.");
}
absl::Status StreamColumnMissing(std::string_view stream, std::string_view table,
                                 std::string_view column) {
  return Make(kFailedPrecondition, "Change Stream ", stream, " cannot track column ", column,
              " because it does not exist in Table ", table, ".");
}
absl::Status StreamKeyColumn(std::string_view stream, std::string_view table,
                             std::string_view column) {
  return Make(kFailedPrecondition, "The FOR clause of Change Stream ", stream,
              " should not list the primary key column ", column, " of Table ", table,
              ". Please list non-key columns only, because primary key columns are always tracked "
              "if the table is tracked.");
}
absl::Status StreamGeneratedColumn(std::string_view stream, std::string_view table,
                                   std::string_view column) {
  return Make(
      kFailedPrecondition, "Change Stream ", stream,
      " does not support tracking non-key generated column ", table, ".", column,
      ". Change Streams support tracking Tables and Columns in the default schema (not in "
      "INFORMATION_SCHEMA or SPANNER_SYS). Change Streams, Indexes, Queues, Views/Functions and "
      "non-key Generated Columns that are not STORED VOLATILE are not supported for tracking.");
}
absl::Status StreamTableTwice(std::string_view stream, std::string_view table) {
  return Make(kFailedPrecondition, "Change Stream ", stream, " should not list Table ", table,
              " more than once in the FOR clause.");
}
absl::Status StreamColumnTwice(std::string_view stream, std::string_view table,
                               std::string_view column) {
  return Make(kFailedPrecondition, "Change Stream ", stream, " should not list Column ", column,
              " of Table ", table, " more than once in the FOR clause.");
}
absl::Status TooManyStreams(std::string_view stream, int64_t limit) {
  return Make(kFailedPrecondition, "Cannot add Change Stream ", stream,
              " : because the maximum number of Change Streams per Database (limit ", limit,
              ") has been reached.");
}
absl::Status TooManyStreamsOf(std::string_view stream, int64_t limit, std::string_view object) {
  return Make(kFailedPrecondition, "Failed to create or alter Change Stream ", stream,
              " : because it is not allowed to have more than ", limit,
              " Change Streams tracking the same table or non-key column or ALL: ", object, ".");
}
absl::Status StreamRetention(std::string_view value) {
  return Make(kFailedPrecondition, "Invalid retention_period: ", value,
              ". Change Streams retention period must be a value in the range [24h, 7d].");
}
absl::Status StreamCaptureType(std::string_view value) {
  return Make(kFailedPrecondition, "Invalid value_capture_type: ", value,
              ". Change Streams only support value capture types in OLD_AND_NEW_VALUES, NEW_ROW, "
              "and NEW_VALUES.");
}
absl::Status StreamWithoutFor(std::string_view stream) {
  return Make(kFailedPrecondition,
              "The ALTER CHANGE STREAM DROP FOR clause cannot be applied on Change Stream ", stream,
              ", because it does not have a FOR clause and it does not track any database object.");
}
absl::Status NotADuration(std::string_view text) {
  return Make(kFailedPrecondition, "Invalid time duration format: ", text, ".");
}

}  // namespace ks::local::errors
