// Foreign keys that are enforced: referenced rows are there, and stay there while somebody refers
// to them.
//
// Rows are found through the primary key or an index that begins with the columns asked for; CREATE
// TABLE and ALTER TABLE make such indexes where there are none, so the scan of a whole table is
// only the last resort.
#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/index_entries.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {
namespace {

using sql::Datum;

// Rows of `table` whose `columns` have `values` (in that order).
struct Lookup {
  const Table* table;
  std::vector<int> columns;
  std::vector<Datum> values;
};

// How many leading key columns are exactly the columns wanted, in any order; 0 unless all of them.
bool Leads(const std::vector<KeyColumn>& key, const std::vector<int>& columns) {
  if (key.size() < columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), key[i].column) == columns.end()) return false;
  }
  return true;
}

std::string PrefixOf(const KeyShape& shape, const std::vector<KeyColumn>& key,
                     const Lookup& lookup) {
  std::string prefix;
  AppendKeySpace(shape.space, &prefix);
  for (size_t i = 0; i < lookup.columns.size(); ++i) {
    auto at = std::find(lookup.columns.begin(), lookup.columns.end(), key[i].column);
    AppendKeyPart(shape.parts[i], lookup.values[at - lookup.columns.begin()], &prefix);
  }
  return prefix;
}

bool Matches(const Lookup& lookup, const Datum* row) {
  for (size_t i = 0; i < lookup.columns.size(); ++i) {
    const Datum& value = row[lookup.columns[i]];
    if (value.null()) return false;
    KeyPartType part{lookup.table->columns[lookup.columns[i]].type};
    std::string a, b;
    AppendKeyPart(part, value, &a);
    AppendKeyPart(part, lookup.values[i], &b);
    if (a != b) return false;
  }
  return true;
}

const Index* IndexFor(const Lookup& lookup) {
  for (const Index* index : lookup.table->indexes) {
    // A filtered index may lack rows because of columns that are not asked for.
    bool filtered = !index->not_null_columns.empty() ||
                    (index->null_filtered && index->key.size() > lookup.columns.size());
    if (!filtered && index->backfilled && Leads(index->key, lookup.columns)) return index;
  }
  return nullptr;
}

absl::Status LockSpan(TransactionState& txn, const KeySpan& span) {
  LockRequest request{span.start, span.limit, LockMode::Shared(kAllColumns)};
  return txn.Lock({&request, 1});
}

// Keys of the stored rows that match and that this transaction has not written.
absl::Status StoredRows(TransactionState& txn, const Lookup& lookup,
                        std::vector<std::string>* keys) {
  const Table& table = *lookup.table;
  const Index* index = Leads(table.key, lookup.columns) ? nullptr : IndexFor(lookup);
  bool by_key = index == nullptr && Leads(table.key, lookup.columns);
  KeySpan span = by_key  ? PrefixSpan(PrefixOf(table.shape, table.key, lookup))
                 : index ? PrefixSpan(PrefixOf(index->shape, index->full_key, lookup))
                         : SpaceSpan(table.space);
  KS_RETURN_IF_ERROR(LockSpan(txn, span));
  RowReader reader(table);
  sql::Arena arena(1024);
  std::vector<Datum> parts(table.columns.size() + table.key.size());
  auto stored = txn.core.store().Scan(span, txn.at());
  for (; stored->Valid(); stored->Next()) {
    std::string key(stored->key());
    if (index != nullptr) {
      KS_RETURN_IF_ERROR(DecodeKey(index->shape, stored->key(), arena, parts.data()));
      key.clear();
      AppendRowKeyOfEntry(*index, table, parts.data(), &key);
    } else if (!by_key) {
      KS_RETURN_IF_ERROR(reader.Decode(stored->key(), stored->value(), arena, parts.data()));
      if (!Matches(lookup, parts.data())) continue;
    }
    const RowWrite* own = txn.writes.Find(key);
    if (own == nullptr || !own->written) keys->push_back(std::move(key));
  }
  return stored->status();
}

absl::StatusOr<std::vector<std::string>> LiveRows(TransactionState& txn, const Lookup& lookup) {
  std::vector<std::string> keys;
  KS_RETURN_IF_ERROR(StoredRows(txn, lookup, &keys));
  KeySpan space = SpaceSpan(lookup.table->space);
  const auto& rows = txn.writes.rows();
  for (auto it = rows.lower_bound(space.start); it != rows.end() && it->first < space.limit; ++it) {
    const RowWrite& row = *it->second;
    if (row.written && row.now != nullptr && Matches(lookup, row.now)) keys.emplace_back(row.key);
  }
  return keys;
}

std::string Describe(const Table& table, const std::vector<int>& columns) {
  std::string text = StrCat(table.name, "(");
  for (size_t i = 0; i < columns.size(); ++i) {
    StrAppend(&text, i > 0 ? ", " : "", table.columns[columns[i]].name);
  }
  return text + ")";
}

std::string ValuesText(const Lookup& lookup) {
  KeyShape shape;
  for (int column : lookup.columns) shape.parts.push_back({lookup.table->columns[column].type});
  return FormatKey(shape, lookup.values);
}

std::vector<int> ReferencedColumns(const ForeignKey& key, const Table& referenced) {
  std::vector<int> columns;
  for (const std::string& name : key.referenced_columns) {
    columns.push_back(referenced.FindColumn(name));
  }
  return columns;
}

// `row`'s values of `columns`; false when one is NULL.
bool Values(const Datum* row, const std::vector<int>& columns, std::vector<Datum>* values) {
  for (int column : columns) {
    if (row[column].null()) return false;
    values->push_back(row[column]);
  }
  return true;
}

absl::Status RequireReferenced(TransactionState& txn, const RowWrite& row, const ForeignKey& key) {
  const Table* referenced = txn.schema->FindTable(key.referenced_table);
  if (referenced == nullptr) return absl::OkStatus();
  Lookup lookup{referenced, ReferencedColumns(key, *referenced), {}};
  if (!Values(row.now, key.columns, &lookup.values)) return absl::OkStatus();
  Lookup before{row.table, key.columns, lookup.values};
  if (row.base != nullptr && Matches(before, row.base)) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(auto found, LiveRows(txn, lookup));
  if (!found.empty()) return absl::OkStatus();
  return errors::ForeignKeyViolation(key.name, row.table->name,
                                     Describe(*referenced, lookup.columns));
}

absl::Status ReleaseReferenced(TransactionState& txn, const RowWrite& row, const Table& referencing,
                               const ForeignKey& key) {
  std::vector<int> columns = ReferencedColumns(key, *row.table);
  Lookup lookup{&referencing, key.columns, {}};
  if (row.base == nullptr || !Values(row.base, columns, &lookup.values)) return absl::OkStatus();
  Lookup same{row.table, columns, lookup.values};
  if (row.now != nullptr && Matches(same, row.now)) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(auto referrers, LiveRows(txn, lookup));
  if (referrers.empty()) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(auto others, LiveRows(txn, same));  // the value may have moved to another row
  if (!others.empty()) return absl::OkStatus();
  if (key.on_delete != OnDelete::kCascade || row.now != nullptr) {
    return errors::ForeignKeyReferenced(key.name, Describe(*row.table, columns),
                                        Describe(referencing, key.columns), ValuesText(lookup));
  }
  for (const std::string& referrer : referrers) {
    KS_RETURN_IF_ERROR(txn.LockKey(referrer, LockMode::Exclusive(kAllColumns)));
    KS_RETURN_IF_ERROR(DeleteRow(txn, txn.writes.FindOrAdd(referencing, referrer)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateCascades(const Mutation& deletion, absl::Span<const std::string_view> keys) {
  const Table& table = *deletion.table;
  const auto cascading =
      std::find_if(table.referenced_by.begin(), table.referenced_by.end(), [](const auto& r) {
        return r.second->enforced && r.second->on_delete == OnDelete::kCascade;
      });
  if (cascading == table.referenced_by.end()) return absl::OkStatus();
  std::vector<KeySpan> spans = deletion.spans;
  if (deletion.delete_all) spans.push_back(SpaceSpan(table.space));
  for (const KeySpan& span : spans) {
    const auto key = std::lower_bound(keys.begin(), keys.end(), std::string_view(span.start));
    if (key == keys.end() || *key >= span.limit) continue;
    return errors::WrittenAndDeleted(table.name, cascading->second->referenced_columns.front());
  }
  return absl::OkStatus();
}

absl::Status VerifyForeignKeys(TransactionState& txn, const ChangedRows& rows) {
  // Cascades add to `rows` while it is walked.
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowWrite& row = *rows[i];
    if (!row.written) continue;
    for (const ForeignKey& key : row.table->foreign_keys) {
      if (key.enforced && row.now != nullptr) {
        KS_RETURN_IF_ERROR(RequireReferenced(txn, row, key));
      }
    }
    for (const auto& [referencing, key] : row.table->referenced_by) {
      if (key->enforced) KS_RETURN_IF_ERROR(ReleaseReferenced(txn, row, *referencing, *key));
    }
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
