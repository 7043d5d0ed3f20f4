#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace ks::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, OffersWhatWasCounted) {
  Metrics metrics;
  metrics.Partition("p", "t", 3).Add(MetricId::kRecords, 5);
  metrics.Partition("p", "t", 3).Add(MetricId::kRecords, 2);
  metrics.Partition("p", "t", 4).Add(MetricId::kRecords, 1);
  EXPECT_THAT(
      metrics.Text(),
      HasSubstr("kafka_spanner_records_total{partition=\"3\",pipeline=\"p\",topic=\"t\"} 7"));
  EXPECT_EQ(metrics.Total(MetricId::kRecords), 8);
}

TEST(Metrics, EstimatesQuantilesOverAllPartitions) {
  Metrics metrics;
  for (int i = 0; i < 98; ++i)
    metrics.Partition("p", "t", i % 2).Record(MetricId::kCommitSeconds, 0.010);
  for (int i = 0; i < 2; ++i) metrics.Partition("p", "t", 7).Record(MetricId::kCommitSeconds, 1.0);
  const auto quantiles = metrics.Estimate(MetricId::kCommitSeconds);
  EXPECT_EQ(quantiles.count, 100u);
  EXPECT_NEAR(quantiles.p50, 0.010, 0.004);  // a bucket is 1.4 times as wide as the one before
  EXPECT_NEAR(quantiles.p99, 1.0, 0.4);
}

TEST(Metrics, ForgetsTheLagOfAPartitionThatWentAway) {
  Metrics metrics;
  metrics.Partition("p", "t", 0).Set(MetricId::kLagRecords, 9);
  metrics.Forget("p", "t", 0);
  EXPECT_THAT(metrics.Text(),
              HasSubstr("kafka_spanner_lag_records{partition=\"0\",pipeline=\"p\",topic=\"t\"} 0"));
}

TEST(Metrics, TellsWhichPartitionsAreHeld) {
  Metrics metrics;
  metrics.Partition("p", "t", 0).Set(MetricId::kLagSeconds, 1.5);
  metrics.Partition("p", "t", 11).Add(MetricId::kRecords, 3);
  metrics.Partition("pp", "t", 0);
  metrics.Forget("p", "t", 11);
  const auto held = metrics.HeldOf("p");
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].topic, "t");
  EXPECT_TRUE(held[0].held);
  EXPECT_EQ(held[0].lag_seconds, 1.5);
  EXPECT_EQ(held[1].partition, 11);
  EXPECT_FALSE(held[1].held);
  EXPECT_EQ(held[1].records, 3);
  metrics.Partition("p", "t", 11);
  EXPECT_TRUE(metrics.HeldOf("p")[1].held);
}

TEST(Metrics, CredentialsAreApartFromPartitions) {
  Metrics metrics;
  metrics.Partition("p", "t", 0).Add(MetricId::kRecords);
  metrics.Credential("token of b:9093").Set(MetricId::kCredentialExpires, 1'700'000'000.5);
  EXPECT_THAT(metrics.Text(), HasSubstr("kafka_spanner_credential_expires_timestamp_seconds{"
                                        "credential=\"token of b:9093\"} 1700000000.5"));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("records_total{credential")));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("credential_failures_total{partition")));
  EXPECT_EQ(metrics.Total(MetricId::kRecords), 1);
}

TEST(Metrics, WhatIsKeptElsewhereIsAskedEachTime) {
  Metrics metrics;
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("connection_log_dropped_total 0")));
  int64_t dropped = 0;
  metrics.Watch(MetricId::kConnectionLogDropped, [&] { return dropped; });
  for (const int64_t total : {0, 7, 7, 9}) {
    dropped = total;
    EXPECT_THAT(metrics.Text(),
                HasSubstr("connection_log_dropped_total " + std::to_string(total) + "\n"));
  }
}

// Every metric that an alert rule names is there; what the rules do is tests/alerts.
TEST(Metrics, AlertRulesNameMetricsThatAreThere) {
  std::ifstream file("deploy/alerts.yaml");
  std::stringstream text;
  text << file.rdbuf();
  const std::string rules = text.str();
  const std::regex name("\\bkafka_spanner_[a-z_]+");
  std::set<std::string> found;
  for (std::sregex_iterator it(rules.begin(), rules.end(), name), end; it != end; ++it) {
    found.insert(it->str());
  }
  EXPECT_GE(found.size(), 5u) << "are there rules at all?";
  std::set<std::string> known;
  for (const MetricInfo& info : kMetrics) known.insert(info.name);
  for (const std::string& each : found) EXPECT_EQ(known.count(each), 1u) << each;
}

TEST(Metrics, TheGuideSaysWhatTheTableSays) {
  std::ifstream file("docs/guide/metrics.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), MetricsMarkdown())
      << "run: build/release/kafka-spanner doc metrics > docs/guide/metrics.md";
}

}  // namespace
}  // namespace ks::observe
