#include <limits>

#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {

absl::Status RequireParent(TransactionState& txn, const RowWrite& row) {
  const Table* parent = row.table->parent_table;
  if (parent == nullptr) return absl::OkStatus();
  std::string key;
  AppendKeySpace(parent->space, &key);
  for (size_t i = 0; i < parent->key.size(); ++i) {
    AppendKeyPart(parent->shape.parts[i], row.now[row.table->key[i].column], &key);
  }
  KS_ASSIGN_OR_RETURN(bool there, txn.Exists(*parent, key));
  if (there) return absl::OkStatus();
  return errors::ParentNotFound(parent->name, row.table->name,
                                FormatEncodedKey(row.table->shape, row.key));
}

absl::Status DeleteChildren(TransactionState& txn, const RowWrite& row) {
  std::string_view parts = row.key.substr(kKeySpaceBytes);
  for (const Table* child : row.table->children) {
    std::string prefix;
    AppendKeySpace(child->space, &prefix);
    prefix += parts;
    bool cascade = child->on_delete == OnDelete::kCascade;
    size_t at_most = cascade ? std::numeric_limits<size_t>::max() : 1;
    std::vector<std::string> keys;
    if (txn.snapshot.has_value()) {
      // The parent's own lock keeps children out from now on, not since the snapshot.
      const KeySpan span = PrefixSpan(prefix);
      const LockRequest none{span.start, span.limit, LockMode::Shared(kExistenceBit)};
      KS_RETURN_IF_ERROR(txn.Lock({&none, 1}));
    }
    KS_RETURN_IF_ERROR(txn.LiveKeys(PrefixSpan(prefix), at_most, &keys));
    if (keys.empty()) continue;
    if (!cascade) {
      return errors::ChildExists(row.table->name, child->name,
                                 FormatEncodedKey(child->shape, keys.front()));
    }
    std::vector<LockRequest> locks;
    for (const std::string& key : keys) {
      locks.push_back({key, {}, LockMode::Exclusive(kAllColumns)});
    }
    KS_RETURN_IF_ERROR(txn.Lock(locks));
    for (const std::string& key : keys) {
      KS_RETURN_IF_ERROR(DeleteRow(txn, txn.writes.FindOrAdd(*child, key)));
    }
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
