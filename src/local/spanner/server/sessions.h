// Sessions and the transactions begun on them.
//
// A regular session keeps kTransactionsPerSession transactions, the oldest goes when there are
// more; a multiplexed one any number. Sessions idle for an hour go (multiplexed ones after 28
// days), and so do transactions that nobody used for a while (limits.h): Sweep() is called now and
// then by the server's housekeeping thread. An id is never used
// again, not even after a restart; a transaction goes before its database. Thread safety: all
// methods may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "local/spanner/server/transaction.h"

namespace ks::env {
class Clock;
}

namespace ks::local {

class OpenDatabase;

struct SessionSpec {
  bool multiplexed = false;
  std::string creator_role;
  std::map<std::string, std::string> labels;
};

class Session {
 public:
  Session(std::string name, SessionSpec spec, std::shared_ptr<OpenDatabase> database,
          int64_t now_nanos);
  ~Session();

  const std::string& name() const { return name_; }
  const SessionSpec& spec() const { return spec_; }
  OpenDatabase& open() const { return *database_; }
  const std::shared_ptr<OpenDatabase>& open_shared() const { return database_; }
  Database& database() const;
  int64_t created_nanos() const { return created_nanos_; }
  int64_t last_used_nanos() const { return last_used_nanos_; }
  void Touch(int64_t now_nanos) { last_used_nanos_ = now_nanos; }

  // Begins a transaction and keeps it under a new id.
  absl::StatusOr<std::shared_ptr<Transaction>> Begin(TransactionSpec spec, int64_t now_nanos,
                                                     const Patience& patience);
  // NOT_FOUND; FAILED_PRECONDITION when it had to go because younger ones came.
  absl::StatusOr<std::shared_ptr<Transaction>> Find(std::string_view id, int64_t now_nanos);
  // Takes back a transaction whose first statement failed.
  void Forget(const std::string& id);
  // What ABORTED leaves behind: the next attempt on this session is as old.
  void RememberAge(uint64_t age) { aborted_age_ = age; }
  void Sweep(int64_t now_nanos);

 private:
  uint64_t AgeFor(const TransactionSpec& spec);

  const std::string name_;
  const SessionSpec spec_;
  const std::shared_ptr<OpenDatabase> database_;
  const int64_t created_nanos_;
  std::atomic<int64_t> last_used_nanos_;
  std::atomic<uint64_t> aborted_age_ = 0;

  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<Transaction>> transactions_ ABSL_GUARDED_BY(mu_);
  std::deque<std::string> order_ ABSL_GUARDED_BY(mu_);  // ids as they began
};

class SessionStore {
 public:
  explicit SessionStore(env::Clock& clock) : clock_(clock) {}

  std::shared_ptr<Session> Create(std::shared_ptr<OpenDatabase> database, SessionSpec spec);
  // NOT_FOUND with ResourceInfo, as clients that make a new one expect; INVALID_ARGUMENT when it is
  // no session's name.
  absl::StatusOr<std::shared_ptr<Session>> Find(std::string_view name);
  void Delete(std::string_view name);
  // For faults on demand: forgets a session of either kind; ends a transaction as ABORTED.
  void Lose(std::string_view name);
  void AbortTransaction(std::string_view name, std::string_view id);
  // Of one database, by name, without multiplexed ones.
  std::vector<std::shared_ptr<Session>> List(std::string_view database);
  // All of a database that is dropped.
  void DeleteAll(std::string_view database);
  void Sweep();

  env::Clock& clock() const { return clock_; }

 private:
  env::Clock& clock_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<Session>> sessions_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
