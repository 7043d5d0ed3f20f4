#include "base/host_port.h"

#include <gtest/gtest.h>

namespace ks {
namespace {

TEST(ParseHostPort, TakesAHostAndAPort) {
  const auto plain = ParseHostPort("127.0.0.1:8080");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 8080);
  const auto v6 = ParseHostPort("::1:0");  // the last colon counts
  ASSERT_TRUE(v6.has_value());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 0);
}

TEST(ParseHostPort, RefusesWhatIsNone) {
  for (const char* text :
       {"", "localhost", "localhost:", "localhost:x", "h:65536", "h:-1", "h:8 0"})
    EXPECT_FALSE(ParseHostPort(text).has_value()) << text;
}

}  // namespace
}  // namespace ks
