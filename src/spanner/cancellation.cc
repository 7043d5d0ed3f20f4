#include "spanner/cancellation.h"

#include <grpcpp/client_context.h>

#include <utility>

namespace ks::spanner {

void Cancellation::CancelAll() {
  std::vector<std::weak_ptr<grpc::ClientContext>> calls;
  {
    absl::MutexLock lock(&mu_);
    calls.swap(calls_);
  }
  // Without the lock: a call that ends may start the next one at once.
  for (const auto& call : calls) {
    if (const auto context = call.lock()) context->TryCancel();
  }
}

void Cancellation::Watch(std::weak_ptr<grpc::ClientContext> call) {
  absl::MutexLock lock(&mu_);
  std::erase_if(calls_, [](const auto& old) { return old.expired(); });
  calls_.push_back(std::move(call));
}

}  // namespace ks::spanner
