// Cancellation: ends calls early, from outside: the shell's Ctrl-C.
//
// Who calls puts it into CallOptions; whoever holds it ends all of these calls that are on their
// way, which then answer CANCELLED. It may be used again for later calls. Thread safety: all
// methods may be called from any thread.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace grpc {
class ClientContext;
}

namespace ks::spanner {

class Cancellation {
 public:
  void CancelAll();

  // For the stub: `call` is on its way until its context is gone.
  void Watch(std::weak_ptr<grpc::ClientContext> call);

 private:
  absl::Mutex mu_;
  std::vector<std::weak_ptr<grpc::ClientContext>> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::spanner
