// Waits of threads that may be asked to stop. On the machine's own clock: never below a simulated
// one. Thread safety: any thread.
#pragma once

#include <cstdint>
#include <stop_token>

namespace ks::env {

// Sleeps, but no longer than until somebody asks to stop; false: somebody did.
bool SleepUnlessStopped(const std::stop_token& stop, int64_t nanos);

}  // namespace ks::env
