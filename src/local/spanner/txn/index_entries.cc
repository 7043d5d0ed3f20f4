#include "local/spanner/txn/index_entries.h"

#include "local/spanner/storage/row_codec.h"

namespace ks::local {
namespace {

void AppendParts(const KeyShape& shape, const std::vector<KeyColumn>& columns, size_t parts,
                 const sql::Datum* row, std::string* out) {
  AppendKeySpace(shape.space, out);
  for (size_t i = 0; i < parts; ++i) AppendKeyPart(shape.parts[i], row[columns[i].column], out);
}

}  // namespace

bool HasEntry(const Index& index, const sql::Datum* row) {
  if (index.null_filtered) {
    for (const KeyColumn& part : index.key) {
      if (row[part.column].null()) return false;
    }
  }
  for (int column : index.not_null_columns) {
    if (row[column].null()) return false;
  }
  return true;
}

void AppendEntryKey(const Index& index, const sql::Datum* row, std::string* out) {
  AppendParts(index.shape, index.full_key, index.full_key.size(), row, out);
}

void AppendEntryPrefix(const Index& index, const sql::Datum* row, std::string* out) {
  AppendParts(index.shape, index.full_key, index.key.size(), row, out);
}

void AppendEntryValue(const Index& index, const Table& table, const sql::Datum* row,
                      std::string* out) {
  BeginRow(out);
  for (int column : index.storing) {
    AppendCell(table.columns[column].id, table.columns[column].type, row[column], out);
  }
}

void AppendRowValue(const Table& table, const sql::Datum* row, std::string* out) {
  BeginRow(out);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.key_position[i] >= 0 || !table.columns[i].stored()) continue;
    AppendCell(table.columns[i].id, table.columns[i].type, row[i], out);
  }
}

void AppendRowKey(const Table& table, const sql::Datum* row, std::string* out) {
  AppendParts(table.shape, table.key, table.key.size(), row, out);
}

void AppendRowKeyOfEntry(const Index& index, const Table& table, const sql::Datum* entry_key,
                         std::string* out) {
  AppendKeySpace(table.space, out);
  for (size_t i = 0; i < table.key.size(); ++i) {
    for (size_t k = 0; k < index.full_key.size(); ++k) {
      if (index.full_key[k].column != table.key[i].column) continue;
      AppendKeyPart(table.shape.parts[i], entry_key[k], out);
      break;
    }
  }
}

}  // namespace ks::local
