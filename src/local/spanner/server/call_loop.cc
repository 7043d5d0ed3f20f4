#include "local/spanner/server/call_loop.h"

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "env/clock.h"
#include "grpcpp/completion_queue.h"
#include "local/spanner/server/limits.h"

namespace ks::local {
namespace {

thread_local CallLoop* led = nullptr;
// When the event that the leader works on was taken up.
thread_local int64_t event_nanos = 0;

int64_t Now() { return env::RealClock().MonotonicNanos(); }

// Commits of one database each.
void Write(std::vector<DeferredCommit*> group) {
  while (!group.empty()) {
    DatabaseCore& core = group.front()->commit().core();
    const auto others = std::stable_partition(
        group.begin(), group.end(), [&](auto* one) { return &one->commit().core() == &core; });
    std::vector<ReadyCommit*> commits;
    for (auto it = group.begin(); it != others; ++it) commits.push_back(&(*it)->commit());
    WriteTogether(core, commits);
    for (auto it = group.begin(); it != others; ++it) (*it)->Written();
    group.erase(group.begin(), others);
  }
}

// gRPC rounds a wait up to whole milliseconds, also one until now: not to wait is the time zero.
gpr_timespec DeadlineIn(int64_t nanos) {
  if (nanos < 0) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  if (nanos == 0) return gpr_time_0(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(nanos, GPR_TIMESPAN));
}

}  // namespace

CallLoop::CallLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue) : queue_(std::move(queue)) {}
CallLoop::~CallLoop() = default;

CallLoop* CallLoop::Led() { return led; }

void CallLoop::Start() {
  absl::MutexLock lock(&mu_);
  AddThread();
}

void CallLoop::Stop() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &CallLoop::Idle));
  queue_->Shutdown();
  mu_.Await(absl::Condition(this, &CallLoop::NoThreads));
}

void CallLoop::AddThread() {
  ++threads_;
  std::thread([this] { Work(); }).detach();
}

void CallLoop::OnOwnThread(std::function<void()> work) {
  absl::MutexLock lock(&mu_);
  ++threads_;
  std::thread([this, work = std::move(work)] {
    work();
    absl::MutexLock lock(&mu_);
    --threads_;
  }).detach();
}

void CallLoop::CallBegins() {
  absl::MutexLock lock(&mu_);
  ++calls_;
}

void CallLoop::CallEnds() {
  absl::MutexLock lock(&mu_);
  --calls_;
}

void CallLoop::Work() {
  while (TakeLead()) Lead();
  absl::MutexLock lock(&mu_);
  --threads_;
}

bool CallLoop::TakeLead() {
  absl::MutexLock lock(&mu_);
  if (led_ && idle_ >= limits::kIdleThreads) return false;
  ++idle_;
  mu_.Await(absl::Condition(this, &CallLoop::MayLead));
  --idle_;
  if (stopped_) return false;
  led_ = true;
  led = this;
  return true;
}

void CallLoop::Lead() {
  while (led == this) {
    void* tag = nullptr;
    bool ok = false;
    switch (queue_->AsyncNext(&tag, &ok, DeadlineIn(NapNanos()))) {
      case grpc::CompletionQueue::GOT_EVENT:
        event_nanos = Now();
        static_cast<CallEvent*>(tag)->Happened(ok);
        break;
      case grpc::CompletionQueue::TIMEOUT:
        WriteCommits();
        break;
      case grpc::CompletionQueue::SHUTDOWN: {
        absl::MutexLock lock(&mu_);
        stopped_ = true;
        led_ = false;
        led = nullptr;
        break;
      }
    }
  }
}

int64_t CallLoop::NapNanos() {
  absl::MutexLock lock(&mu_);
  if (commits_.empty() || writing_) return -1;  // whoever writes takes them
  return patient_until_ == 0 ? 0 : std::max<int64_t>(patient_until_ - Now(), 0);
}

void CallLoop::GiveUpLead() {
  led = nullptr;
  absl::MutexLock lock(&mu_);
  led_ = false;
  if (idle_ == 0 && threads_ < limits::kThreadsMax) AddThread();
}

void CallLoop::HandOver() {
  CallLoop* const loop = led;
  if (loop == nullptr) return;
  loop->GiveUpLead();
  loop->WriteCommits();
}

void CallLoop::HandOverIfLong() {
  if (led != nullptr && Now() - event_nanos > limits::kShortCallNanos) HandOver();
}

void CallLoop::Defer(DeferredCommit* commit, int64_t patient_until) {
  KS_CHECK(led == this);
  absl::MutexLock lock(&mu_);
  patient_until_ = commits_.empty() ? patient_until : std::min(patient_until_, patient_until);
  commits_.push_back(commit);
}

void CallLoop::WriteCommits() {
  std::vector<DeferredCommit*> group;
  {
    absl::MutexLock lock(&mu_);
    if (writing_ || commits_.empty()) return;
    writing_ = true;
    group.swap(commits_);
  }
  if (led == this) GiveUpLead();
  while (!group.empty()) {
    Write(std::move(group));
    group.clear();
    absl::MutexLock lock(&mu_);
    group.swap(commits_);
    writing_ = !group.empty();
  }
}

}  // namespace ks::local
