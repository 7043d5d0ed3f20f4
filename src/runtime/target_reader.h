// Reads the target's tables from INFORMATION_SCHEMA and plans a pipeline against them.
// Blocks; not to be called on gRPC's threads.
#pragma once

#include "absl/status/statusor.h"
#include "pipeline/plan.h"
#include "pipeline/target.h"
#include "runtime/start_wait.h"
#include "spanner/client.h"

namespace ks::runtime {

absl::StatusOr<pipeline::TargetSchema> ReadTarget(spanner::Client& client);

// Waits for a Spanner that is down, saying so once. `spec` outlives the plan.
absl::StatusOr<pipeline::Plan> PlanAgainst(spanner::Client& client,
                                           const pipeline::PipelineSpec& spec,
                                           const StartWait& wait = {});

}  // namespace ks::runtime
