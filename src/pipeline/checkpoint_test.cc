#include "pipeline/checkpoint.h"

#include <gmock/gmock.h>
#include <google/spanner/v1/spanner.pb.h>
#include <gtest/gtest.h>

#include "pipeline/mutation_writer.h"
#include "pipeline/testing/sim_spanner.h"
#include "pipeline/wire_buffer.h"

namespace ks::pipeline {
namespace {

using testing::HasSubstr;

const ChainKey kKey = {"signups", "signups-topic", 3};
const CommitLabel kLabel = {"worker-1", "11111111-2222-4333-8444-555555555555"};

std::vector<RowsPtr> ReadAll(const SimSpanner& spanner) {
  std::vector<RowsPtr> rows;
  for (const ReadSpec& spec : ChainReads(kKey)) rows.push_back(spanner.Read(spec).value());
  return rows;
}

Chains Standing(const SimSpanner& spanner) { return **DecodeChains(ReadAll(spanner)); }

void Create(SimSpanner* spanner, int lanes, int64_t begin) {
  std::string wire;
  AppendGenesis(kKey, {lanes, begin, "topic-id"}, kLabel, {}, &wire);
  ASSERT_TRUE(spanner->Commit(wire).ok());
}

std::string Step(const Chains& chains, int lane, int64_t end) {
  std::string wire;
  const Advance advance = {.lane = lane,
                           .from = &chains.lanes[static_cast<size_t>(lane)],
                           .end = end,
                           .records = 5,
                           .last_timestamp_ms = 1'700'000'000'123};
  AppendAdvances(kKey, chains.generation, {&advance, 1}, kLabel, {}, &wire);
  return wire;
}

TEST(Checkpoint, NothingIsThereBeforeGenesis) {
  SimSpanner spanner;
  const auto chains = DecodeChains(ReadAll(spanner));
  ASSERT_TRUE(chains.ok());
  EXPECT_FALSE(chains->has_value());
}

TEST(Checkpoint, TwoRowsLivePerChain) {
  SimSpanner spanner;
  Create(&spanner, 2, 100);
  for (int64_t end = 110; end <= 160; end += 10) {
    ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 1, end)).ok());
  }
  const Chains chains = Standing(spanner);
  EXPECT_EQ(chains.topic_id, "topic-id");
  EXPECT_EQ(chains.rows.size(), 3u);  // genesis of lane 0, two of lane 1
  EXPECT_EQ(chains.lanes[0].head, 100);
  EXPECT_EQ(chains.lanes[1].before, 140);
  EXPECT_EQ(chains.lanes[1].last, 150);
  EXPECT_EQ(chains.lanes[1].head, 160);
  EXPECT_EQ(chains.lanes[1].batch, kLabel.batch);
  EXPECT_EQ(chains.lanes[1].last_timestamp_ms, 1'700'000'000'123);
}

TEST(Checkpoint, OnlyTheDirectSuccessorOfTheLastCommitFits) {
  SimSpanner spanner;
  Create(&spanner, 1, 0);
  const Chains genesis = Standing(spanner);
  const std::string first = Step(genesis, 0, 10);
  const std::string rival = Step(genesis, 0, 7);
  ASSERT_TRUE(spanner.Commit(first).ok());
  EXPECT_EQ(spanner.Commit(first).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(spanner.Commit(rival).code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 0, 20)).ok());
  EXPECT_EQ(spanner.Commit(first).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(spanner.Commit(rival).code(), absl::StatusCode::kNotFound);
}

TEST(Checkpoint, NoKeyIsTouchedTwiceInACommit) {
  SimSpanner spanner;
  Create(&spanner, 1, 0);
  ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 0, 10)).ok());
  google::spanner::v1::CommitRequest request;
  ASSERT_TRUE(request.ParseFromString(Step(Standing(spanner), 0, 20)));
  ASSERT_EQ(request.mutations_size(), 3);
  EXPECT_EQ(request.mutations(0).update().values(0).values(5).string_value(), "0");
  EXPECT_EQ(request.mutations(1).insert().values(0).values(5).string_value(), "10");
  EXPECT_EQ(request.mutations(1).insert().values(0).values(11).string_value(),
            "spanner.commit_timestamp()");
  EXPECT_EQ(request.mutations(2).delete_().key_set().keys(0).values(5).string_value(), "-1");
}

TEST(Checkpoint, ReadsThatDoNotFitTogetherAreToldApart) {
  SimSpanner spanner;
  Create(&spanner, 2, 0);
  const std::vector<RowsPtr> before = ReadAll(spanner);
  const auto change = ShapeChangeMutations(kKey, {.lanes = 3}, kLabel, {}, before);
  ASSERT_TRUE(change.ok());
  ASSERT_TRUE(spanner.Commit(*change).ok());
  const std::vector<RowsPtr> after = ReadAll(spanner);
  EXPECT_EQ(DecodeChains({before[0], after[1]}).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(DecodeChains({after[0], before[1]}).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Standing(spanner).generation, 1);
  EXPECT_EQ(Standing(spanner).lanes.size(), 3u);
}

TEST(Checkpoint, RowsThatAreNoChainAreDamage) {
  SimSpanner spanner;
  Create(&spanner, 1, 0);
  ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 0, 10)).ok());
  Chains edited = Standing(spanner);
  edited.lanes[0].head = 15;  // as if somebody had moved EndOffset by hand
  edited.lanes[0].before.reset();
  ASSERT_TRUE(spanner.Commit(Step(edited, 0, 20)).ok());
  const absl::Status status = DecodeChains(ReadAll(spanner)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.ToString(), HasSubstr("lane 0 are no chain"));
}

TEST(Checkpoint, LanesThatAreNotDrainedAreNotChanged) {
  SimSpanner spanner;
  Create(&spanner, 2, 0);
  ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 0, 10)).ok());
  const auto change = ShapeChangeMutations(kKey, {.lanes = 1}, kLabel, {}, ReadAll(spanner));
  EXPECT_THAT(change.status().ToString(), HasSubstr("they must be drained first"));
  // An operator's rewind says where to begin instead.
  const auto rewind =
      ShapeChangeMutations(kKey, {.lanes = 1, .begin = 4}, kLabel, {}, ReadAll(spanner));
  ASSERT_TRUE(rewind.ok());
  const std::string late = Step(Standing(spanner), 0, 20);
  ASSERT_TRUE(spanner.Commit(*rewind).ok());
  EXPECT_EQ(Standing(spanner).lanes[0].head, 4);
  EXPECT_EQ(spanner.Commit(late).code(), absl::StatusCode::kNotFound);
}

TEST(Checkpoint, ALateGenesisFindsThePartitionsRow) {
  SimSpanner spanner;
  std::string genesis;
  AppendGenesis(kKey, {1, 0, ""}, kLabel, {}, &genesis);
  ASSERT_TRUE(spanner.Commit(genesis).ok());
  for (int64_t end = 10; end <= 30; end += 10) {
    ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 0, end)).ok());
  }
  EXPECT_EQ(spanner.Commit(genesis).code(), absl::StatusCode::kAlreadyExists);
}

void MoveTo(SimSpanner* spanner, const Move& move) {
  const auto plan = PlanMove(kKey, move, ReadAll(*spanner));
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_TRUE(spanner->Commit(MoveMutations(kKey, *plan, "", kLabel)).ok());
}

TEST(Checkpoint, AfterAMoveNothingFromBeforeFits) {
  SimSpanner spanner;
  Create(&spanner, 2, 100);
  const Chains before = Standing(spanner);
  MoveTo(&spanner, {.to = 50});
  EXPECT_FALSE(spanner.Commit(Step(before, 0, 110)).ok());
  const Chains after = Standing(spanner);
  EXPECT_EQ(after.generation, before.generation + 1);
  EXPECT_EQ(after.topic_id, "topic-id");
  EXPECT_EQ(after.lanes[0].head, 50);
  EXPECT_EQ(after.lanes[1].head, 50);
  EXPECT_EQ(after.rows.size(), 2u);
  EXPECT_TRUE(spanner.Commit(Step(after, 0, 110)).ok());
}

TEST(Checkpoint, ASkipTakesNoLaneBack) {
  SimSpanner spanner;
  Create(&spanner, 2, 100);
  ASSERT_TRUE(spanner.Commit(Step(Standing(spanner), 1, 130)).ok());
  MoveTo(&spanner, {.to = 101, .only_forward = true});
  EXPECT_EQ(Standing(spanner).lanes[0].head, 101);
  EXPECT_EQ(Standing(spanner).lanes[1].head, 130);
}

TEST(Checkpoint, AMoveMendsDamagedChains) {
  SimSpanner spanner;
  Create(&spanner, 2, 100);
  // As if somebody had deleted lane 1's only row.
  WireBuffer wire;
  AppendMutationOf(MutationKind::kDelete, "kafka_spanner.Checkpoints",
                   {{"Pipeline", sql::Value::String(kKey.pipeline)},
                    {"Topic", sql::Value::String(kKey.topic)},
                    {"KafkaPartition", sql::Value::Int64(kKey.partition)},
                    {"Generation", sql::Value::Int64(0)},
                    {"Lane", sql::Value::Int64(1)},
                    {"StartOffset", sql::Value::Int64(kGenesis)}},
                   &wire);
  ASSERT_TRUE(spanner.Commit(std::string(wire.view())).ok());
  EXPECT_FALSE(DecodeChains(ReadAll(spanner)).ok());
  MoveTo(&spanner, {.to = 70});
  EXPECT_EQ(Standing(spanner).lanes[1].head, 70);
}

}  // namespace
}  // namespace ks::pipeline
