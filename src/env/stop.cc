#include "env/stop.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace ks::env {

bool SleepUnlessStopped(const std::stop_token& stop, int64_t nanos) {
  std::mutex mu;
  std::condition_variable_any wake;
  std::unique_lock lock(mu);
  wake.wait_for(lock, stop, std::chrono::nanoseconds(nanos), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace ks::env
