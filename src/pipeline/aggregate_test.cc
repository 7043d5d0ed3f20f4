// Partial aggregates: folding, joining with what Spanner has, the cache.
#include "pipeline/aggregate.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "env/clock.h"
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

// ---- Rows that are taken back

// SELECT g, SUM(x) AS Total GROUP BY g, over rows that change.
AggregatePlan MakeTakingBack() {
  AggregatePlan plan{.takes_back = true, .table = "TPartials", .view = "T"};
  plan.key_names = {"G"};
  plan.key_types = {Type::String()};
  plan.key_inputs = {0};
  plan.first_aggregate_input = 1;
  plan.aggregates = {
      {.kind = AggregateKind::kSum,
       .name = "Total",
       .argument = Type::Numeric(),
       .first_input = 1,
       .first_state = 0,
       .states = 2},
      {.kind = AggregateKind::kCount, .name = "KafkaRows", .first_input = 1, .first_state = 2}};
  plan.states = {{"Total", Type::Numeric()},
                 {"Total_count", Type::Int64(), true},
                 {"KafkaRows", Type::Int64(), true}};
  return plan;
}

class TakingBackTest : public testing::Test {
 protected:
  TakingBackTest()
      : plan_(MakeTakingBack()),
        shape_(MutationKind::kInsertOrUpdate, "TPartials",
               {"G", "Total", "Total_count", "KafkaRows"},
               {Type::String(), Type::Numeric(), Type::Int64(), Type::Int64()}),
        lane_(plan_, shape_, "", 2) {}

  void Fold(const std::string& group, std::optional<int64_t> units, bool taken_back) {
    WireBuffer key;
    AppendListElement(Type::String(), Datum::Str(group), &key);
    const sql::Int128 wide = static_cast<sql::Int128>(units.value_or(0)) * 1000000000;
    const Datum inputs[] = {units ? Datum::Wide(&wide) : Datum::Null()};
    lane_.Fold(key.view(), HashKeyBytes(key.view()), inputs, taken_back);
  }

  // What Spanner would hold after the batch.
  void Write(std::map<std::string, std::vector<std::string>>* spanner) {
    WireBuffer rows;
    lane_.AppendRows(&rows);
    WireBuffer mutation;
    shape_.AppendMutation(rows.view(), &mutation);
    google::spanner::v1::CommitRequest request;
    ASSERT_TRUE(request.ParseFromString(std::string(mutation.view())));
    for (const auto& row : request.mutations(0).insert_or_update().values()) {
      std::vector<std::string> texts;
      for (const auto& value : row.values())
        texts.push_back(value.has_null_value() ? "NULL" : value.string_value());
      (*spanner)[texts[0]] = texts;
    }
  }

  absl::Status Read(const std::map<std::string, std::vector<std::string>>& spanner) {
    auto result = std::make_shared<google::spanner::v1::ResultSet>();
    for (const auto& [group, row] : spanner) {
      auto* list = result->add_rows();
      for (const std::string& text : row) {
        auto* value = list->add_values();
        text == "NULL" ? value->set_null_value(google::protobuf::NULL_VALUE)
                       : value->set_string_value(text);
      }
    }
    return lane_.OnRead(result);
  }

  AggregatePlan plan_;
  MutationShape shape_;
  AggregateLane lane_;
};

// Rows come, change their group and value, and go; batches are committed or dropped and folded
// again; the cache of two groups forgets: what Spanner holds is what the rows are, after each
// commit.
TEST_F(TakingBackTest, StatesAreWhatTheRowsAre) {
  env::SimRandom random(7);
  std::map<int, std::pair<std::string, std::optional<int64_t>>> rows;
  std::map<std::string, std::vector<std::string>> spanner;
  using Change = std::tuple<std::string, std::optional<int64_t>, bool>;
  for (int batch = 0; batch < 400; ++batch) {
    std::vector<Change> changes;
    for (uint64_t i = 0; i <= random.Below(6); ++i) {
      const int id = static_cast<int>(random.Below(8));
      if (const auto was = rows.find(id); was != rows.end()) {
        changes.emplace_back(was->second.first, was->second.second, true);
        rows.erase(was);
        if (random.Below(3) == 0) continue;  // a delete
      }
      std::optional<int64_t> units;
      if (random.Below(4) != 0) units = static_cast<int64_t>(random.Below(100)) - 50;
      rows[id] = {StrCat("g", random.Below(5)), units};
      changes.emplace_back(rows[id].first, units, false);
    }
    for (bool dropped = random.Below(4) == 0;; dropped = false) {
      for (const auto& [group, units, taken_back] : changes) Fold(group, units, taken_back);
      if (!lane_.MissingReads().empty()) {
        ASSERT_TRUE(Read(spanner).ok());
      }
      if (!dropped) break;
      lane_.Clear();
    }
    Write(&spanner);
    lane_.OnCommitted();
    std::map<std::string, std::array<int64_t, 3>> expected;
    for (const auto& [id, row] : rows) {
      auto& state = expected[row.first];
      state[0] += row.second.value_or(0);
      state[1] += row.second ? 1 : 0;
      ++state[2];
    }
    for (const auto& [group, row] : spanner) {
      const auto& state = expected[group];
      EXPECT_EQ(row[1] == "NULL" ? "0" : row[1], StrCat(state[0])) << group << " " << batch;
      EXPECT_EQ(row[2], StrCat(state[1]));
      EXPECT_EQ(row[3], StrCat(state[2]));
      expected.erase(group);
    }
    EXPECT_TRUE(expected.empty());
  }
}

// A sum that left all range does not come back into it when a part is taken away again.
TEST_F(TakingBackTest, ASumThatOverflowedStaysSo) {
  const auto largest = static_cast<sql::Int128>(99999999999999999LL) * 1000000000000LL * 1000000000;
  WireBuffer key;
  AppendListElement(Type::String(), Datum::Str("a"), &key);
  const Datum inputs[] = {Datum::Wide(&largest)};
  for (const bool taken_back : {false, false, true})
    lane_.Fold(key.view(), HashKeyBytes(key.view()), inputs, taken_back);
  ASSERT_TRUE(Read({}).ok());
  std::map<std::string, std::vector<std::string>> spanner;
  Write(&spanner);
  EXPECT_EQ(spanner["a"][1].find('.'), 30u);  // NUMERIC has 29 digits there: Spanner refuses it
}

}  // namespace
}  // namespace ks::pipeline
