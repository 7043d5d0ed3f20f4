// Sightings: what each replica sees of the pipelines that it runs: its partitions, how far behind
// they are, how fast it is. Written into Spanner at every look (supervisor.h), one commit for all
// of its pipelines, so that any replica can tell how a pipeline stands as a whole.
//
// A row that was not written anew for kSightingSeconds, by Spanner's own clock, is of a replica
// that is gone, and counts no more. Thread safety: Tell() by one thread; Read() by any.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store.h"
#include "env/clock.h"
#include "observe/metrics.h"
#include "spanner/client.h"

namespace ks::control {

class Sightings {
 public:
  struct Running {
    std::string pipeline;
    bool running = false;
    std::string error;  // of its last run here
  };

  Sightings(spanner::Client& client, const observe::Metrics& metrics, std::string replica,
            env::Clock& clock = env::RealClock())
      : client_(client), metrics_(metrics), replica_(std::move(replica)), clock_(clock) {}

  absl::Status Tell(const std::vector<Running>& pipelines);

 private:
  SightingRow See(const Running& running, int64_t now);

  struct Before {
    double records = 0;
    int64_t nanos = 0;  // monotonic
  };
  spanner::Client& client_;
  const observe::Metrics& metrics_;
  const std::string replica_;
  env::Clock& clock_;
  std::map<std::string, Before, std::less<>> before_;
};

// How a pipeline stands over all replicas, as the API says it: `status`, `lag_seconds`,
// `lag_records`, `records_per_second`, `partitions`, `dead_letters`. With `whole`, partitions and
// replicas one by one. `wanted`: the state that it should be in.
nlohmann::json StandingOf(const std::vector<SightingRow>& rows, std::string_view pipeline,
                          std::string_view wanted, bool whole);

}  // namespace ks::control
