#include "local/spanner/server/operations.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/longrunning/operations.pb.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/status_wire.h"

namespace ks::local {

using google::longrunning::Operation;

struct OperationState::State {
  mutable absl::Mutex mu;
  Operation operation ABSL_GUARDED_BY(mu);
  bool cancel ABSL_GUARDED_BY(mu) = false;
  bool IsDone() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return operation.done(); }
};

OperationState::OperationState(std::string name) : state_(std::make_unique<State>()) {
  absl::MutexLock lock(&state_->mu);
  state_->operation.set_name(std::move(name));
}
OperationState::~OperationState() = default;

void OperationState::SetMetadata(const google::protobuf::Message& metadata) {
  absl::MutexLock lock(&state_->mu);
  state_->operation.mutable_metadata()->PackFrom(metadata);
}

void OperationState::Succeed(const google::protobuf::Message& response) {
  absl::MutexLock lock(&state_->mu);
  state_->operation.mutable_response()->PackFrom(response);
  state_->operation.set_done(true);
}

void OperationState::Fail(const absl::Status& error) {
  absl::MutexLock lock(&state_->mu);
  ToRpcStatus(error, state_->operation.mutable_error());
  state_->operation.set_done(true);
}

Operation OperationState::Snapshot() const {
  absl::MutexLock lock(&state_->mu);
  return state_->operation;
}

bool OperationState::done() const {
  absl::MutexLock lock(&state_->mu);
  return state_->operation.done();
}

void OperationState::Wait(int64_t nanos) const {
  absl::MutexLock lock(&state_->mu);
  state_->mu.AwaitWithTimeout(absl::Condition(state_.get(), &State::IsDone),
                              absl::Nanoseconds(nanos));
}

void OperationState::RequestCancel() {
  absl::MutexLock lock(&state_->mu);
  state_->cancel = true;
}

bool OperationState::cancel_requested() const {
  absl::MutexLock lock(&state_->mu);
  return state_->cancel;
}

OperationStore::OperationStore() = default;

OperationStore::~OperationStore() {
  std::vector<std::pair<std::shared_ptr<OperationState>, std::thread>> threads;
  {
    absl::MutexLock lock(&mu_);
    threads.swap(threads_);
  }
  for (auto& [operation, thread] : threads) thread.join();
}

absl::StatusOr<std::shared_ptr<OperationState>> OperationStore::Start(std::string_view resource,
                                                                      std::string_view id,
                                                                      Work work) {
  absl::MutexLock lock(&mu_);
  const std::string chosen = id.empty() ? absl::StrCat("_auto", next_id_++) : std::string(id);
  const std::string name = absl::StrCat(std::string(resource), "/operations/", chosen);
  if (by_name_.contains(name)) return errors::OperationExists(name);
  auto operation = std::make_shared<OperationState>(name);
  by_name_[name] = operation;
  order_.push_back(name);
  DropOldest();
  std::erase_if(threads_, [](auto& entry) {
    if (!entry.first->done()) return false;
    entry.second.join();
    return true;
  });
  threads_.emplace_back(operation,
                        std::thread([operation, work = std::move(work)] { work(*operation); }));
  return operation;
}

void OperationStore::DropOldest() {
  while (order_.size() > kOperationsKept) {
    const auto found = by_name_.find(order_.front());
    if (found != by_name_.end()) {
      if (!found->second->done()) return;
      by_name_.erase(found);
    }
    order_.pop_front();
  }
}

absl::StatusOr<std::shared_ptr<OperationState>> OperationStore::Find(std::string_view name) {
  absl::MutexLock lock(&mu_);
  const auto found = by_name_.find(absl::string_view(name.data(), name.size()));
  if (found == by_name_.end()) return errors::OperationNotFound(name);
  return found->second;
}

std::vector<Operation> OperationStore::List(std::string_view resource) {
  const std::string below = absl::StrCat(std::string(resource), "/");
  std::vector<Operation> result;
  absl::MutexLock lock(&mu_);
  for (const std::string& name : order_) {
    if (!absl::StartsWith(name, below)) continue;
    if (const auto found = by_name_.find(name); found != by_name_.end())
      result.push_back(found->second->Snapshot());
  }
  return result;
}

absl::Status OperationStore::Forget(std::string_view name) {
  absl::MutexLock lock(&mu_);
  const auto found = by_name_.find(absl::string_view(name.data(), name.size()));
  if (found == by_name_.end()) return errors::OperationNotFound(name);
  by_name_.erase(found);
  return absl::OkStatus();
}

}  // namespace ks::local
