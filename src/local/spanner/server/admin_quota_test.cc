#include "local/spanner/server/admin_quota.h"

#include <gtest/gtest.h>

#include "absl/cleanup/cleanup.h"
#include "local/spanner/server/limits.h"

namespace ks::local {
namespace {

TEST(AdminQuota, IsAnAverage) {
  const int64_t before = limits::kAdminRequests;
  const absl::Cleanup restore = [&] { limits::kAdminRequests.Set(before); };
  limits::kAdminRequests.Set(500);
  AdminQuota quota;
  const int64_t start = 1'000'000'000'000;
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(quota.Take(start).ok()) << i;
  EXPECT_TRUE(absl::IsResourceExhausted(quota.Take(start)));
  const int64_t second = limits::kAdminWindowNanos / 100;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(quota.Take(start + second).ok()) << i;
  EXPECT_FALSE(quota.Take(start + second).ok());
  EXPECT_TRUE(quota.Take(start + 2 * second).ok());
}

}  // namespace
}  // namespace ks::local
