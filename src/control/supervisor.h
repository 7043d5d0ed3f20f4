// Supervisor: runs in this process what should run. Looks every kLookMillis how each pipeline
// should be, and starts, stops or restarts what differs. While Spanner does not answer everything
// goes on as it is. A pipeline that fails is started again, later each time.
//
// Every replica runs every pipeline: Kafka spreads the partitions over them, and the checkpoints
// make two that have the same one harmless. Thread safety: StateOf from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "control/servable.h"
#include "control/sightings.h"
#include "control/store.h"
#include "env/clock.h"
#include "pipeline/spec.h"
#include "spanner/client.h"

namespace ks::control {

class Supervisor {
 public:
  // Runs one pipeline until it is told to stop, or fails.
  using Run = std::function<absl::Status(pipeline::PipelineSpec, std::stop_token)>;

  // `sightings` outlives it.
  Supervisor(spanner::Client& client, ServedConnections connections, Run run, Sightings& sightings,
             env::Clock& clock = env::RealClock());
  ~Supervisor();  // stops everything, and waits for it

  struct State {
    bool running = false;
    std::string error;  // of the last run that failed
  };
  State StateOf(std::string_view pipeline) const;
  // Spanner was asked at least once: what should run is known.
  bool ready() const;

 private:
  struct Slot;
  void Look();
  void Settle(const PipelineRow& row);
  void Start(Slot& slot, const PipelineRow& row);
  void Tell(const std::vector<PipelineRow>& rows);
  void Forget(const std::vector<PipelineRow>& rows);

  spanner::Client& client_;
  const ServedConnections connections_;
  const Run run_;
  Sightings& sightings_;  // the looking thread's
  env::Clock& clock_;
  mutable absl::Mutex mu_;
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, std::unique_ptr<Slot>, std::less<>> slots_;  // the looking thread's
  std::map<std::string, State, std::less<>> states_ ABSL_GUARDED_BY(mu_);
  std::jthread looking_;  // the last, so that it ends first
};

}  // namespace ks::control
