// Signals: SIGINT and SIGTERM as a request to stop; the second one ends the process at once (exit
// code 130).
#pragma once

#include <functional>
#include <future>

namespace ks::cli {

// `on_stop` runs once, on a thread of its own. Call once, before other threads start.
void OnStopSignal(std::function<void()> on_stop);
// `then` runs at each SIGINT, on a thread of its own, and the process goes on. Call once, before
// other threads start, instead of OnStopSignal.
void OnEachInterrupt(std::function<void()> then);
// A signal to wait for. Make it before other threads start, instead of OnStopSignal.
class StopSignal {
 public:
  StopSignal();
  void Wait();  // once

 private:
  std::future<void> stopped_;
};

}  // namespace ks::cli
