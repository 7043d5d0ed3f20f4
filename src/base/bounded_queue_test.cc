#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace ks {
namespace {

TEST(BoundedQueue, RefusesWhatIsOverTheLimit) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_FALSE(queue.TryPush(2));
  EXPECT_EQ(queue.Pop(std::chrono::seconds(1)), 1);
  EXPECT_TRUE(queue.TryPush(3));
}

TEST(BoundedQueue, DeliversWhatWasPutBeforeClose) {
  BoundedQueue<int> queue(4);
  ASSERT_TRUE(queue.TryPush(1));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(2));
  EXPECT_EQ(queue.Pop(std::chrono::seconds(1)), 1);
  EXPECT_EQ(queue.Pop(std::chrono::seconds(1)), std::nullopt);
}

TEST(BoundedQueue, WakesAWaiter) {
  BoundedQueue<int> queue(4);
  std::thread producer([&] { ASSERT_TRUE(queue.TryPush(7)); });
  EXPECT_EQ(queue.Pop(std::chrono::seconds(30)), 7);
  producer.join();
}

TEST(BoundedQueue, GivesUpAtTheDeadline) {
  BoundedQueue<int> queue(4);
  EXPECT_EQ(queue.Pop(std::chrono::milliseconds(1)), std::nullopt);
}

}  // namespace
}  // namespace ks
