#include "control/supervisor.h"

#include <algorithm>
#include <atomic>

#include "base/str_cat.h"
#include "control/limits.h"
#include "env/stop.h"
#include "observe/log.h"

namespace ks::control {

struct Supervisor::Slot {
  std::string file;
  int64_t restarts = 0;
  int failures = 0;
  int64_t not_before_nanos = 0;  // monotonic
  std::atomic<bool> ended{true};
  std::atomic<bool> failed{false};
  std::jthread thread;  // its destructor asks it to stop, and waits
};

Supervisor::Supervisor(spanner::Client& client, ServedConnections connections, Run run,
                       Sightings& sightings, env::Clock& clock)
    : client_(client),
      connections_(std::move(connections)),
      run_(std::move(run)),
      sightings_(sightings),
      clock_(clock) {
  looking_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Look();
      (void)env::SleepUnlessStopped(stop, kLookMillis * env::kNanosPerMilli);
    }
    for (auto& [name, slot] : slots_) slot->thread.request_stop();  // all at once, then wait
    slots_.clear();
  });
}

Supervisor::~Supervisor() = default;

Supervisor::State Supervisor::StateOf(std::string_view pipeline) const {
  const absl::MutexLock lock(&mu_);
  const auto found = states_.find(pipeline);
  return found == states_.end() ? State() : found->second;
}

bool Supervisor::ready() const {
  const absl::MutexLock lock(&mu_);
  return ready_;
}

void Supervisor::Look() {
  const auto rows = ReadPipelines(ReaderOf(client_));
  if (!rows.ok()) {
    observe::LogWarning(StrCat("cannot read how pipelines should be, all go on as they are: ",
                               View(rows.status().message())));
    return;
  }
  for (const PipelineRow& row : *rows) Settle(row);
  Forget(*rows);
  Tell(*rows);
  const absl::MutexLock lock(&mu_);
  ready_ = true;
}

// Of those that should run, and those that were just stopped.
void Supervisor::Tell(const std::vector<PipelineRow>& rows) {
  std::vector<Sightings::Running> running;
  for (const PipelineRow& row : rows) {
    const State state = StateOf(row.name);
    if (row.state == "running" || state.running)
      running.push_back({row.name, state.running, state.error});
  }
  if (const absl::Status told = sightings_.Tell(running); !told.ok())
    observe::LogWarning(StrCat("what runs here was not told: ", View(told.message())));
}

void Supervisor::Forget(const std::vector<PipelineRow>& rows) {
  std::erase_if(slots_, [&](const auto& entry) {
    return std::none_of(rows.begin(), rows.end(),
                        [&](const PipelineRow& row) { return row.name == entry.first; });
  });
}

void Supervisor::Settle(const PipelineRow& row) {
  std::unique_ptr<Slot>& slot = slots_[row.name];
  if (slot == nullptr) slot = std::make_unique<Slot>();
  const bool wanted = row.state == "running";
  const bool same = slot->file == row.file && slot->restarts == row.restarts;
  if (!slot->ended && (!wanted || !same)) {
    observe::LogInfo(StrCat("pipeline ", row.name, " is stopped"));
    slot->thread = std::jthread();  // asks, and waits until what is in flight is committed
  }
  if (!wanted || !same) {
    slot->failures = 0;
    slot->not_before_nanos = 0;
  }
  if (wanted && slot->ended) Start(*slot, row);
}

void Supervisor::Start(Slot& slot, const PipelineRow& row) {
  if (slot.failed.exchange(false)) {
    const int64_t pause = std::min(kRetrySecondsMax, kRetrySeconds << std::min(slot.failures, 6));
    slot.not_before_nanos = clock_.MonotonicNanos() + pause * env::kNanosPerSecond;
    ++slot.failures;
  }
  if (clock_.MonotonicNanos() < slot.not_before_nanos) return;
  slot.file = row.file;
  slot.restarts = row.restarts;
  slot.ended = false;
  slot.thread = std::jthread([this, &slot, row](const std::stop_token& stop) {
    const auto set = [&](bool running, const absl::Status& status) {
      const absl::MutexLock lock(&mu_);
      State& state = states_[row.name];
      state.running = running;
      if (!running) state.error = std::string(View(status.message()));
    };
    observe::LogInfo(StrCat("pipeline ", row.name, " is started"));
    set(true, absl::OkStatus());
    auto spec = MakeServable(row.name, row.file, connections_);
    const absl::Status status = spec.ok() ? run_(*std::move(spec), stop) : spec.status();
    if (!status.ok())
      observe::LogError(StrCat("pipeline ", row.name, ": ", View(status.message())));
    set(false, status);
    slot.failed = !status.ok();
    slot.ended = true;
  });
}

}  // namespace ks::control
