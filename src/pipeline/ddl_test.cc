#include "pipeline/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "base/str_cat.h"
#include "pipeline/grants.h"
#include "pipeline/offline/target_from_ddl.h"
#include "pipeline/spec.h"

namespace ks::pipeline {
namespace {

using testing::Contains;
using testing::ElementsAre;
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

constexpr char kEvolving[] = R"(
pipeline: p
from:
  kafka: {brokers: b, topic: t}
  key: {format: string, name: id, type: STRING(64)}
  value:
    format: json
    schema: {name: STRING(200) NOT NULL, code: STRING(10), tags: ARRAY<STRING(MAX)>, b: BYTES(9),
             n: INT64 NOT NULL, s: STRING}
to: {spanner: {database: projects/p/instances/i/databases/d, evolve: EVOLVE}}
tables:
  T: SELECT id AS Id, name AS Name, code AS Code, tags AS Tags, b AS B, n AS N, s AS S, n + 1 AS M
)";
constexpr char kThere[] =
    "CREATE TABLE T (Id STRING(36) NOT NULL, Name STRING(100) NOT NULL, Code STRING(20), "
    "Tags ARRAY<STRING(5)>, B BYTES(MAX), S STRING(7)) PRIMARY KEY (Id)";

absl::StatusOr<Plan> PlanOf(const PipelineSpec& spec, const char* ddl) {
  const auto target = TargetFromDdl(ddl);
  EXPECT_TRUE(target.ok()) << target.status();
  return MakePlan(spec, &*target);
}

std::string Evolving(std::string_view how) {
  return absl::StrReplaceAll(kEvolving, {{"EVOLVE", AbslView(how)}});
}

TEST(Evolve, AddsNullableColumnsAndLengthensAndNothingElse) {
  const auto spec = ParsePipeline("p.yaml", Evolving("add_columns"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto plan = PlanOf(*spec, kThere);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(TablesDdl(*plan), ElementsAre("ALTER TABLE T ADD COLUMN IF NOT EXISTS N INT64",
                                            "ALTER TABLE T ADD COLUMN IF NOT EXISTS M INT64",
                                            "ALTER TABLE T ALTER COLUMN Id STRING(64) NOT NULL",
                                            "ALTER TABLE T ALTER COLUMN Name STRING(200) NOT NULL",
                                            "ALTER TABLE T ALTER COLUMN Tags ARRAY<STRING(MAX)>"));
  EXPECT_FALSE(plan->only_evolves);  // our own tables are missing too
}

TEST(Evolve, LeavesTablesAloneWhereItMay) {
  const auto spec = ParsePipeline("p.yaml", Evolving("never"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto plan = PlanOf(*spec, kThere);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("no column `N`"));
}

TEST(Evolve, ColumnsThatComeAreGrantedToo) {
  const auto spec = ParsePipeline("p.yaml", Evolving("add_columns"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto plan = PlanOf(*spec, kThere);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const Grants grants = LeastGrants(*plan);
  EXPECT_THAT(grants.spanner, Contains(HasSubstr("INSERT, UPDATE, DELETE ON TABLE T TO ROLE")));
  EXPECT_THAT(grants.iam, Contains(HasSubstr("spanner.databases.updateDdl")));
}

}  // namespace
}  // namespace ks::pipeline
