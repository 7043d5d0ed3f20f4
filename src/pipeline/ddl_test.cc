#include "pipeline/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/spec.h"

namespace ks::pipeline {
namespace {

using testing::HasSubstr;

constexpr char kFile[] = R"(
pipeline: p
from:
  kafka: {brokers: b, topic: t}
  value: {format: json, schema: {id: STRING NOT NULL}}
to: {spanner: {database: projects/p/instances/i/databases/d}}
tables:
  kafka_spanner_orders: {select: SELECT id AS Id, mode: append}
)";

// Reviewers see them before they approve: a name like ours hides nothing.
TEST(TablesDdl, LeavesOutOurOwnTablesAndNothingElse) {
  const auto spec = ParsePipeline("p.yaml", kFile);
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto plan = MakePlan(*spec, nullptr);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_GT(plan->missing_ddl.size(), 4u);
  const auto tables = TablesDdl(*plan);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_THAT(tables[0], HasSubstr("CREATE TABLE kafka_spanner_orders"));
}

}  // namespace
}  // namespace ks::pipeline
