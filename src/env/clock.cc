#include "env/clock.h"

#include <time.h>

#include <chrono>
#include <random>
#include <thread>

#include "absl/strings/str_format.h"

namespace ks::env {
namespace {

class SystemClock : public Clock {
 public:
  int64_t NowNanos() override { return Nanos(std::chrono::system_clock::now().time_since_epoch()); }
  int64_t MonotonicNanos() override {
    return Nanos(std::chrono::steady_clock::now().time_since_epoch());
  }

 private:
  static int64_t Nanos(std::chrono::nanoseconds duration) { return duration.count(); }
};

class SystemRandom : public Random {
 public:
  uint64_t Next() override {
    thread_local std::mt19937_64 generator = [] {
      std::random_device device;
      std::seed_seq seed{device(), device(), device(), device(),
                         device(), device(), device(), device()};
      return std::mt19937_64(seed);
    }();
    return generator();
  }
};

}  // namespace

std::chrono::system_clock::time_point AfterNanos(int64_t nanos) {
  return std::chrono::system_clock::now() + std::chrono::nanoseconds(nanos);
}

void SleepFor(int64_t nanos) { std::this_thread::sleep_for(std::chrono::nanoseconds(nanos)); }

double SecondsSince(int64_t monotonic_nanos) {
  return static_cast<double>(RealClock().MonotonicNanos() - monotonic_nanos) / kNanosPerSecond;
}

int64_t ThreadCpuNanos() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * kNanosPerSecond + used.tv_nsec;
}

Clock& RealClock() {
  static SystemClock clock;
  return clock;
}

Random& RealRandom() {
  static SystemRandom random;
  return random;
}

uint64_t SimRandom::Next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string NewUuid(Random& random) {
  const uint64_t high = (random.Next() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t low = (random.Next() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
                         high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace ks::env
