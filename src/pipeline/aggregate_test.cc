// Partial aggregates: folding, joining with what Spanner has, the cache.
#include "pipeline/aggregate.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/spanner/v1/result_set.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "pipeline/key_table.h"

namespace ks::pipeline {
namespace {

using sql::Datum;
using sql::Type;
using testing::ElementsAre;
using testing::IsEmpty;

// SELECT g, COUNT(*) AS N, SUM(x) AS Total, ANY_VALUE(s HAVING MAX x) AS Newest GROUP BY g
AggregatePlan MakePlan() {
  AggregatePlan plan{.table = "TPartials", .view = "T"};
  plan.key_names = {"G"};
  plan.key_types = {Type::String()};
  plan.key_inputs = {0};
  plan.first_aggregate_input = 1;
  plan.aggregates = {
      {.kind = AggregateKind::kCount, .name = "N", .first_input = 1, .first_state = 0},
      {.kind = AggregateKind::kSum,
       .name = "Total",
       .argument = Type::Int64(),
       .first_input = 1,
       .first_state = 1},
      {.kind = AggregateKind::kAnyValueMax,
       .name = "Newest",
       .argument = Type::String(),
       .order = Type::Int64(),
       .first_input = 2,
       .first_state = 2,
       .states = 2}};
  plan.states = {{"N", Type::Int64(), true},
                 {"Total", Type::Numeric()},
                 {"Newest", Type::String()},
                 {"Newest_order", Type::Int64()}};
  return plan;
}

class AggregateLaneTest : public testing::Test {
 protected:
  AggregateLaneTest()
      : plan_(MakePlan()),
        shape_(MutationKind::kInsertOrUpdate, "TPartials",
               {"G", "N", "Total", "Newest", "Newest_order"},
               {Type::String(), Type::Int64(), Type::Numeric(), Type::String(), Type::Int64()}),
        lane_(plan_, shape_, "", 4) {}

  void Fold(std::string_view group, int64_t x, std::string_view s) {
    WireBuffer key;
    AppendListElement(Type::String(), Datum::Str(group), &key);
    const Datum inputs[] = {Datum::Int64(x), Datum::Str(s), Datum::Int64(x)};
    lane_.Fold(key.view(), HashKeyBytes(key.view()), inputs);
  }

  // Rows as "g n total newest order".
  std::vector<std::string> Rows() const {
    WireBuffer rows;
    lane_.AppendRows(&rows);
    WireBuffer mutation;
    shape_.AppendMutation(rows.view(), &mutation);
    google::spanner::v1::CommitRequest request;
    EXPECT_TRUE(request.ParseFromString(std::string(mutation.view())));
    std::vector<std::string> texts;
    for (const auto& row : request.mutations(0).insert_or_update().values()) {
      std::string text;
      for (const auto& value : row.values())
        text += (text.empty() ? "" : " ") + value.string_value();
      texts.push_back(text);
    }
    return texts;
  }

  static RowsPtr Answer(const std::vector<std::vector<std::string>>& rows) {
    auto result = std::make_shared<google::spanner::v1::ResultSet>();
    for (const auto& row : rows) {
      auto* list = result->add_rows();
      for (const std::string& value : row) list->add_values()->set_string_value(value);
    }
    return result;
  }

  AggregatePlan plan_;
  MutationShape shape_;
  AggregateLane lane_;
};

TEST_F(AggregateLaneTest, WritesAbsoluteValuesOverWhatSpannerHas) {
  Fold("a", 5, "five");
  Fold("b", 1, "one");
  Fold("a", 3, "three");
  const auto reads = lane_.MissingReads();
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(reads[0].table, "TPartials");
  EXPECT_THAT(reads[0].columns, ElementsAre("G", "N", "Total", "Newest", "Newest_order"));
  google::spanner::v1::KeySet keys;
  ASSERT_TRUE(keys.ParseFromString(reads[0].key_set));
  EXPECT_EQ(keys.keys_size(), 2);
  ASSERT_TRUE(lane_.OnRead(Answer({{"a", "10", "100", "nine", "9"}})).ok());
  EXPECT_THAT(lane_.MissingReads(), IsEmpty());
  EXPECT_THAT(Rows(), ElementsAre("a 12 108 nine 9", "b 1 1 one 1"));
  EXPECT_EQ(Rows(), Rows());
}

TEST_F(AggregateLaneTest, GoesOnFromTheCacheAfterACommit) {
  Fold("a", 5, "five");
  ASSERT_TRUE(lane_.OnRead(Answer({})).ok());
  lane_.OnCommitted();
  EXPECT_EQ(lane_.touched(), 0u);
  Fold("a", 7, "seven");
  EXPECT_THAT(lane_.MissingReads(), IsEmpty());
  EXPECT_THAT(Rows(), ElementsAre("a 2 12 seven 7"));
}

TEST_F(AggregateLaneTest, ForgetsEverythingThatIsNotCommitted) {
  Fold("a", 5, "five");
  ASSERT_TRUE(lane_.OnRead(Answer({})).ok());
  lane_.OnCommitted();
  Fold("a", 100, "never");
  lane_.Clear();
  Fold("a", 1, "again");
  EXPECT_EQ(lane_.MissingReads().size(), 1u);  // the cache is not believed any more
  ASSERT_TRUE(lane_.OnRead(Answer({{"a", "1", "5", "five", "5"}})).ok());
  EXPECT_THAT(Rows(), ElementsAre("a 2 6 five 5"));
}

TEST_F(AggregateLaneTest, SumsBeyondInt64Exactly) {
  Fold("a", INT64_MAX, "x");
  Fold("a", INT64_MAX, "x");
  ASSERT_TRUE(lane_.OnRead(Answer({})).ok());
  EXPECT_THAT(Rows(), ElementsAre("a 2 18446744073709551614 x 9223372036854775807"));
}

TEST_F(AggregateLaneTest, TheCacheIsBoundedButNeverForgetsTheBatch) {
  for (int i = 0; i < 3; ++i) Fold(std::to_string(i), i, "");
  ASSERT_TRUE(lane_.OnRead(Answer({})).ok());
  lane_.OnCommitted();
  EXPECT_EQ(lane_.cached(), 3u);
  for (int i = 10; i < 13; ++i) Fold(std::to_string(i), i, "");
  EXPECT_EQ(lane_.cached(), 6u);
  EXPECT_EQ(Rows().size(), 3u);
  ASSERT_TRUE(lane_.OnRead(Answer({})).ok());
  lane_.OnCommitted();
  EXPECT_LE(lane_.cached(), 4u);
  Fold("10", 1, "");
  EXPECT_THAT(lane_.MissingReads(), IsEmpty());  // the last batch's stay
}

TEST_F(AggregateLaneTest, RefusesRowsOfAnotherShape) {
  Fold("a", 5, "five");
  EXPECT_FALSE(lane_.OnRead(Answer({{"a", "1"}})).ok());
}

}  // namespace
}  // namespace ks::pipeline
