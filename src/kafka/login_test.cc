// What a pipeline file's `tls:` and `sasl:` become in librdkafka's configuration. That real brokers
// take it is tests/identity's.
#include "kafka/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "kafka/producer.h"
#include "kafka/properties.h"

namespace ks::kafka {
namespace {

using identity::ParseSecretReference;
using identity::SaslMechanism;
using testing::HasSubstr;
using testing::Not;

class LoginTest : public testing::Test {
 protected:
  absl::Status Prepare() { return Login::Prepare(options_, conf_.get()).status(); }
  std::string Property(const char* name) {
    char value[256] = "";
    size_t size = sizeof(value);
    EXPECT_EQ(rd_kafka_conf_get(conf_.get(), name, value, &size), RD_KAFKA_CONF_OK);
    return value;
  }

  env::SimEnvironment environment_;
  identity::Services services_{{.environment = &environment_}};
  LoginOptions options_{{}, &services_};
  ConfPtr conf_ = *MakeConf({}, {});
};

TEST_F(LoginTest, WithoutSettingsNothingChanges) {
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(Property("security.protocol"), "plaintext");
}

TEST_F(LoginTest, ScramOverTls) {
  environment_.variables["PW"] = "hunter2";
  options_.security.tls = {.enabled = true, .ca = "/etc/ca.pem"};
  options_.security.sasl.mechanism = SaslMechanism::kScramSha512;
  options_.security.sasl.username = "alice";
  options_.security.sasl.password = *ParseSecretReference("secret://env/PW");
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(Property("security.protocol"), "sasl_ssl");
  EXPECT_EQ(Property("sasl.mechanisms"), "SCRAM-SHA-512");
  EXPECT_EQ(Property("sasl.username"), "alice");
  EXPECT_EQ(Property("sasl.password"), "hunter2");
  EXPECT_EQ(Property("ssl.ca.location"), "/etc/ca.pem");
}

TEST_F(LoginTest, PasswordInTheClearOnlyWhereAskedFor) {
  environment_.variables["PW"] = "hunter2";
  options_.security.sasl.mechanism = SaslMechanism::kPlain;
  options_.security.sasl.password = *ParseSecretReference("secret://env/PW");
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(Property("security.protocol"), "sasl_plaintext");
}

TEST_F(LoginTest, AMissingSecretIsNamed) {
  options_.security.sasl.mechanism = SaslMechanism::kPlain;
  options_.security.sasl.password = *ParseSecretReference("secret://env/PW");
  EXPECT_THAT(std::string(Prepare().message()), HasSubstr("PW is not set for this process"));
}

TEST_F(LoginTest, ARefusedKeyIsNotShown) {
  environment_.files["/k.pem"] = "hunter2 is no key";
  options_.security.tls.enabled = true;
  options_.security.tls.private_key = *ParseSecretReference("secret://file/k.pem");
  const auto producer = Producer::Create({.brokers = "127.0.0.1:1", .login = options_});
  const std::string message(producer.status().message());
  EXPECT_THAT(message, HasSubstr("private key"));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace ks::kafka
