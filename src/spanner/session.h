// SessionHolder: the client's one multiplexed session.
//
// Created on first use, created again when Spanner says "Session not found", renewed every 7 days
// (the old one serves until the new one is there).
// https://cloud.google.com/spanner/docs/sessions#multiplexed_sessions Thread safety: all methods
// may be called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "env/clock.h"
#include "spanner/stub.h"

namespace ks::spanner {

class SessionHolder {
 public:
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  SessionHolder(std::shared_ptr<Stub> stub, std::string database, std::string role,
                env::Clock& clock);

  // Calls `done` with the session's name: at once when there is one.
  void Get(Done done);
  // `name` was not found: it is not handed out again.
  void Forget(const std::string& name);

 private:
  struct State;
  static void Create(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;  // shared with the callbacks, which may outlive this
};

}  // namespace ks::spanner
