// BoundedQueue: hands items from any number of threads to one consumer, with a limit and a deadline
// on every wait.
//
// Thread safety: all methods may be called from any thread. Close() wakes everybody; items put
// before it are still delivered. Tested in bounded_queue_test.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace ks {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t limit) : limit_(limit) {}

  // False when the queue is full or closed: the item was not taken.
  bool TryPush(T item) {
    {
      std::lock_guard lock(mu_);
      if (closed_ || items_.size() >= limit_) return false;
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
    return true;
  }

  // The next item, or nothing after `timeout` or when the queue is closed and empty.
  std::optional<T> Pop(std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mu_);
    filled_.wait_for(lock, timeout, [this] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

  void Close() {
    {
      std::lock_guard lock(mu_);
      closed_ = true;
    }
    filled_.notify_all();
  }

  // Closed, and everything was taken.
  bool closed() const {
    std::lock_guard lock(mu_);
    return closed_ && items_.empty();
  }

  size_t size() const {
    std::lock_guard lock(mu_);
    return items_.size();
  }

 private:
  const size_t limit_;
  mutable std::mutex mu_;
  std::condition_variable filled_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace ks
