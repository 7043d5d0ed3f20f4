// How the protocol gives way: Backoff between attempts, CommitWindow for commits at once,
// OutageNotice for the person who looks after it, and DeadLetterBreaker for a flood of dead
// letters.
//
// Times are nanoseconds of env::Clock::MonotonicNanos. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "env/clock.h"

namespace ks::pipeline {

// 20 ms, growing by half each time to 30 s, with a jitter of a quarter; or what RetryInfo asks for.
class Backoff {
 public:
  int64_t Next(std::optional<int64_t> asked_nanos, env::Random& random) {
    const int64_t own = next_nanos_;
    next_nanos_ = std::min(next_nanos_ + next_nanos_ / 2, kLongestNanos);
    if (asked_nanos.has_value()) return std::clamp(*asked_nanos, int64_t{0}, kLongestNanos);
    const auto jitter = static_cast<uint64_t>(own / 4);
    return own - own / 8 + static_cast<int64_t>(random.Below(jitter));
  }
  void Reset() { next_nanos_ = kShortestNanos; }

 private:
  static constexpr int64_t kShortestNanos = 20 * env::kNanosPerMilli;
  static constexpr int64_t kLongestNanos = 30 * env::kNanosPerSecond;
  int64_t next_nanos_ = kShortestNanos;
};

// How many commits of one partition may be under way: halved when Spanner pushes back (an answer
// such as RESOURCE_EXHAUSTED, or a latency far above the usual), and grown again by one per window
// of answers.
class CommitWindow {
 public:
  explicit CommitWindow(int largest) : largest_(largest), size_(largest) {}

  int size() const { return std::max(1, static_cast<int>(size_)); }

  void OnAnswer(int64_t latency_nanos, int64_t now) {
    if (usual_nanos_ == 0) usual_nanos_ = latency_nanos;
    if (latency_nanos > kSlowNanos && latency_nanos > 8 * usual_nanos_) {
      Shrink(now);
    } else {
      size_ = std::min<double>(largest_, size_ + 1.0 / size_);
    }
    usual_nanos_ += (latency_nanos - usual_nanos_) / 64;
  }
  void OnPushback(int64_t now) { Shrink(now); }

 private:
  void Shrink(int64_t now) {
    if (now < shrunk_at_ + kShrinkEveryNanos) return;  // one pushback answers many commits
    shrunk_at_ = now;
    size_ = std::max(1.0, size_ / 2);
  }

  static constexpr int64_t kSlowNanos = 500 * env::kNanosPerMilli;
  static constexpr int64_t kShrinkEveryNanos = 100 * env::kNanosPerMilli;
  const double largest_;
  double size_;
  int64_t usual_nanos_ = 0;
  int64_t shrunk_at_ = -kShrinkEveryNanos;
};

// Says once that a service has not answered well for a while.
class OutageNotice {
 public:
  // True when it is time to tell.
  bool Failed(int64_t now) {
    if (since_ < 0) since_ = now;
    if (told_ || now - since_ < kTellAfterNanos) return false;
    told_ = true;
    return true;
  }
  void Mended() {
    since_ = -1;
    told_ = false;
  }

 private:
  static constexpr int64_t kTellAfterNanos = 5 * env::kNanosPerSecond;
  int64_t since_ = -1;
  bool told_ = false;
};

struct DeadLetterLimit {
  int64_t count = 1000;                              // more than this many (0: the first stops it),
  double share = 0.1;                                // and more than this share of the records,
  int64_t window_nanos = 60 * env::kNanosPerSecond;  // in such a time, stop the pipeline
};

class DeadLetterBreaker {
 public:
  explicit DeadLetterBreaker(const DeadLetterLimit& limit) : limit_(limit) {}

  // True when the limit is passed.
  bool Add(int64_t records, int64_t dead_letters, int64_t now) {
    while (!slices_.empty() && slices_.front().at < now - limit_.window_nanos) {
      records_ -= slices_.front().records;
      dead_letters_ -= slices_.front().dead_letters;
      slices_.pop_front();
    }
    if (slices_.empty() || slices_.back().at < now - limit_.window_nanos / 64) {
      slices_.push_back({now, 0, 0});
    }
    slices_.back().records += records;
    slices_.back().dead_letters += dead_letters;
    records_ += records;
    dead_letters_ += dead_letters;
    if (limit_.count == 0) return dead_letters_ > 0;  // whoever writes 0 wants none at all
    return dead_letters_ > limit_.count &&
           static_cast<double>(dead_letters_) > limit_.share * static_cast<double>(records_);
  }
  int64_t records() const { return records_; }
  int64_t dead_letters() const { return dead_letters_; }

 private:
  struct Slice {
    int64_t at;
    int64_t records;
    int64_t dead_letters;
  };
  const DeadLetterLimit limit_;
  std::deque<Slice> slices_;
  int64_t records_ = 0;
  int64_t dead_letters_ = 0;
};

}  // namespace ks::pipeline
