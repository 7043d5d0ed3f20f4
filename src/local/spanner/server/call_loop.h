// CallLoop: the threads that serve calls, and the commits that are written together.
//
// One thread at a time leads: it asks gRPC what has happened and serves the calls that have come,
// itself. So a short call costs no switch of threads. A call that must wait, or lasts, first lets
// another thread lead (HandOver) and then goes on as long as it likes. Commits that are ready are
// put aside (Defer) until nothing else has come; those that may wait for company
// (max_commit_delay), until the first does not any more. Then the leader hands over and writes them
// together: a group of commits costs one sync and one sleeping thread, and what comes meanwhile is
// the next group, which the same thread writes.
//
// Invariants: a deferred commit is written before the thread that deferred it sleeps, or serves
// something that lasts; who writes commits waits for no lock (one of theirs might be it); Stop
// returns when every call has ended. Thread safety: Start and Stop once;
// HandOver, Serving from any thread; Defer by the leader.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "local/spanner/txn/commit.h"

namespace grpc {
class ServerCompletionQueue;
}

namespace ks::local {

// What gRPC tells when something is over: a call has come, a message has gone.
class CallEvent {
 public:
  virtual ~CallEvent() = default;
  virtual void Happened(bool ok) = 0;
};

// A call whose commit waits to be written.
class DeferredCommit {
 public:
  virtual ~DeferredCommit() = default;
  virtual ReadyCommit& commit() = 0;
  // It has a result; the locks are gone.
  virtual void Written() = 0;
};

class CallLoop {
 public:
  explicit CallLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  ~CallLoop();
  CallLoop(const CallLoop&) = delete;

  grpc::ServerCompletionQueue& queue() { return *queue_; }
  void Start();
  // The gRPC server has been shut down.
  void Stop();

  // The loop that this thread leads; null when it leads none.
  static CallLoop* Led();
  // A thread that leads lets another one lead, and writes the commits that it has put aside. Others
  // do nothing. The caller holds no mutex.
  static void HandOver();
  // The same, once the call at work has lasted for a while.
  static void HandOverIfLong();

  // `patient_until`: monotonic nanoseconds; the commit is written then, or earlier, with one that
  // does not wait or when its thread is needed.
  void Defer(DeferredCommit* commit, int64_t patient_until);
  void OnOwnThread(std::function<void()> work);
  // Calls that have come and are not over.
  void CallBegins();
  void CallEnds();

 private:
  void Work();
  bool TakeLead();
  void Lead();
  void GiveUpLead();
  // How long the leader may sleep: until it has commits to write; negative: until something comes.
  int64_t NapNanos();
  void WriteCommits();
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return calls_ == 0; }
  bool MayLead() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !led_ || stopped_; }
  bool NoThreads() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return threads_ == 0; }
  void AddThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;

  absl::Mutex mu_;
  bool led_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;  // the queue is empty for good
  int threads_ ABSL_GUARDED_BY(mu_) = 0;
  int idle_ ABSL_GUARDED_BY(mu_) = 0;  // of these, waiting to lead
  int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<DeferredCommit*> commits_ ABSL_GUARDED_BY(mu_);
  int64_t patient_until_ ABSL_GUARDED_BY(mu_) = 0;  // the least patient of them is
};

}  // namespace ks::local
