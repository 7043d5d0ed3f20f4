// SplitPoints: where somebody has asked that a table or an index be split (AddSplitPoints). One
// machine splits nothing, so they are only kept and shown: SPANNER_SYS.USER_SPLIT_POINTS.
//
// In memory: a restart forgets them. Thread safety: all methods from any thread. Source:
// https://cloud.google.com/spanner/docs/create-manage-split-points
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "env/clock.h"

namespace ks::local {

class SplitPoints {
 public:
  explicit SplitPoints(env::Clock& clock) : clock_(clock) {}

  struct Point {
    std::string table;  // or an index
    std::string index;
    std::string initiator;
    std::string key;  // as it is shown, which is unique in a database
    int64_t expires_nanos = 0;
  };
  // In the place of one for the same key; one that has expired takes that away.
  void Add(Point point) {
    absl::MutexLock lock(&mu_);
    std::string key = point.key;
    points_.insert_or_assign(std::move(key), std::move(point));
  }
  // Those that have not expired, by key.
  std::vector<Point> All() {
    absl::MutexLock lock(&mu_);
    const int64_t now = clock_.NowNanos();
    std::erase_if(points_, [now](const auto& entry) { return entry.second.expires_nanos <= now; });
    std::vector<Point> all;
    for (const auto& [key, point] : points_) all.push_back(point);
    return all;
  }

 private:
  env::Clock& clock_;
  absl::Mutex mu_;
  std::map<std::string, Point> points_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
