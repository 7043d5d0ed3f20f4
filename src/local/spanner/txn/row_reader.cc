#include "local/spanner/txn/row_reader.h"

#include "base/status_macros.h"

namespace ks::local {
namespace {

std::vector<RowDecoder::Wanted> StoredColumns(const Table& table) {
  std::vector<RowDecoder::Wanted> wanted;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (table.key_position[i] < 0 && column.stored()) {
      wanted.push_back({column.id, column.type, static_cast<int>(i)});
    }
  }
  return wanted;
}

}  // namespace

RowReader::RowReader(const Table& table) : table_(table), decoder_(StoredColumns(table)) {}

absl::Status RowReader::Decode(std::string_view key, std::string_view value, sql::Arena& arena,
                               sql::Datum* row) const {
  sql::Datum* parts = arena.AllocateArray<sql::Datum>(table_.key.size());
  KS_RETURN_IF_ERROR(DecodeKey(table_.shape, key, arena, parts));
  for (size_t i = 0; i < table_.columns.size(); ++i) {
    if (!table_.columns[i].stored()) row[i] = sql::Datum::Null();
  }
  for (size_t i = 0; i < table_.key.size(); ++i) row[table_.key[i].column] = parts[i];
  return decoder_.Decode(value, arena, row);
}

}  // namespace ks::local
