// Clock and Random: the only door to time and chance. Below this door a seed replays anything.
//
// Times are nanoseconds in an int64_t: `NowNanos` counts since the Unix epoch (it may step when the
// machine's clock is set), `MonotonicNanos` since some fixed moment (it never goes back; use it for
// durations and deadlines). Thread safety: the real ones may be used from any thread; the simulated
// ones by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ks::env {

inline constexpr int64_t kNanosPerMicro = 1'000;
inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNanos() = 0;
  virtual int64_t MonotonicNanos() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  // Uniform in [0, bound); `bound` > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
};

// `nanos` from now on the calendar clock, as libraries with deadlines of that kind want it.
std::chrono::system_clock::time_point AfterNanos(int64_t nanos);

// Sleeps on the machine's own clock: for waits of commands and retries, never below a simulated
// clock.
void SleepFor(int64_t nanos);

// Seconds since `monotonic_nanos` by the machine's clock.
double SecondsSince(int64_t monotonic_nanos);

// Processor time that this thread has used.
int64_t ThreadCpuNanos();

// The machine's own; they live for ever.
Clock& RealClock();
Random& RealRandom();  // seeded by the operating system; one stream per thread

// A random UUID (version 4) in its usual text form, 36 characters.
std::string NewUuid(Random& random);

// A clock that moves when told to.
class SimClock : public Clock {
 public:
  explicit SimClock(int64_t now_nanos) : now_nanos_(now_nanos) {}
  int64_t NowNanos() override { return now_nanos_; }
  int64_t MonotonicNanos() override { return now_nanos_; }
  void AdvanceTo(int64_t now_nanos) {
    now_nanos_ = now_nanos > now_nanos_ ? now_nanos : now_nanos_;
  }
  void Advance(int64_t nanos) { now_nanos_ += nanos; }

 private:
  int64_t now_nanos_;
};

// The same numbers for the same seed, on every machine (splitmix64).
class SimRandom : public Random {
 public:
  explicit SimRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;
};

}  // namespace ks::env
