#include "pipeline/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/testing/partition_rig.h"

namespace ks::pipeline {
namespace {

using env::kNanosPerMilli;
using env::kNanosPerSecond;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string Text(const std::optional<absl::Status>& status) {
  return status.has_value() ? status->ToString() : "(nothing)";
}

std::vector<int64_t> UpTo(int64_t end) {
  std::vector<int64_t> offsets;
  for (int64_t i = 0; i < end; ++i) offsets.push_back(i);
  return offsets;
}

// ---- Beginning

TEST(Partition, CreatesChainsWhereItIsToBegin) {
  PartitionRig rig;
  rig.options.lanes = 3;
  rig.facts.begin = 40;
  rig.Begin();
  const Chains chains = rig.Standing();
  EXPECT_EQ(chains.topic_id, "id-1");
  ASSERT_EQ(chains.lanes.size(), 3u);
  for (const ChainHead& chain : chains.lanes) {
    EXPECT_EQ(chain.head, 40);
    EXPECT_EQ(chain.last, kGenesis);
  }
  ASSERT_EQ(rig.seeks.size(), 1u);
  EXPECT_EQ(rig.seeks[0].offset, 40);
  EXPECT_TRUE(rig.fetching);
}

TEST(Partition, ResumesAtTheLowestHeadAndLanesSkipWhatTheyHave) {
  PartitionRig rig;
  rig.options.lanes = 4;
  rig.options.shared.records = 1;  // each lane commits alone
  rig.options.batch.records = 100;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 32));
  ASSERT_GT(rig.commits.size(), 1u);
  rig.Apply(0);  // one lane gets through, then the worker dies
  const size_t done = rig.Applied().size();
  EXPECT_GT(done, 0u);
  EXPECT_LT(done, 32u);

  rig.hold_commits = false;
  rig.Begin();
  EXPECT_EQ(rig.seeks.back().offset, 0);
  rig.Offer(PartitionRig::Records(0, 32));
  EXPECT_EQ(rig.Applied(), UpTo(32));
  size_t writes = 0;
  for (const auto& write : rig.spanner.journal()) writes += write.table == "Applied" ? 1 : 0;
  EXPECT_EQ(writes, 32u);
}

TEST(Partition, TwoWorkersCreatingAtOnceAgreeOnOneSetOfChains) {
  PartitionRig rig;
  rig.hold_commits = true;
  rig.Begin();
  ASSERT_EQ(rig.commits.size(), 1u);
  const SendCommit late = rig.commits[0];
  rig.hold_commits = false;
  rig.Begin();
  rig.Offer(PartitionRig::Records(0, 4));
  rig.Offer(PartitionRig::Records(4, 8));
  rig.Offer(PartitionRig::Records(8, 12));
  EXPECT_EQ(rig.spanner.Commit(late.mutations).code(), absl::StatusCode::kAlreadyExists);
}

// ---- Batches

TEST(Partition, BatchesCloseWhenThePreviousCommitReturns) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 1));
  ASSERT_EQ(rig.commits.size(), 1u);  // no linger
  rig.Offer(PartitionRig::Records(1, 5));
  rig.Offer(PartitionRig::Records(5, 9));
  ASSERT_EQ(rig.commits.size(), 1u);  // one commit of a chain at a time
  rig.Apply(0);
  ASSERT_EQ(rig.commits.size(), 1u);  // and then all that has gathered
  rig.Apply(0);
  EXPECT_THAT(rig.commits, IsEmpty());
  EXPECT_EQ(rig.Applied(), UpTo(9));
}

TEST(Partition, TakesNothingMoreWhileItHoldsSomethingAndTheBudgetIsSpent) {
  PartitionRig rig;
  MemoryBudget memory(100);
  memory.Add(100);  // others hold it
  rig.options.memory = &memory;
  rig.Begin();
  rig.hold_commits = true;
  EXPECT_TRUE(rig.Offer(PartitionRig::Records(0, 1)));  // it holds nothing: it may
  EXPECT_FALSE(rig.fetching);
  EXPECT_FALSE(rig.Offer(PartitionRig::Records(1, 2)));
  rig.Apply(0);
  EXPECT_TRUE(rig.fetching);
  memory.Add(-1);
  EXPECT_TRUE(rig.Offer(PartitionRig::Records(1, 2)));
  EXPECT_TRUE(rig.fetching);
}

TEST(Partition, LanesShareACommitUnderLightLoad) {
  PartitionRig rig;
  rig.options.lanes = 8;
  rig.Begin();
  rig.hold_commits = true;
  rig.commits_sent = 0;
  rig.Offer(PartitionRig::Records(0, 16));
  EXPECT_EQ(rig.commits.size(), 1u);
  for (int64_t i = 16; i < 48; ++i) rig.Offer(PartitionRig::Records(i, i + 1));
  EXPECT_LE(rig.commits.size(), 2u);  // not one per lane
  while (!rig.commits.empty()) rig.Apply(0);
  EXPECT_EQ(rig.Applied(), UpTo(48));
  EXPECT_LE(rig.commits_sent, 4);
}

TEST(Partition, LanesCommitInParallelUnderHeavyLoad) {
  PartitionRig rig;
  rig.options.lanes = 4;
  rig.options.shared.records = 10;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 400));
  EXPECT_EQ(rig.commits.size(), 4u);
}

TEST(Partition, LimitsBatchesAndHoldsBackWhatDoesNotFit) {
  PartitionRig rig;
  rig.options.batch.records = 10;
  rig.Begin();
  rig.hold_commits = true;
  EXPECT_TRUE(rig.Offer(PartitionRig::Records(0, 25)));  // 10 in flight, 15 open: full
  EXPECT_FALSE(rig.fetching);
  EXPECT_FALSE(rig.Offer(PartitionRig::Records(25, 30)));
  rig.Apply(0);
  EXPECT_TRUE(rig.fetching);
  EXPECT_EQ(rig.Standing().lanes[0].head, 10);
  rig.Apply(0);
  rig.Apply(0);
  EXPECT_EQ(rig.Applied(), UpTo(25));
}

TEST(Partition, CountsMutationsAsSpannerDoes) {
  PartitionRig rig;
  rig.options.batch.mutations = 1000;  // the fake counts 8 a record
  rig.options.shared.records = 1;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 100));
  ASSERT_EQ(rig.commits.size(), 1u);
  EXPECT_TRUE(rig.commits[0].return_commit_stats);
  const CallId id = rig.commits[0].id;
  ASSERT_TRUE(rig.spanner.Commit(rig.commits[0].mutations).ok());
  rig.commits.clear();
  rig.Tell(CommitDone{.id = id, .mutation_count = 2500});  // indexes that were not known of
  rig.Offer(PartitionRig::Records(100, 200));
  rig.Apply(0);
  EXPECT_LT(rig.Standing().lanes[0].head, 160);
  EXPECT_GT(rig.Standing().lanes[0].head, 120);
}

TEST(Partition, FilteredRecordsMoveTheChainLazily) {
  PartitionRig rig;
  rig.options.lanes = 2;
  rig.Begin();
  rig.commits_sent = 0;
  rig.Offer({}, 100);
  EXPECT_EQ(rig.commits_sent, 0);
  EXPECT_EQ(rig.Standing().lanes[0].head, 0);
  EXPECT_EQ(rig.partition->wake_at(), rig.now + kNanosPerSecond);  // to report the offset
  rig.Advance(6 * kNanosPerSecond);
  EXPECT_EQ(rig.commits_sent, 1);
  EXPECT_EQ(rig.Standing().lanes[0].head, 100);
  EXPECT_EQ(rig.Standing().lanes[1].head, 100);
  rig.Advance(60 * kNanosPerSecond);
  EXPECT_EQ(rig.commits_sent, 1);  // nothing new: no empty batch
}

TEST(Partition, ReportsOffsetsAfterTheFact) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 10));
  EXPECT_THAT(rig.reported, ElementsAre(0));
  rig.Advance(2 * kNanosPerSecond);
  EXPECT_THAT(rig.reported, ElementsAre(0));
  rig.Apply(0);
  EXPECT_THAT(rig.reported, ElementsAre(0, 10));
  EXPECT_EQ(rig.partition->complete_offset(), 10);
}

TEST(Partition, ReportsNowAndThenWhileBusyAndAtOnceWhenAllIsQuiet) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 10));
  rig.Offer(PartitionRig::Records(10, 20));
  rig.Apply(0);
  EXPECT_THAT(rig.reported, ElementsAre(0));  // busy, and no second has passed
  rig.Apply(0);
  EXPECT_THAT(rig.reported, ElementsAre(0, 20));
}

TEST(Partition, ACleanStopCommitsWhatWasTaken) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 2));
  rig.Offer(PartitionRig::Records(2, 7), 9);
  rig.Tell(Stop{});
  EXPECT_FALSE(rig.stopped.has_value());
  EXPECT_FALSE(rig.fetching);
  EXPECT_TRUE(rig.Offer(PartitionRig::Records(9, 12)));  // dropped
  rig.Apply(0);
  rig.Apply(0);
  ASSERT_TRUE(rig.stopped.has_value());
  EXPECT_TRUE(rig.stopped->ok());
  EXPECT_EQ(rig.Applied(), UpTo(7));
  EXPECT_EQ(rig.Standing().lanes[0].head, 9);
  EXPECT_EQ(rig.reported.back(), 9);
}

// ---- Unclear answers

TEST(Partition, AnAnswerLostAfterTheCommitIsFoundByReading) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 3));
  rig.commits_sent = 0;
  rig.Apply(0, absl::DeadlineExceededError("lost"));
  rig.Advance(kNanosPerSecond);
  EXPECT_EQ(rig.commits_sent, 0);
  EXPECT_EQ(rig.partition->complete_offset(), 3);
}

TEST(Partition, ACommitThatWasLostIsSentAgainByteForByte) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 3));
  const std::string first = rig.commits[0].mutations;
  rig.Offer(PartitionRig::Records(3, 6));  // gathers, and must not get in
  rig.Refuse(0, absl::UnavailableError("lost"));
  EXPECT_THAT(rig.commits, IsEmpty());
  rig.Advance(kNanosPerSecond);
  ASSERT_EQ(rig.commits.size(), 1u);
  EXPECT_EQ(rig.commits[0].mutations, first);
}

TEST(Partition, AbortedIsSentAgainAfterTheDelayThatSpannerAsksFor) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 3));
  const SendCommit first = rig.commits[0];
  rig.commits.clear();
  const int64_t reads = rig.reads_done;
  rig.Tell(CommitDone{.id = first.id,
                      .status = absl::AbortedError("contention"),
                      .retry_delay_nanos = 7 * kNanosPerMilli});
  EXPECT_EQ(rig.partition->wake_at(), rig.now + 7 * kNanosPerMilli);
  rig.Advance(7 * kNanosPerMilli);
  ASSERT_EQ(rig.commits.size(), 1u);
  EXPECT_EQ(rig.commits[0].mutations, first.mutations);
  EXPECT_EQ(rig.reads_done, reads);
}

TEST(Partition, GivesUpWhatAnotherWorkerHasMoved) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 3));
  PartitionRig other;
  other.spanner = rig.spanner;
  other.Begin();
  other.Offer(PartitionRig::Records(0, 2));
  rig.spanner = other.spanner;
  rig.Apply(0);
  ASSERT_TRUE(rig.given_up.has_value());
  EXPECT_THAT(rig.given_up->ToString(), HasSubstr("another worker has moved the chains"));
  EXPECT_TRUE(rig.partition->ended());
  EXPECT_EQ(rig.Applied(), UpTo(2));
}

TEST(Partition, RecordsFetchedBeforeASeekAreDropped) {
  PartitionRig rig;
  rig.Begin();
  const std::vector<int64_t> offsets = {50};
  const std::vector<uint64_t> hashes = {1};
  const std::vector<int64_t> timestamps = {1};
  const Admission admission =
      rig.partition->Admit({rig.seeks.back().epoch - 1, offsets, hashes, timestamps, 51});
  EXPECT_EQ(admission.consumed, 1u);
  EXPECT_THAT(admission.rows, IsEmpty());
  rig.Offer(PartitionRig::Records(0, 3));
  EXPECT_EQ(rig.Applied(), UpTo(3));
}

// ---- Data errors

TEST(Partition, ARefusedRecordIsFoundByHalvingAndTheRestGoesOn) {
  PartitionRig rig;
  rig.options.lanes = 2;
  rig.Begin();
  std::vector<FakeRecord> records = PartitionRig::Records(0, 64);
  records[37].refused = true;
  rig.Offer(records);
  while (rig.partition->complete_offset() != 64) {
    const int64_t from = rig.seeks.back().offset;
    rig.Offer({records.begin() + from, records.end()});
    rig.Advance(kNanosPerSecond);
  }
  EXPECT_THAT(rig.DeadLetters(), ElementsAre(37));
  std::vector<int64_t> others = UpTo(64);
  others.erase(others.begin() + 37);
  EXPECT_EQ(rig.Applied(), others);
  EXPECT_LT(rig.commits_sent, 30);  // a binary search, not a scan
  EXPECT_EQ(rig.partition->stats().dead_letters, 1);
}

TEST(Partition, StopsAtARefusedRecordWhenToldTo) {
  PartitionRig rig;
  rig.verdict = Verdict::kStop;
  rig.Begin();
  std::vector<FakeRecord> records = PartitionRig::Records(0, 16);
  records[9].refused = true;
  for (int i = 0; i < 20 && !rig.stopped.has_value(); ++i) {
    const int64_t from = rig.seeks.back().offset;
    rig.Offer({records.begin() + from, records.end()});
    rig.Advance(kNanosPerSecond);
  }
  EXPECT_THAT(Text(rig.stopped), HasSubstr("refuses the record at offset 9"));
  EXPECT_EQ(rig.Applied(), UpTo(9));
  EXPECT_EQ(rig.Standing().lanes[0].head, 9);
}

TEST(Partition, ARecordThatMayNotPassStopsItsLaneThere) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  const std::vector<int64_t> offsets = {0, 1, 2};
  const std::vector<uint64_t> hashes = {1, 2, 3};
  const std::vector<int64_t> timestamps = {1, 2, 3};
  rig.partition->Admit({rig.seeks.back().epoch, offsets, hashes, timestamps, 3});
  static_cast<FakeLaneData&>(rig.partition->lane_data(0)).Add(PartitionRig::Record(0, 0));
  rig.Tell(RecordRefused{1, absl::InvalidArgumentError("line 3: no number")});
  rig.Tell(RecordsAdded{});
  rig.Apply(0);
  EXPECT_THAT(Text(rig.stopped), HasSubstr("line 3: no number"));
  EXPECT_EQ(rig.Standing().lanes[0].head, 1);
}

// RecordWriter puts nothing that comes after the refused record into any lane.
TEST(Partition, ARecordThatMayNotPassStopsTheOtherLanesThereToo) {
  PartitionRig rig;
  rig.options.lanes = 2;
  rig.Begin();
  const std::vector<int64_t> offsets = {0, 1, 2, 3};
  const std::vector<uint64_t> hashes = {1, 1ULL << 40, 3, 7};
  const std::vector<int64_t> timestamps = {1, 2, 3, 4};
  const Admission admission =
      rig.partition->Admit({rig.seeks.back().epoch, offsets, hashes, timestamps, 4});
  ASSERT_EQ(admission.rows.size(), 4u);
  auto& first = static_cast<FakeLaneData&>(rig.partition->lane_data(admission.lanes[0]));
  first.Add(PartitionRig::Record(0, 0));
  rig.Tell(RecordRefused{1, absl::InvalidArgumentError("line 3: no number")});
  rig.Tell(RecordsAdded{});
  EXPECT_THAT(Text(rig.stopped), HasSubstr("line 3: no number"));
  for (const ChainHead& lane : rig.Standing().lanes) EXPECT_EQ(lane.head, 1);
}

TEST(Partition, AnOutageIsToldOnceAndTriedThrough) {
  PartitionRig rig;
  rig.Begin();
  rig.outage = absl::UnavailableError("connection refused");
  rig.Offer(PartitionRig::Records(0, 4));
  for (int i = 0; i < 20; ++i) rig.Advance(2 * kNanosPerSecond);
  ASSERT_EQ(rig.warnings.size(), 1u);
  EXPECT_THAT(rig.warnings[0].ToString(), HasSubstr("connection refused"));
  EXPECT_FALSE(rig.stopped.has_value());
  rig.outage.reset();
  rig.Advance(60 * kNanosPerSecond);
  EXPECT_EQ(rig.Applied(), UpTo(4));
}

TEST(Partition, AnOutageIsNotTakenForBadRecords) {
  PartitionRig rig;
  rig.Begin();
  // A revoked encryption key answers so to every write.
  rig.outage = absl::FailedPreconditionError("the key is not available");
  for (int i = 0; i < 60 && !rig.stopped.has_value(); ++i) {
    rig.Offer(PartitionRig::Records(rig.seeks.back().offset, 8));
    rig.Advance(60 * kNanosPerSecond);
  }
  EXPECT_THAT(Text(rig.stopped), HasSubstr("keeps refusing commits, whatever they hold"));
  rig.outage.reset();
  rig.Begin();
  EXPECT_EQ(rig.seeks.back().offset, 0);
  rig.Offer(PartitionRig::Records(0, 8));
  EXPECT_EQ(rig.Applied(), UpTo(8));
  EXPECT_THAT(rig.DeadLetters(), IsEmpty());
}

TEST(Partition, AFloodOfDeadLettersTripsTheBreaker) {
  PartitionRig rig;
  rig.options.dead_letters = {.count = 3, .share = 0.5};
  rig.Begin();
  std::vector<FakeRecord> records = PartitionRig::Records(0, 32);
  for (FakeRecord& record : records) record.refused = true;
  for (int i = 0; i < 100 && !rig.stopped.has_value(); ++i) {
    const int64_t from = rig.seeks.back().offset;
    rig.Offer({records.begin() + from, records.end()});
    rig.Advance(100 * kNanosPerMilli);
  }
  EXPECT_THAT(Text(rig.stopped), HasSubstr("became dead letters"));
  EXPECT_LE(rig.DeadLetters().size(), 32u);
  EXPECT_GE(rig.DeadLetters().size(), 4u);
}

TEST(Partition, WhereNoDeadLetterIsAllowedTheFirstStopsIt) {
  PartitionRig rig;
  rig.options.dead_letters = {.count = 0, .share = 0.1};
  rig.Begin();
  std::vector<FakeRecord> records = PartitionRig::Records(0, 64);
  records[5].refused = true;  // far less than a tenth
  for (int i = 0; i < 100 && !rig.stopped.has_value(); ++i) {
    const int64_t from = rig.seeks.back().offset;
    rig.Offer({records.begin() + from, records.end()});
    rig.Advance(100 * kNanosPerMilli);
  }
  EXPECT_THAT(Text(rig.stopped), HasSubstr("became dead letters"));
  EXPECT_THAT(rig.DeadLetters(), ElementsAre(5));
}

TEST(Partition, FewerCommitsAtOnceWhenSpannerPushesBack) {
  PartitionRig rig;
  rig.options.lanes = 4;
  rig.options.shared.records = 1;
  rig.options.batch.records = 200;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 128));
  ASSERT_EQ(rig.commits.size(), 4u);
  rig.Refuse(0, absl::ResourceExhaustedError("slow down"));
  while (!rig.commits.empty()) rig.Apply(0);
  rig.Advance(kNanosPerSecond);
  while (!rig.commits.empty()) rig.Apply(0);
  ASSERT_EQ(rig.Applied(), UpTo(128));
  rig.Offer(PartitionRig::Records(128, 256));
  EXPECT_LT(rig.commits.size(), 4u);
  EXPECT_GE(rig.commits.size(), 2u);
}

// ---- The topic and the lanes

TEST(Partition, ATopicCreatedAgainStopsWithTwoWaysOn) {
  PartitionRig rig;
  rig.Begin();
  rig.Offer(PartitionRig::Records(0, 5));
  rig.facts.topic_id = "id-2";
  rig.Begin();
  EXPECT_THAT(Text(rig.stopped), HasSubstr("its id was id-1 and is now id-2"));
  EXPECT_THAT(Text(rig.stopped), HasSubstr("Two ways on: (1)"));
  EXPECT_THAT(Text(rig.stopped), HasSubstr("(2)"));
}

TEST(Partition, ATopicThatEndsBelowTheChainsWasCreatedAgain) {
  PartitionRig rig;
  rig.facts.topic_id.clear();  // an old broker
  rig.Begin();
  rig.Offer(PartitionRig::Records(0, 50));
  rig.facts.high = 20;
  rig.Tell(rig.facts);  // may be old news: asked again
  EXPECT_FALSE(rig.stopped.has_value());
  EXPECT_EQ(rig.described, 1);
  rig.facts.high = 60;
  rig.Tell(rig.facts);
  EXPECT_FALSE(rig.stopped.has_value());
  rig.facts.high = 20;
  rig.Tell(rig.facts);
  rig.Tell(rig.facts);
  EXPECT_THAT(Text(rig.stopped), HasSubstr("it ends at offset 20"));
}

TEST(Partition, OldNewsOfTheTopicsEndIsNotHeldAgainstItTwice) {
  PartitionRig rig;
  rig.options.lanes = 2;
  rig.Begin();
  rig.Offer(PartitionRig::Records(0, 50));
  rig.Tell(Stop{});
  rig.facts.high = 20;    // looked up before those records were written
  rig.options.lanes = 1;  // the chains are read again once their shape has changed
  rig.Begin();
  EXPECT_EQ(rig.seeks.size(), 1u);  // nothing is read of what may be another topic
  EXPECT_EQ(rig.described, 1);
  rig.Advance(10 * kNanosPerSecond);
  EXPECT_EQ(rig.described, 2);  // nobody had answered
  rig.facts.high = 60;
  rig.Tell(rig.facts);
  EXPECT_FALSE(rig.stopped.has_value()) << Text(rig.stopped);
  EXPECT_EQ(rig.partition->lanes(), 1);
}

TEST(Partition, NewsThatWasLookedAtIsNoSecondNews) {
  PartitionRig rig;
  rig.options.lanes = 4;
  rig.options.shared.records = 1;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 64));
  rig.Apply(0);  // one of four lanes stands at 64
  rig.hold_commits = false;
  rig.options.lanes = 2;
  rig.Begin();
  rig.facts.high = 20;  // old
  rig.Tell(rig.facts);
  EXPECT_EQ(rig.described, 1);
  rig.Offer(PartitionRig::Records(0, 100));  // drained; the chains are read again
  EXPECT_FALSE(rig.stopped.has_value()) << Text(rig.stopped);
  rig.facts.high = 100;
  rig.Tell(rig.facts);
  EXPECT_EQ(rig.partition->lanes(), 2);
}

TEST(Partition, APositionThatTheBrokerRefusesIsReadAgainFromTheChains) {
  PartitionRig rig;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 5));
  rig.facts.high = 3;  // a new leader without the last two
  rig.facts.out_of_range = true;
  rig.Tell(rig.facts);
  EXPECT_THAT(Text(rig.given_up), HasSubstr("refused offset 5"));
}

TEST(Partition, RecordsWithoutTimestampsLeaveItOpenInTheCheckpoint) {
  PartitionRig rig;
  rig.Begin();
  FakeRecord record = PartitionRig::Record(0, 0);
  record.timestamp_ms = -1;
  rig.Offer({record});
  EXPECT_EQ(rig.Standing().lanes[0].head, 1);
  EXPECT_EQ(rig.Standing().lanes[0].last_timestamp_ms, std::nullopt);
}

TEST(Partition, RecordsThatRetentionRemovedStopIt) {
  PartitionRig rig;
  rig.Begin();
  rig.Offer(PartitionRig::Records(0, 5));
  rig.facts.low = 30;
  rig.Begin();
  EXPECT_THAT(Text(rig.stopped), HasSubstr("25 records are lost"));
  EXPECT_THAT(Text(rig.stopped), HasSubstr("on_data_loss: continue"));
}

TEST(Partition, RecordsThatRetentionRemovedArePassedWhenToldTo) {
  PartitionRig rig;
  rig.options.continue_on_data_loss = true;
  rig.Begin();
  rig.Offer(PartitionRig::Records(0, 5));
  rig.facts.low = 30;
  rig.facts.out_of_range = true;  // while it runs
  rig.Tell(rig.facts);
  EXPECT_EQ(rig.warnings.size(), 1u);
  EXPECT_EQ(rig.seeks.back().offset, 30);
  rig.Offer(PartitionRig::Records(30, 32));
  EXPECT_EQ(rig.Standing().lanes[0].head, 32);
  EXPECT_FALSE(rig.stopped.has_value());
}

TEST(Partition, OtherLanesAfterDrainingToOneOffset) {
  PartitionRig rig;
  rig.options.lanes = 4;
  rig.options.shared.records = 1;
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 64));
  rig.Apply(0);  // one of four lanes stands at 64

  rig.hold_commits = false;
  rig.options.lanes = 2;
  rig.Begin();
  EXPECT_EQ(rig.partition->lanes(), 4);
  EXPECT_EQ(rig.Standing().generation, 0);
  EXPECT_FALSE(rig.Offer(PartitionRig::Records(0, 100)));  // no further than 64
  EXPECT_EQ(rig.partition->lanes(), 2);
  const Chains chains = rig.Standing();
  EXPECT_EQ(chains.generation, 1);
  ASSERT_EQ(chains.lanes.size(), 2u);
  EXPECT_EQ(chains.lanes[0].head, 64);
  EXPECT_EQ(chains.rows.size(), 2u);
  EXPECT_EQ(rig.Applied(), UpTo(64));
  EXPECT_EQ(rig.seeks.back().offset, 64);
  rig.Offer(PartitionRig::Records(64, 100));
  EXPECT_EQ(rig.Applied(), UpTo(100));
}

TEST(Partition, MissingTablesAreToldWithTheCommandThatMakesThem) {
  PartitionRig rig;
  Actions actions;
  Partition partition(
      rig.options, [](int, int) { return nullptr; }, &rig.random);
  int64_t now = 0;
  partition.Handle(rig.facts, now, &actions);
  for (int i = 0; i < 20 && !partition.ended(); ++i) {
    const auto* read = std::get_if<ReadChains>(&actions.back());
    if (read != nullptr) {
      const CallId id = read->id;
      actions.clear();
      partition.Handle(ChainsRead{id, absl::NotFoundError("Table not found")}, now, &actions);
    } else {
      now = partition.wake_at();
      partition.Handle(Tick{}, now, &actions);
    }
    if (actions.empty()) {
      now = partition.wake_at();
      partition.Handle(Tick{}, now, &actions);
    }
  }
  ASSERT_TRUE(partition.ended());
  EXPECT_THAT(std::get<Stopped>(actions.back()).status.ToString(), HasSubstr("plan --apply FILE"));
}

// ---- Traces

TEST(Partition, ATracedBatchIsKnownByTheIdThatItsCheckpointHas) {
  PartitionRig rig;
  rig.options.traces = observe::TraceSampling(1.0);
  rig.Begin();
  rig.hold_commits = true;
  rig.Offer(PartitionRig::Records(0, 10));
  ASSERT_EQ(rig.commits.size(), 1u);
  const std::string trace = rig.commits[0].trace;
  EXPECT_EQ(trace.size(), 32u);
  EXPECT_THAT(rig.ended, IsEmpty());
  rig.Apply(0);
  ASSERT_EQ(rig.ended.size(), 1u);
  const BatchEnded& ended = rig.ended[0];
  std::string batch = rig.Standing().lanes[0].batch;
  std::erase(batch, '-');
  EXPECT_EQ(batch, trace);
  EXPECT_EQ(ended.trace, trace);
  EXPECT_TRUE(ended.status.ok());
  EXPECT_EQ(ended.records, 10);
  EXPECT_EQ(ended.attempts, 1);
  ASSERT_EQ(ended.lanes.size(), 1u);
  EXPECT_EQ(ended.lanes[0].begin, 0);
  EXPECT_EQ(ended.lanes[0].end, 10);
}

TEST(Partition, WhatFailsIsSaidWithItsTrace) {
  PartitionRig rig;
  rig.options.traces = observe::TraceSampling(1.0);
  rig.Begin();
  rig.outage = absl::UnavailableError("away");
  rig.Offer(PartitionRig::Records(0, 10));
  while (rig.warnings.empty()) rig.Advance(60 * kNanosPerSecond);
  rig.outage.reset();
  rig.Advance(60 * kNanosPerSecond);
  ASSERT_EQ(rig.ended.size(), 1u);
  EXPECT_TRUE(rig.ended[0].status.ok());
  EXPECT_GT(rig.ended[0].attempts, 1) << "all of one trace";
  EXPECT_THAT(std::string(rig.warnings[0].message()),
              HasSubstr("Trace: " + rig.ended[0].trace + "."));
}

TEST(Partition, NobodyHearsOfATraceThatIsNotAskedFor) {
  PartitionRig rig;
  rig.Begin();
  rig.outage = absl::UnavailableError("away");
  rig.Offer(PartitionRig::Records(0, 10));
  while (rig.warnings.empty()) rig.Advance(60 * kNanosPerSecond);
  EXPECT_THAT(std::string(rig.warnings[0].message()), Not(HasSubstr("Trace")));
  rig.outage.reset();
  rig.Advance(60 * kNanosPerSecond);
  EXPECT_EQ(rig.Applied(), UpTo(10));
  EXPECT_THAT(rig.ended, IsEmpty());
}

}  // namespace
}  // namespace ks::pipeline
