#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/index_entries.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {
namespace {

struct Claim {
  const Index* index;
  const RowWrite* row;
  std::string prefix;  // the unique part
  KeySpan span;        // all entries with it
};

void AddEntry(const Index& index, const sql::Datum* image, std::vector<std::string>* entries) {
  if (image == nullptr || !HasEntry(index, image)) return;
  AppendEntryKey(index, image, &entries->emplace_back());
}

bool HasPrefix(const Index& index, const sql::Datum* image, const std::string& prefix) {
  if (image == nullptr || !HasEntry(index, image)) return false;
  std::string own;
  AppendEntryPrefix(index, image, &own);
  return own == prefix;
}

// Is there a row other than the claimant with this unique value?
absl::Status VerifyClaim(TransactionState& txn, const Claim& claim) {
  const Table& table = *claim.row->table;
  sql::Arena arena(1024);
  std::vector<sql::Datum> parts(claim.index->full_key.size());
  auto stored = txn.core.store().Scan(claim.span, txn.at());
  for (; stored->Valid(); stored->Next()) {
    KS_RETURN_IF_ERROR(DecodeKey(claim.index->shape, stored->key(), arena, parts.data()));
    std::string key;
    AppendRowKeyOfEntry(*claim.index, table, parts.data(), &key);
    const RowWrite* own = txn.writes.Find(key);
    if (own == claim.row) continue;
    if (own != nullptr && own->written && !HasPrefix(*claim.index, own->now, claim.prefix)) {
      continue;  // this transaction gives it another value
    }
    return errors::UniqueViolation(
        claim.index->name,
        FormatEncodedKey(claim.index->shape, stored->key(), claim.index->key.size()));
  }
  return stored->status();
}

// UNIQUE among the transaction's own rows, from this Apply and from earlier ones.
absl::Status VerifyOwn(TransactionState& txn, const Claim& claim) {
  auto [place, fresh] = txn.unique_claims.try_emplace(claim.prefix, claim.row);
  const RowWrite* other = place->second;
  if (fresh || other == claim.row) return absl::OkStatus();
  place->second = claim.row;
  if (!other->written || !HasPrefix(*claim.index, other->now, claim.prefix)) {
    return absl::OkStatus();
  }
  std::string key;
  AppendEntryKey(*claim.index, claim.row->now, &key);
  return errors::UniqueViolation(
      claim.index->name, FormatEncodedKey(claim.index->shape, key, claim.index->key.size()));
}

}  // namespace

absl::Status VerifyIndexes(TransactionState& txn, const ChangedRows& rows) {
  std::vector<std::string> entries;
  std::vector<Claim> claims;
  for (const RowWrite* row : rows) {
    if (!row->written) continue;
    for (const Index* index : row->table->indexes) {
      size_t before = entries.size();
      AddEntry(*index, row->base, &entries);
      AddEntry(*index, row->now, &entries);
      if (entries.size() == before + 2 && entries[before] == entries[before + 1]) {
        entries.pop_back();  // stays where it is; its stored columns may change
      }
      for (size_t i = before; i < entries.size(); ++i) {
        KS_RETURN_IF_ERROR(ValidateKeySize("index", index->name, index->shape, entries[i]));
      }
      if (!index->unique || row->now == nullptr || !HasEntry(*index, row->now)) continue;
      Claim claim{index, row, {}, {}};
      AppendEntryPrefix(*index, row->now, &claim.prefix);
      claim.span = PrefixSpan(claim.prefix);
      if (!HasPrefix(*index, row->base, claim.prefix)) claims.push_back(std::move(claim));
    }
  }
  if (entries.empty()) return absl::OkStatus();
  std::vector<LockRequest> locks;
  for (const std::string& entry : entries) {
    locks.push_back({entry, {}, LockMode::Exclusive(kAllColumns)});
  }
  for (const Claim& claim : claims) {
    // One key stands for the value, but on a snapshot nobody may have taken it since then.
    const bool range = txn.snapshot.has_value();
    locks.push_back({range ? claim.span.start : claim.prefix,
                     range ? std::string_view(claim.span.limit) : std::string_view(),
                     LockMode::Exclusive(kAllColumns)});
  }
  std::sort(locks.begin(), locks.end(),
            [](const LockRequest& a, const LockRequest& b) { return a.key < b.key; });
  KS_RETURN_IF_ERROR(txn.Lock(locks));
  for (const Claim& claim : claims) {
    KS_RETURN_IF_ERROR(VerifyOwn(txn, claim));
    KS_RETURN_IF_ERROR(VerifyClaim(txn, claim));
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
