// Errors of DDL, one function each. Codes and texts are those of Google's emulator, which tests/ddl
// compares; where it has none, or is wrong, they are close to production's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::local::errors {

// ---- Statements ----
// "Error parsing Spanner DDL statement: <statement> : <reason>"
absl::Status BadStatement(std::string_view statement, std::string_view reason);
absl::Status NotImplemented(std::string_view what);

// ---- Names ----
absl::Status DuplicateName(std::string_view name);
absl::Status InvalidName(std::string_view kind, std::string_view name);
absl::Status SchemaNotFound(std::string_view name);
absl::Status NotInNamedSchema(std::string_view kind, std::string_view name);
absl::Status SchemaInUse(std::string_view name, std::string_view dependents);
absl::Status ObjectNotFound(std::string_view kind, std::string_view name);
absl::Status RoleNotFound(std::string_view name);
absl::Status SessionRoleNotFound(std::string_view name);  // who reads or writes as it
absl::Status NoPrivilege(std::string_view role, std::string_view kind, std::string_view object);
absl::Status DuplicateColumnName(std::string_view column);
absl::Status ColumnMissing(std::string_view table, std::string_view column);
absl::Status TypeNotFound(std::string_view type, std::string_view column);
absl::Status RenameToSelf(std::string_view name);
absl::Status RenameAcrossSchemas(std::string_view from, std::string_view to);
absl::Status SynonymExists(std::string_view table, std::string_view synonym);
absl::Status SynonymMissing(std::string_view table, std::string_view synonym);

// ---- Columns and keys ----
absl::Status NoColumns(std::string_view table);
absl::Status KeyColumnUnknown(std::string_view table, std::string_view column);
absl::Status KeyColumnTwice(std::string_view table, std::string_view column);
absl::Status KeyColumnType(std::string_view column, std::string_view type);
absl::Status BadLength(std::string_view column, int64_t length, int64_t limit);
absl::Status VectorLengthType(std::string_view column);
absl::Status TooManyKeys(std::string_view object, int64_t count, int64_t limit);
absl::Status TooMany(std::string_view what, std::string_view object, int64_t limit);
absl::Status TooDeep(std::string_view table, int64_t limit);
absl::Status CommitTimestampOption(std::string_view column);
absl::Status NotNullWithoutDefault(std::string_view table, std::string_view column);

// ---- Interleaving (`object`: `Table C` or `Index I`) ----
absl::Status ParentKeyPosition(std::string_view object, std::string_view column, int64_t position);
absl::Status ParentKeyMissing(std::string_view object, bool index, std::string_view column);
absl::Status ParentKeyOrder(std::string_view object, std::string_view column, bool descending);
absl::Status ParentKeyNullable(std::string_view object, std::string_view column,
                               bool parent_not_null);
absl::Status ParentKeyLength(std::string_view object, std::string_view column,
                             std::string_view length, std::string_view wanted);
absl::Status ParentKeyType(std::string_view object, std::string_view column, std::string_view type,
                           std::string_view wanted);
absl::Status NotInterleaved(std::string_view table);
absl::Status CannotChangeInterleaving(std::string_view table);
absl::Status MissingParentRow(std::string_view table, std::string_view key);

// ---- Expressions ----
absl::Status BadDefault(std::string_view table, std::string_view column, std::string_view reason);
absl::Status BadGenerated(std::string_view table, std::string_view column, std::string_view reason);
absl::Status BadCheck(std::string_view table, std::string_view check, std::string_view expression,
                      std::string_view reason);
std::string DefaultReadsColumn(std::string_view column);
std::string NoSubqueries(std::string_view where);
std::string NotDeterministic(std::string_view function, std::string_view where);
absl::Status GeneratedCycle(const std::vector<std::string>& columns);
absl::Status CommitTimestampInGenerated(std::string_view column);
absl::Status CommitTimestampDefault(std::string_view column);
absl::Status CommitTimestampDefaultWithoutOption(std::string_view column);
absl::Status OnUpdateOnly();
absl::Status OnUpdateDefault(std::string_view column);
absl::Status CheckWithoutColumns(std::string_view table, std::string_view check,
                                 std::string_view expression);
absl::Status GeneratedWithDefault(std::string_view column);

// ---- Changes of columns ----
absl::Status CannotChangeType(std::string_view column, std::string_view from, std::string_view to);
absl::Status CannotChangeKeyColumn(std::string_view column);
absl::Status CannotChangeKeyType(std::string_view column);
absl::Status CannotChangeParentKey(std::string_view column);
absl::Status CannotDropKeyColumn(std::string_view table, std::string_view column);
absl::Status ColumnInIndex(std::string_view table, std::string_view column, std::string_view index);
absl::Status ColumnNullabilityInIndex(std::string_view column, std::string_view index);
absl::Status ColumnInForeignKeys(std::string_view table, std::string_view column,
                                 const std::vector<std::string>& keys);
absl::Status ColumnTypeInForeignKeys(std::string_view table, std::string_view column,
                                     const std::vector<std::string>& keys);
absl::Status ColumnInGenerated(std::string_view table, std::string_view column,
                               std::string_view generated);
absl::Status ColumnTypeInGenerated(std::string_view column);
absl::Status ColumnInCheck(std::string_view column, std::string_view check);
absl::Status ColumnTypeInCheck(std::string_view column, std::string_view check);
absl::Status ColumnInStreams(std::string_view column, const std::vector<std::string>& streams);
absl::Status GeneratedExpressionChange(std::string_view column);
absl::Status GeneratedToRegular(std::string_view column);
absl::Status RegularToGenerated(std::string_view column);
absl::Status ExistingNull(std::string_view table, std::string_view column, std::string_view key);
absl::Status ExistingTooLong(std::string_view column, int64_t limit, int64_t length,
                             std::string_view key);
absl::Status ExistingNotUtf8(std::string_view column, std::string_view key);
absl::Status ExistingDuplicate(std::string_view index, std::string_view key);
absl::Status ConstraintNotFound(std::string_view constraint, std::string_view table);

// ---- Identity and sequences ----
absl::Status NotIdentity(std::string_view table, std::string_view column);
absl::Status IdentityWithDefault(std::string_view column);
absl::Status IdentityType(std::string_view column);
absl::Status IdentityWithoutKind(std::string_view column);
absl::Status SequenceWithoutKind();
absl::Status SequenceTwice(std::string_view name);
absl::Status SkipRangeHalf();
absl::Status SkipRangeOrder();
absl::Status StartCounterNotPositive();
absl::Status SequenceKindUnknown(std::string_view kind);
absl::Status SequenceInUse(std::string_view name, std::string_view column);

// ---- Row deletion policies ----
absl::Status RowDeletionColumnType(std::string_view table, std::string_view column);
absl::Status RowDeletionColumnMissing(std::string_view table, std::string_view column);
absl::Status RowDeletionExists(std::string_view table, std::string_view column);
absl::Status RowDeletionMissing(std::string_view table);
absl::Status RowDeletionBreaks(std::string_view table, std::string_view column);
absl::Status RowDeletionNoAction(std::string_view table, std::string_view ancestor);

// ---- Indexes and foreign keys ----
absl::Status IndexColumnType(std::string_view index, std::string_view column,
                             std::string_view type);
absl::Status IndexColumnMissing(std::string_view index, std::string_view column);
absl::Status IndexColumnTwice(std::string_view index, std::string_view column);
absl::Status IndexWithoutColumns(std::string_view index);
absl::Status IndexSchema(std::string_view index, std::string_view table);
absl::Status StoredInKey(std::string_view index, std::string_view column);
absl::Status StoredInTableKey(std::string_view index, std::string_view table,
                              std::string_view column);
absl::Status StoredTwice(std::string_view index, std::string_view column);
absl::Status NotStored(std::string_view index, std::string_view column);
absl::Status IndexParentMissing(std::string_view index, std::string_view parent);
absl::Status IndexParentNoAncestor(std::string_view index, std::string_view table,
                                   std::string_view parent);
absl::Status IndexOfForeignKeys(std::string_view index, const std::vector<std::string>& keys);
absl::Status ForeignKeyCounts(std::string_view key, std::string_view table,
                              std::string_view referenced);
absl::Status ForeignKeyColumnMissing(std::string_view key, std::string_view table,
                                     std::string_view column);
absl::Status ForeignKeyColumnTwice(std::string_view key, std::string_view table,
                                   std::string_view column);
absl::Status ForeignKeyColumnType(std::string_view key, std::string_view table,
                                  std::string_view column);
absl::Status ForeignKeyTypes(std::string_view key, std::string_view table, std::string_view column,
                             std::string_view referenced, std::string_view referenced_column);
absl::Status ForeignKeyCascadeNotEnforced(std::string_view key);
absl::Status ExistingForeignKey(std::string_view key, std::string_view table,
                                std::string_view referenced, std::string_view values);

// ---- Dropping ----
absl::Status TableHasChildren(std::string_view table, const std::vector<std::string>& children);
absl::Status TableHasIndexes(std::string_view table, const std::vector<std::string>& indexes);
absl::Status TableHasForeignKeys(std::string_view table, const std::vector<std::string>& keys);
absl::Status TableHasStreams(std::string_view table, const std::vector<std::string>& streams);
absl::Status DependentView(std::string_view kind, std::string_view name, std::string_view view);
absl::Status RoleInUse(std::string_view role, std::string_view why);
absl::Status LocalityGroupInUse(std::string_view name);

// ---- Views ----
absl::Status ViewWithoutSecurity(std::string_view view);
absl::Status BadView(std::string_view view, std::string_view reason);
absl::Status ViewRecursive(std::string_view view);
// `action`: `alter TABLE`, `rename TABLE`.
absl::Status ViewBreaks(std::string_view action, std::string_view name, std::string_view view,
                        std::string_view reason);

absl::Status VersionRetention(std::string_view value);

// ---- Change streams ----
absl::Status StreamTableMissing(std::string_view stream, std::string_view table);
absl::Status StreamColumnMissing(std::string_view stream, std::string_view table,
                                 std::string_view column);
absl::Status StreamKeyColumn(std::string_view stream, std::string_view table,
                             std::string_view column);
absl::Status StreamGeneratedColumn(std::string_view stream, std::string_view table,
                                   std::string_view column);
absl::Status StreamTableTwice(std::string_view stream, std::string_view table);
absl::Status StreamColumnTwice(std::string_view stream, std::string_view table,
                               std::string_view column);
absl::Status TooManyStreams(std::string_view stream, int64_t limit);
absl::Status TooManyStreamsOf(std::string_view stream, int64_t limit, std::string_view object);
absl::Status StreamRetention(std::string_view value);
absl::Status StreamCaptureType(std::string_view value);
absl::Status StreamWithoutFor(std::string_view stream);
absl::Status NotADuration(std::string_view text);

}  // namespace ks::local::errors
