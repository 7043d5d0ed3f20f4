#include "control/job_runner.h"

#include <chrono>

#include "base/str_cat.h"
#include "control/limits.h"
#include "env/clock.h"
#include "env/stop.h"
#include "observe/log.h"

namespace ks::control {

JobRunner::JobRunner(spanner::Client& client, std::string replica, Run run)
    : client_(client),
      replica_(std::move(replica)),
      run_(std::move(run)),
      working_([this](const std::stop_token& stop) { Work(stop); }) {}

JobRunner::~JobRunner() = default;

void JobRunner::Wake() {
  const std::lock_guard lock(mu_);
  woken_ = true;
  wake_.notify_all();
}

void JobRunner::Work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto job = TakeJob(client_, replica_);
    if (!job.ok()) {
      observe::LogWarning(
          StrCat("cannot read which jobs there are: ", View(job.status().message())));
    } else if (*job) {
      RunHeld(**job, stop);
      continue;
    }
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, stop, std::chrono::milliseconds(kLookMillis), [&] { return woken_; });
    woken_ = false;
  }
}

void JobRunner::RunHeld(const JobRow& job, const std::stop_token& stop) {
  std::stop_source ours;
  const std::stop_callback both(stop, [&] { ours.request_stop(); });
  // While Spanner is away nobody knows: the job's own steps fail then.
  const std::jthread signs([&](const std::stop_token& over) {
    while (env::SleepUnlessStopped(over, kJobSignMillis * env::kNanosPerMilli)) {
      const auto held = HoldJob(client_, job.id, replica_);
      if (held.ok() && !*held) ours.request_stop();
    }
  });
  run_(job, ours.get_token());
}

}  // namespace ks::control
