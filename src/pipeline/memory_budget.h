// MemoryBudget: what all partitions of a worker hold between Kafka and Spanner, against what they
// may.
//
// Lanes count what they hold (LaneBatch); a partition that holds something takes nothing more while
// the budget is spent (Lanes), and one that holds nothing may always take a chunk, so none starves
// and no partition needs to be woken by another. What goes over is thus at most a chunk a
// partition.
//
// Thread safety: all methods may be called from any thread. Bytes.
#pragma once

#include <atomic>
#include <cstdint>

namespace ks::pipeline {

class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t bytes) : bytes_(bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;

  void Add(int64_t bytes) { held_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t held() const { return held_.load(std::memory_order_relaxed); }
  bool spent() const { return held() >= bytes_; }

 private:
  const int64_t bytes_;
  std::atomic<int64_t> held_{0};
};

}  // namespace ks::pipeline
