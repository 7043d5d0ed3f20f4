// Errors of DDL, one function each. Codes are Spanner's; texts are close to its own.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace ks::local::errors {

// ---- Names ----
absl::Status DuplicateName(std::string_view name);
absl::Status InvalidName(std::string_view kind, std::string_view name);
absl::Status SchemaNotFound(std::string_view name);
absl::Status ObjectNotFound(std::string_view kind, std::string_view name);
absl::Status DuplicateColumnName(std::string_view column);
absl::Status ColumnMissing(std::string_view table, std::string_view column);
absl::Status TypeNotFound(std::string_view type, std::string_view column);
absl::Status NotImplemented(std::string_view what);

// ---- Tables ----
absl::Status NoPrimaryKey(std::string_view table);
absl::Status KeyColumnUnknown(std::string_view kind, std::string_view object,
                              std::string_view column);
absl::Status KeyColumnTwice(std::string_view kind, std::string_view object,
                            std::string_view column);
absl::Status KeyColumnType(std::string_view column, std::string_view type);
absl::Status BadLength(std::string_view column, int64_t length, int64_t limit);
absl::Status TooMany(std::string_view what, std::string_view object, int64_t limit);
absl::Status ParentKeyMismatch(std::string_view child, std::string_view parent_column,
                               std::string_view difference);
absl::Status DropBlocked(std::string_view object, std::string_view blocked_by);
absl::Status CommitTimestampOption(std::string_view column);
absl::Status InvalidOption(std::string_view what, std::string_view option);
absl::Status NotNullWithoutDefault(std::string_view table, std::string_view column);
absl::Status InvalidExpression(std::string_view column, std::string_view reason);
absl::Status RowDeletionColumn(std::string_view table, std::string_view column);

// ---- Changes ----
absl::Status CannotChangeType(std::string_view column, std::string_view from, std::string_view to);
absl::Status CannotChangeKeyColumn(std::string_view column);
absl::Status CannotDropKeyColumn(std::string_view table, std::string_view column);
absl::Status CannotDropColumn(std::string_view table, std::string_view column,
                              std::string_view used_by);
absl::Status ExistingNull(std::string_view column, std::string_view key);
absl::Status ExistingTooLong(std::string_view column, int64_t limit, int64_t length,
                             std::string_view key);
absl::Status ConstraintNotFound(std::string_view constraint, std::string_view table);
absl::Status NotInterleaved(std::string_view table);
absl::Status CannotChangeInterleaving(std::string_view table);

// ---- Indexes and foreign keys ----
absl::Status IndexColumnType(std::string_view index, std::string_view column,
                             std::string_view type);
absl::Status StoringKeyColumn(std::string_view index, std::string_view column);
absl::Status IndexInterleave(std::string_view index, std::string_view parent);
absl::Status ForeignKeyColumns(std::string_view constraint);
absl::Status ForeignKeyType(std::string_view constraint, std::string_view column,
                            std::string_view referenced);

}  // namespace ks::local::errors
