// Operations: long-running work (schema changes, creating instances and databases) as
// google.longrunning shows it.
//
// Start runs the work on a thread of its own and waits a little for it, so that short work comes
// back done and nobody polls. Finished operations are remembered in memory (kOperationsKept), as
// long as the server runs. Thread safety: all methods may be called from any thread. The destructor
// waits for what is running.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace google::protobuf {
class Message;
}
namespace google::longrunning {
class Operation;
}

namespace ks::local {

// What the work of one operation reports to. Owned by OperationStore.
class OperationState {
 public:
  explicit OperationState(std::string name);
  ~OperationState();

  // While it runs.
  void SetMetadata(const google::protobuf::Message& metadata);
  // Ends it.
  void Succeed(const google::protobuf::Message& response);
  void Fail(const absl::Status& error);

  google::longrunning::Operation Snapshot() const;
  bool done() const;
  // Until it is done, or `nanos` are over.
  void Wait(int64_t nanos) const;
  void RequestCancel();
  bool cancel_requested() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

class OperationStore {
 public:
  using Work = std::function<void(OperationState&)>;

  OperationStore();
  ~OperationStore();

  // `id` empty: one is made up. ALREADY_EXISTS when it is taken.
  absl::StatusOr<std::shared_ptr<OperationState>> Start(std::string_view resource,
                                                        std::string_view id, Work work);
  absl::StatusOr<std::shared_ptr<OperationState>> Find(std::string_view name);
  // Those whose resource is `resource`, or lies below it, in the order they started.
  std::vector<google::longrunning::Operation> List(std::string_view resource);
  absl::Status Forget(std::string_view name);

 private:
  static constexpr size_t kOperationsKept = 10'000;

  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<std::string> order_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::shared_ptr<OperationState>> by_name_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<std::shared_ptr<OperationState>, std::thread>> threads_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
