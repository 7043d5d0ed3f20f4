#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace ks::observe {
namespace {

using ::testing::HasSubstr;

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

TEST(Metrics, TheGuideSaysWhatTheTableSays) {
  std::ifstream file("docs/guide/metrics.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), MetricsMarkdown())
      << "run: build/release/kafka-spanner doc metrics > docs/guide/metrics.md";
}

}  // namespace
}  // namespace ks::observe
