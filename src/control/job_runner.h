// JobRunner: does the jobs that nobody does (store.h), one after the other. Every replica has one;
// a job is the replica's that took it, for as long as it gives signs of life, and another's then.
// That two have the same one for a moment is harmless: operations/operation.h.
//
// Thread safety: Wake from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "control/store.h"
#include "spanner/client.h"

namespace ks::control {

class JobRunner {
 public:
  // Does one, until it is told to stop, and writes down what came of it.
  using Run = std::function<void(const JobRow&, const std::stop_token&)>;

  JobRunner(spanner::Client& client, std::string replica, Run run);
  ~JobRunner();  // tells the job that runs to stop, and waits for it

  // There is one more.
  void Wake();

 private:
  void Work(const std::stop_token& stop);
  void RunHeld(const JobRow& job, const std::stop_token& stop);

  spanner::Client& client_;
  const std::string replica_;
  const Run run_;
  std::mutex mu_;
  std::condition_variable_any wake_;
  bool woken_ = false;
  std::jthread working_;  // the last, so that it ends first
};

}  // namespace ks::control
