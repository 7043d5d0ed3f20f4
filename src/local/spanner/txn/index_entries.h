// What a row looks like in an index: which entry it has, if any, and its bytes. Pure functions.
#pragma once

#include <string>

#include "local/spanner/schema/schema.h"
#include "sql/types/datum.h"

namespace ks::local {

// False where NULL_FILTERED or WHERE … IS NOT NULL leaves the row out. `row` has all columns of the
// table.
bool HasEntry(const Index& index, const sql::Datum* row);
// The entry's key, appended.
void AppendEntryKey(const Index& index, const sql::Datum* row, std::string* out);
// The part of it that UNIQUE is about: the declared columns.
void AppendEntryPrefix(const Index& index, const sql::Datum* row, std::string* out);
// The entry's value: the STORING columns.
void AppendEntryValue(const Index& index, const Table& table, const sql::Datum* row,
                      std::string* out);
// A row's value in its table: the stored columns that are not in the key.
void AppendRowValue(const Table& table, const sql::Datum* row, std::string* out);
void AppendRowKey(const Table& table, const sql::Datum* row, std::string* out);

// The key of the table's row that an entry belongs to, from the entry's decoded key
// (index.full_key.size() values).
void AppendRowKeyOfEntry(const Index& index, const Table& table, const sql::Datum* entry_key,
                         std::string* out);

}  // namespace ks::local
