#include "env/core_dumps.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace ks::env {
namespace {

TEST(CoreDumps, AreForbidden) {
  ForbidCoreDumps();
  EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &limit), 0);
  EXPECT_EQ(limit.rlim_max, 0u);
  prctl(PR_SET_DUMPABLE, 1);  // LeakSanitizer looks at this process when the tests are over
}

}  // namespace
}  // namespace ks::env
