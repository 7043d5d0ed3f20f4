// What librdkafka's states and log become in the connection log.
#include "kafka/connection_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/str_cat.h"

namespace ks::kafka {
namespace {

using testing::HasSubstr;

class MemoryLog : public identity::ConnectionLog {
 public:
  void Record(const identity::ConnectionAttempt& attempt) override { entries.push_back(attempt); }
  std::vector<identity::ConnectionAttempt> entries;
};

class ConnectionWatchTest : public testing::Test {
 protected:
  void Fail(std::string_view state, std::string_view why = "not today") {
    watch_.OnState("b", 9093, "CONNECT");
    clock_.Advance(3 * env::kNanosPerMilli);
    watch_.OnLog("FAIL", StrCat("[thrd:sasl_ssl://b:9093/1]: sasl_ssl://b:9093/1: ", why,
                                " (after 3ms in state ", state, ")"));
    watch_.OnState("b", 9093, "DOWN");
  }
  void Succeed(std::string_view begin) {
    watch_.OnState("b", 9093, begin);
    watch_.OnState("b", 9093, "AUTH_REQ");
    watch_.OnState("b", 9093, "UP");
  }

  MemoryLog log_;
  env::SimClock clock_{1'000};
  ConnectionWatch watch_{"alice", "SASL_SSL PLAIN", &log_, clock_};
};

TEST_F(ConnectionWatchTest, ASuccessAndAReauthenticationAreAnEntryEach) {
  watch_.SetCredentialVersion("v1");
  Succeed("CONNECT");
  watch_.SetCredentialVersion("v2");
  Succeed("REAUTH");
  ASSERT_EQ(log_.entries.size(), 2u);
  EXPECT_TRUE(log_.entries[0].result.ok());
  EXPECT_EQ(log_.entries[0].host, "b");
  EXPECT_EQ(log_.entries[0].port, 9093);
  EXPECT_EQ(log_.entries[0].principal, "alice");
  EXPECT_EQ(log_.entries[0].credential_version, "v1");
  EXPECT_EQ(log_.entries[1].credential_version, "v2");
}

TEST_F(ConnectionWatchTest, ARefusalIsToldFromABrokerThatIsDown) {
  Fail("AUTH_REQ");
  EXPECT_TRUE(absl::IsUnauthenticated(watch_.last_refusal()));
  EXPECT_THAT(std::string(log_.entries[0].result.message()), HasSubstr("not today"));
  EXPECT_EQ(log_.entries[0].duration_nanos, 3 * env::kNanosPerMilli);
  Fail("CONNECT");
  EXPECT_TRUE(watch_.last_refusal().ok());
  EXPECT_TRUE(absl::IsUnavailable(log_.entries[1].result));
  Succeed("CONNECT");
  EXPECT_TRUE(log_.entries[2].result.ok());
}

// With TLS 1.3 the alert comes behind the handshake.
TEST_F(ConnectionWatchTest, ACertificateThatIsRefusedInThePlaceOfAnAnswerIsARefusal) {
  Fail("APIVERSION_QUERY",
       "Receive failed: error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert "
       "number 46");
  EXPECT_TRUE(absl::IsUnauthenticated(watch_.last_refusal()));
  EXPECT_THAT(std::string(log_.entries[0].result.message()),
              HasSubstr("What to do: Kafka does not take our certificate: has it expired"));
  Fail("APIVERSION_QUERY",
       "Receive failed: error:0A000438:SSL routines::tlsv1 alert internal "
       "error: SSL alert number 80");
  EXPECT_TRUE(watch_.last_refusal().ok());
}

// A broker that hangs has refused nobody: waiting mends it.
TEST_F(ConnectionWatchTest, ATimeoutWithinALoginIsABrokerThatIsDown) {
  struct {
    std::string_view state, reason;
  } constexpr kSilent[] = {
      {"SSL_HANDSHAKE", "Connection setup timed out in state SSL_HANDSHAKE"},
      {"AUTH_HANDSHAKE", "Connection setup timed out in state AUTH_HANDSHAKE"},
      {"AUTH_REQ", "SASL authentication error: SaslAuthenticateRequest failed: Local: Timed out"},
  };
  for (const auto& each : kSilent) {
    Fail(each.state, each.reason);
    EXPECT_TRUE(watch_.last_refusal().ok()) << each.reason;
    EXPECT_TRUE(absl::IsUnavailable(log_.entries.back().result)) << each.reason;
  }
  Fail("SSL_HANDSHAKE", "SSL handshake failed: Disconnected");
  EXPECT_TRUE(absl::IsUnauthenticated(watch_.last_refusal()));
}

// librdkafka does not repeat the same reason within half a minute.
TEST_F(ConnectionWatchTest, AReasonHoldsUntilASuccess) {
  Fail("AUTH_REQ");
  watch_.OnState("b", 9093, "CONNECT");
  watch_.OnState("b", 9093, "DOWN");
  EXPECT_TRUE(absl::IsUnauthenticated(log_.entries[1].result));
  Succeed("CONNECT");
  watch_.OnState("b", 9093, "CONNECT");
  watch_.OnState("b", 9093, "DOWN");
  EXPECT_TRUE(absl::IsCancelled(log_.entries[3].result));
}

TEST_F(ConnectionWatchTest, ADisconnectionIsNoAttempt) {
  watch_.OnState("b", 9093, "DOWN");
  EXPECT_TRUE(log_.entries.empty());
}

}  // namespace
}  // namespace ks::kafka
