#include "local/spanner/server/sessions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "local/spanner/limits.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/registry.h"
#include "local/spanner/server/resource_names.h"

namespace ks::local {

namespace {

std::string NewId() { return absl::StrCat(absl::Hex(env::RealRandom().Next(), absl::kZeroPad16)); }

bool Expired(const Session& session, int64_t now_nanos) {
  if (session.spec().multiplexed)
    return now_nanos - session.created_nanos() > limits::kMultiplexedLifeNanos;
  return now_nanos - session.last_used_nanos() > limits::kSessionIdleNanos;
}

// How long it is kept, counted from its last call. An active one is ended after its life, and then
// kept to say so.
int64_t LifeOf(Transaction& transaction) ABSL_EXCLUSIVE_LOCKS_REQUIRED(transaction.mu()) {
  if (transaction.kind() != TransactionKind::kReadWrite) return limits::kReadOnlyTransactionNanos;
  return transaction.phase() == TransactionPhase::kActive ? limits::kIdleTransactionNanos
                                                          : limits::kFinishedTransactionNanos;
}

}  // namespace

Session::Session(std::string name, SessionSpec spec, std::shared_ptr<OpenDatabase> database,
                 int64_t now_nanos)
    : name_(std::move(name)),
      spec_(std::move(spec)),
      database_(std::move(database)),
      created_nanos_(now_nanos),
      last_used_nanos_(now_nanos) {}

Session::~Session() = default;

Database& Session::database() const { return database_->database(); }

uint64_t Session::AgeFor(const TransactionSpec& spec) {
  if (spec.previous_id.empty()) return spec_.multiplexed ? 0 : aborted_age_.exchange(0);
  absl::MutexLock lock(&mu_);
  const auto found = transactions_.find(spec.previous_id);
  return found == transactions_.end() ? 0 : found->second->age();
}

absl::StatusOr<std::shared_ptr<Transaction>> Session::Begin(TransactionSpec spec, int64_t now_nanos,
                                                            const Patience& patience) {
  spec.read_write.previous_age = AgeFor(spec);
  spec.read_write.writer.role = spec_.creator_role;
  const bool token = spec_.multiplexed && spec.kind == TransactionKind::kReadWrite;
  auto transaction = std::make_shared<Transaction>(NewId(), std::move(spec), token);
  transaction->Touch(now_nanos);
  {
    CallGateLock lock(&transaction->mu());
    KS_RETURN_IF_ERROR(transaction->Begin(database(), patience));
  }
  std::shared_ptr<Transaction> oldest;
  {
    absl::MutexLock lock(&mu_);
    transactions_[transaction->id()] = transaction;
    // A multiplexed session has any number, and no use for their order.
    if (!spec_.multiplexed) order_.push_back(transaction->id());
    if (order_.size() > limits::kTransactionsPerSession) {
      const auto found = transactions_.find(order_.front());
      if (found != transactions_.end()) {
        oldest = std::move(found->second);
        transactions_.erase(found);
      }
      order_.pop_front();
    }
  }
  if (oldest != nullptr) {
    CallGateLock lock(&oldest->mu());
    oldest->Abandon(errors::TransactionAborted());
  }
  return transaction;
}

absl::StatusOr<std::shared_ptr<Transaction>> Session::Find(std::string_view id, int64_t now_nanos) {
  absl::MutexLock lock(&mu_);
  const auto found = transactions_.find(absl::string_view(id.data(), id.size()));
  if (found == transactions_.end()) return errors::TransactionNotFound(id);
  found->second->Touch(now_nanos);
  return found->second;
}

void Session::Forget(const std::string& id) {
  std::shared_ptr<Transaction> gone;  // outlives the lock
  absl::MutexLock lock(&mu_);
  const auto found = transactions_.find(id);
  if (found == transactions_.end()) return;
  gone = std::move(found->second);
  transactions_.erase(found);
  order_.erase(std::remove(order_.begin(), order_.end(), id), order_.end());
}

void Session::Sweep(int64_t now_nanos) {
  std::vector<std::shared_ptr<Transaction>> all, gone;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, transaction] : transactions_) all.push_back(transaction);
  }
  for (std::shared_ptr<Transaction>& transaction : all) {
    const int64_t idle = now_nanos - transaction->last_used_nanos();
    if (idle <= limits::kIdleTransactionNanos) continue;  // the shortest of all lives
    if (!transaction->mu().TryLock()) continue;           // at work, so not idle
    CallGateLock lock(&transaction->mu(), std::adopt_lock);
    if (idle <= LifeOf(*transaction)) continue;
    // An active one answers ABORTED for a while before it is forgotten.
    const bool active = transaction->phase() == TransactionPhase::kActive;
    transaction->Abandon(errors::AbortedIdle());
    if (active && transaction->kind() == TransactionKind::kReadWrite) continue;
    gone.push_back(transaction);
  }
  for (std::shared_ptr<Transaction>& transaction : gone) Forget(transaction->id());
}

std::shared_ptr<Session> SessionStore::Create(std::shared_ptr<OpenDatabase> database,
                                              SessionSpec spec) {
  const std::string name = absl::StrCat(database->name(), "/sessions/", NewId());
  auto session =
      std::make_shared<Session>(name, std::move(spec), std::move(database), clock_.NowNanos());
  absl::MutexLock lock(&mu_);
  sessions_[name] = session;
  return session;
}

absl::StatusOr<std::shared_ptr<Session>> SessionStore::Find(std::string_view name) {
  const int64_t now = clock_.NowNanos();
  {
    absl::ReaderMutexLock lock(&mu_);
    const auto found = sessions_.find(absl::string_view(name.data(), name.size()));
    if (found != sessions_.end() && !Expired(*found->second, now)) {
      found->second->Touch(now);
      return found->second;
    }
  }
  KS_RETURN_IF_ERROR(ParseSession(name).status());
  return errors::SessionNotFound(name);
}

void SessionStore::Delete(std::string_view name) {
  std::shared_ptr<Session> gone;  // outlives the lock
  absl::MutexLock lock(&mu_);
  const auto found = sessions_.find(absl::string_view(name.data(), name.size()));
  if (found == sessions_.end() || found->second->spec().multiplexed) return;
  gone = std::move(found->second);
  sessions_.erase(found);
}

void SessionStore::Lose(std::string_view name) {
  std::shared_ptr<Session> gone;  // ends outside the lock
  absl::MutexLock lock(&mu_);
  const auto found = sessions_.find(absl::string_view(name.data(), name.size()));
  if (found == sessions_.end()) return;
  gone = std::move(found->second);
  sessions_.erase(found);
}

void SessionStore::AbortTransaction(std::string_view name, std::string_view id) {
  const auto session = Find(name);
  if (!session.ok()) return;
  const auto transaction = (*session)->Find(id, clock_.NowNanos());
  if (!transaction.ok()) return;
  CallGateLock lock(&(*transaction)->mu());
  (*transaction)->Abandon(errors::TransactionAborted());
  (*session)->RememberAge((*transaction)->age());
}

std::vector<std::shared_ptr<Session>> SessionStore::List(std::string_view database) {
  std::vector<std::shared_ptr<Session>> result;
  const int64_t now = clock_.NowNanos();
  {
    absl::ReaderMutexLock lock(&mu_);
    for (const auto& [name, session] : sessions_) {
      if (session->spec().multiplexed || Expired(*session, now)) continue;
      if (session->open().name() == database) result.push_back(session);
    }
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a->name() < b->name(); });
  return result;
}

void SessionStore::DeleteAll(std::string_view database) {
  std::vector<std::shared_ptr<Session>> gone;
  absl::MutexLock lock(&mu_);
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    if (it->second->open().name() == database) {
      gone.push_back(std::move(it->second));
      sessions_.erase(it++);
    } else {
      ++it;
    }
  }
}

void SessionStore::Sweep() {
  const int64_t now = clock_.NowNanos();
  std::vector<std::shared_ptr<Session>> all;
  {
    absl::MutexLock lock(&mu_);
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      all.push_back(it->second);  // also the expired: they end outside the lock
      if (Expired(*it->second, now)) {
        sessions_.erase(it++);
      } else {
        ++it;
      }
    }
  }
  for (const std::shared_ptr<Session>& session : all) session->Sweep(now);
}

}  // namespace ks::local
