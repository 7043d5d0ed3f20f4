// What an entry looks like: what OCSF requires is there, what it has no field for is in `unmapped`.
#include "identity/connection_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ks::identity {
namespace {

using nlohmann::json;

ConnectionAttempt Login() {
  return {.kind = ConnectionAttempt::Kind::kLogin,
          .started_at_nanos = 1'700'000'000'123'456'789,
          .duration_nanos = 7'000'000,
          .service = "kafka",
          .host = "b",
          .port = 9093,
          .mechanism = "SASL_SSL PLAIN",
          .principal = "alice"};
}

TEST(ConnectionLog, EntriesHaveWhatTheirClassRequires) {
  ConnectionAttempt attempt = Login();
  // https://schema.ocsf.io/1.3.0/classes/authentication and .../api_activity
  json line = json::parse(ToOcsf(attempt));
  for (const char* name : {"activity_id", "category_uid", "class_uid", "metadata", "severity_id",
                           "time", "type_uid", "user", "dst_endpoint"}) {
    EXPECT_TRUE(line.contains(name)) << name;
  }
  EXPECT_EQ(line["class_uid"], 3002);
  EXPECT_EQ(line["type_uid"], 300201);
  EXPECT_EQ(line["time"], 1'700'000'000'123);
  EXPECT_EQ(line["auth_protocol"], "SASL_SSL PLAIN");
  EXPECT_FALSE(line.contains("unmapped"));
  attempt.kind = ConnectionAttempt::Kind::kRequest;
  attempt.principal = "";
  attempt.mechanism = "Basic";
  attempt.operation = "POST https /token";
  line = json::parse(ToOcsf(attempt));
  for (const char* name : {"activity_id", "actor", "api", "category_uid", "class_uid", "metadata",
                           "severity_id", "src_endpoint", "time", "type_uid"}) {
    EXPECT_TRUE(line.contains(name)) << name;
  }
  EXPECT_EQ(line["actor"]["user"]["name"], "unknown");
  EXPECT_EQ(line["api"]["operation"], "POST https /token");
  EXPECT_FALSE(line.contains("auth_protocol")) << "API Activity has no such field";
  EXPECT_EQ(line["unmapped"]["auth_protocol"], "Basic");
}

TEST(ConnectionLog, WhoAskedOurOwnServerIsTold) {
  ConnectionAttempt attempt = Login();
  attempt.kind = ConnectionAttempt::Kind::kServed;
  attempt.service = "control-plane";
  attempt.client_address = "10.0.0.7";
  attempt.client_port = 4711;
  attempt.operation = "PUT /v1/pipelines/p";
  attempt.mechanism = "Bearer";
  attempt.tls.version = "TLSv1.3";
  const json line = json::parse(ToOcsf(attempt));
  EXPECT_EQ(line["class_uid"], 6003);
  EXPECT_EQ(line["activity_id"], 3);
  EXPECT_EQ(line["src_endpoint"]["ip"], "10.0.0.7");
  EXPECT_EQ(line["api"]["operation"], "PUT /v1/pipelines/p");
  EXPECT_EQ(line["actor"]["user"]["name"], "alice");
  EXPECT_EQ(line["unmapped"]["tls"]["version"], "TLSv1.3");
  EXPECT_FALSE(line["unmapped"]["tls"].contains("certificate"));
}

TEST(ConnectionLog, TlsIsTold) {
  ConnectionAttempt attempt = Login();
  attempt.credential_version = "v1";
  attempt.tls = {"TLSv1.3", "TLS_AES_128_GCM_SHA256", "b", "CN=b", "CN=ca", "2A", {"b"}, 2'000};
  const json unmapped = json::parse(ToOcsf(attempt))["unmapped"];
  EXPECT_EQ(unmapped["credential_version"], "v1");
  const json tls = unmapped["tls"];
  EXPECT_EQ(tls["version"], "TLSv1.3");
  EXPECT_EQ(tls["sni"], "b");
  EXPECT_EQ(tls["certificate"]["subject"], "CN=b");
  EXPECT_EQ(tls["certificate"]["expiration_time"], 2'000'000);  // milliseconds
  EXPECT_EQ(tls["certificate"]["sans"], json::array({"b"}));
}

TEST(ConnectionLog, AFailureHasItsReason) {
  ConnectionAttempt attempt = Login();
  attempt.result = absl::UnauthenticatedError("no");
  const json line = json::parse(ToOcsf(attempt));
  EXPECT_EQ(line["status_id"], 2);
  EXPECT_EQ(line["status_code"], "UNAUTHENTICATED");
  EXPECT_EQ(line["status_detail"], "no");
}

}  // namespace
}  // namespace ks::identity
