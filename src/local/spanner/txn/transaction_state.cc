#include "local/spanner/txn/transaction_state.h"

#include <algorithm>

#include "base/status_macros.h"
#include "local/spanner/txn/validation.h"

namespace ks::local {

TransactionState::~TransactionState() {
  for (auto& [table, used] : expressions_) {
    core.expressions().Return(*schema, *table, std::move(used));
  }
}

absl::Status TransactionState::Lock(absl::Span<const LockRequest> requests) {
  if (locks_late) {
    for (const LockRequest& request : requests) {
      late_.push_back({std::string(request.key), std::string(request.limit), request.mode});
    }
    return absl::OkStatus();
  }
  KS_RETURN_IF_ERROR(core.locks().Acquire(owner, requests));
  return snapshot.has_value() ? ValidateUnchanged(*this, requests) : absl::OkStatus();
}

absl::Status TransactionState::LockLate() {
  if (!locks_late) return absl::OkStatus();
  std::sort(late_.begin(), late_.end(), [](const LateLock& a, const LateLock& b) {
    return a.key != b.key ? a.key < b.key : a.limit < b.limit;
  });
  std::vector<LockRequest> requests;
  requests.reserve(late_.size());
  for (const LateLock& lock : late_) requests.push_back({lock.key, lock.limit, lock.mode});
  locks_late = false;
  return Lock(requests);
}

absl::Status TransactionState::LockKey(std::string_view key, LockMode mode) {
  LockRequest request{key, {}, mode};
  return Lock({&request, 1});
}

const RowReader& TransactionState::ReaderOf(const Table& table) {
  std::unique_ptr<RowReader>& reader = readers_[&table];
  if (reader == nullptr) reader = std::make_unique<RowReader>(table);
  return *reader;
}

absl::Status TransactionState::EnsureBase(RowWrite& row) {
  if (row.base_state != BaseState::kUnknown) return absl::OkStatus();
  buffer_.clear();
  KS_ASSIGN_OR_RETURN(bool there, core.store().Get(row.key, at(), &buffer_));
  row.base_state = there ? BaseState::kPresent : BaseState::kMissing;
  if (there) {
    sql::Datum* image = writes.NewImage(*row.table);
    KS_RETURN_IF_ERROR(
        ReaderOf(*row.table).Decode(row.key, writes.arena().Copy(buffer_), writes.arena(), image));
    row.base = image;
  }
  if (!row.written) row.now = row.base;
  return absl::OkStatus();
}

absl::StatusOr<bool> TransactionState::Exists(const Table& table, std::string_view key) {
  if (const RowWrite* row = writes.Find(key); row != nullptr) {
    if (row->written) return row->now != nullptr;
    if (row->base_state != BaseState::kUnknown) return row->base_state == BaseState::kPresent;
  }
  KS_RETURN_IF_ERROR(LockKey(key, LockMode::Shared(kExistenceBit)));
  buffer_.clear();
  (void)table;
  return core.store().Get(key, at(), &buffer_);
}

absl::Status TransactionState::LiveKeys(const KeySpan& span, size_t at_most,
                                        std::vector<std::string>* keys) {
  auto own = writes.rows().lower_bound(span.start);
  auto own_end = writes.rows().lower_bound(span.limit);
  auto take_own = [&](std::string_view before) {
    for (; own != own_end && own->first < before; ++own) {
      if (own->second->written && own->second->now != nullptr) keys->emplace_back(own->first);
    }
  };
  auto stored = core.store().Scan(span, at());
  for (; stored->Valid() && keys->size() < at_most; stored->Next()) {
    take_own(stored->key());
    bool same = own != own_end && own->first == stored->key();
    bool gone = same && own->second->written && own->second->now == nullptr;
    if (same) ++own;
    if (!gone) keys->emplace_back(stored->key());
  }
  KS_RETURN_IF_ERROR(stored->status());
  take_own(span.limit);
  return absl::OkStatus();
}

absl::StatusOr<TableExpressions*> TransactionState::Expressions(const Table& table) {
  auto found = expressions_.find(&table);
  if (found != expressions_.end()) return found->second.get();
  KS_ASSIGN_OR_RETURN(auto borrowed, core.expressions().Borrow(*schema, table));
  return expressions_.emplace(&table, std::move(borrowed)).first->second.get();
}

}  // namespace ks::local
