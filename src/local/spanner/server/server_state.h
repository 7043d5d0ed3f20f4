// ServerState: what all calls share. Thread safety: each member looks after itself.
#pragma once

#include <memory>

#include "local/spanner/server/admin_quota.h"
#include "local/spanner/server/faults.h"
#include "local/spanner/server/operations.h"
#include "local/spanner/server/registry.h"
#include "local/spanner/server/sessions.h"

namespace ks::env {
class Clock;
}

namespace ks::local {

struct ServerState {
  ServerState(std::unique_ptr<Registry> the_registry, env::Clock& the_clock)
      : clock(the_clock), registry(std::move(the_registry)), sessions(the_clock) {}

  env::Clock& clock;
  FaultInjector faults;
  AdminQuota admin_quota;
  const std::unique_ptr<Registry> registry;
  SessionStore sessions;      // before the registry's databases go, their transactions do
  OperationStore operations;  // the first to end: its work uses the others
};

}  // namespace ks::local
