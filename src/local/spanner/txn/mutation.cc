#include "local/spanner/txn/mutation.h"

#include <algorithm>

#include "base/status_macros.h"
#include "local/spanner/errors.h"

namespace ks::local {
namespace {

absl::Status CheckKeyColumns(MutationOp op, const Table& table, const std::vector<int>& columns) {
  for (const KeyColumn& part : table.key) {
    const Column& column = table.columns[part.column];
    if (std::find(columns.begin(), columns.end(), part.column) != columns.end()) continue;
    bool filled_in = column.has_default() && op != MutationOp::kUpdate;
    bool computed = column.generated != GeneratedKind::kNone;
    if (!filled_in && !computed) return errors::KeyColumnMissing(table.name, column.name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Mutation*> MutationList::AddWrite(MutationOp op, std::string_view table_name,
                                                 absl::Span<const std::string> columns) {
  const Table* table = schema_->FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  Mutation mutation{op, table, {}, {}, {}, false};
  mutation.columns.reserve(columns.size());
  for (const std::string& name : columns) {
    int column = table->FindColumn(name);
    if (column < 0) return errors::ColumnNotFound(table->name, name);
    if (std::find(mutation.columns.begin(), mutation.columns.end(), column) !=
        mutation.columns.end()) {
      return errors::DuplicateColumn(table->columns[column].name);
    }
    // A generated key column may be named in an update, to say which row is meant.
    bool key_of_update = op == MutationOp::kUpdate && table->IsKey(column);
    if (table->columns[column].generated != GeneratedKind::kNone && !key_of_update) {
      return errors::GeneratedColumnWritten(table->name, table->columns[column].name);
    }
    mutation.columns.push_back(column);
  }
  KS_RETURN_IF_ERROR(CheckKeyColumns(op, *table, mutation.columns));
  mutations_.push_back(std::move(mutation));
  return &mutations_.back();
}

absl::StatusOr<Mutation*> MutationList::AddDelete(std::string_view table_name) {
  const Table* table = schema_->FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  mutations_.push_back(Mutation{MutationOp::kDelete, table, {}, {}, {}, false});
  return &mutations_.back();
}

absl::Status MutationList::DeleteKey(Mutation* mutation, absl::Span<const sql::Datum> key) {
  const Table& table = *mutation->table;
  if (key.size() != table.key.size()) {
    return errors::KeyPartCount(table.name, static_cast<int64_t>(key.size()),
                                static_cast<int64_t>(table.key.size()));
  }
  mutation->spans.push_back(PointSpan(EncodeKey(table.shape, key)));
  return absl::OkStatus();
}

absl::Status MutationList::DeleteRange(Mutation* mutation, const KeyBounds& bounds) {
  const Table& table = *mutation->table;
  size_t longest = std::max(bounds.start.size(), bounds.limit.size());
  if (longest > table.key.size()) {
    return errors::KeyPartCount(table.name, static_cast<int64_t>(longest),
                                static_cast<int64_t>(table.key.size()));
  }
  mutation->spans.push_back(EncodeBounds(table.shape, bounds));
  return absl::OkStatus();
}

}  // namespace ks::local
