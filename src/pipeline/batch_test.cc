// A lane's batch: what it holds, how it is cut, what its mutations are.
#include "pipeline/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "google/spanner/v1/spanner.pb.h"
#include "pipeline/limits.h"

namespace ks::pipeline {
namespace {

using google::spanner::v1::CommitRequest;
using sql::Datum;
using sql::Type;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr BatchLimits kRoomy = {.records = 1000, .bytes = 1 << 20, .mutations = 10000};

// A plan with a snapshot `T` (Id, N) and a table `Log` (Id, N) that is appended to.
class LaneBatchTest : public testing::Test {
 protected:
  LaneBatchTest() {
    spec_.name = "p";
    spec_.tables.resize(2);
    plan_.spec = &spec_;
    plan_.sources.resize(1);
    const std::vector<std::string> columns = {"Id", "N"};
    for (const TableMode mode : {TableMode::kSnapshot, TableMode::kAppend}) {
      const bool snapshot = mode == TableMode::kSnapshot;
      const std::string name = snapshot ? "T" : "Log";
      PlannedTable table;
      table.spec = &spec_.tables[snapshot ? 0 : 1];
      table.mode = mode;
      table.columns = columns;
      table.types = {Type::String(), Type::Int64()};
      table.key_columns = 1;
      table.write = std::make_shared<MutationShape>(
          snapshot ? MutationKind::kInsertOrUpdate : MutationKind::kInsert, name, columns,
          table.types);
      table.remove = std::make_shared<MutationShape>(MutationKind::kDelete, name, columns,
                                                     std::vector<sql::TypeRef>{Type::String()});
      table.write_mutations = 2;
      table.delete_mutations = 1;
      plan_.sources[0].tables.push_back(std::move(table));
    }
    batch_ = std::make_unique<LaneBatch>(plan_, 0, LaneName{"t", 3, 1}, kRoomy);
  }

  // A record with a row in T and, with `log`, one in Log.
  void Add(int64_t offset, std::string_view id, int64_t n, bool log = false) {
    batch_->BeginChunk();
    const uint32_t record = Begin(offset);
    const Datum key = Datum::Str(id);
    const Datum number = Datum::Int64(n);
    const TableRows rows{.columns = {{&key, true}, {&number, true}}};
    batch_->AddRow(0, record, rows, 0);
    if (log) batch_->AddRow(1, record, rows, 0);
  }
  void Delete(int64_t offset, std::string_view id) {
    batch_->BeginChunk();
    const uint32_t record = Begin(offset);
    const Datum key = Datum::Str(id);
    const TableRows rows{.delete_key = {{&key, true}}};
    batch_->AddDelete(0, record, rows, 0);
  }
  uint32_t Begin(int64_t offset) {
    return batch_->BeginRecord({.offset = offset,
                                .timestamp_ms = 1000 + offset,
                                .key = "key",
                                .value = "value",
                                .headers = R"([{"name":"h"}])"});
  }

  // The closed batch's mutations: `T+a=1`, `T-b`, `Log!a=1`.
  std::vector<std::string> Mutations() {
    std::string wire;
    batch_->AppendMutations(&wire);
    std::string again;
    batch_->AppendMutations(&again);
    EXPECT_EQ(wire, again);
    CommitRequest request;
    EXPECT_TRUE(request.ParseFromString(wire));
    std::vector<std::string> texts;
    for (const auto& mutation : request.mutations()) {
      for (const auto& key : mutation.delete_().key_set().keys()) {
        texts.push_back(StrCat(mutation.delete_().table(), "-", key.values(0).string_value()));
      }
      const bool insert = mutation.has_insert();
      const auto& write = insert ? mutation.insert() : mutation.insert_or_update();
      for (const auto& row : write.values()) {
        std::string text = StrCat(write.table(), insert ? "!" : "+", row.values(0).string_value());
        for (int i = 1; i < row.values_size(); ++i)
          StrAppend(&text, "=", row.values(i).string_value());
        texts.push_back(text);
      }
    }
    return texts;
  }

  PipelineSpec spec_;
  Plan plan_;
  std::unique_ptr<LaneBatch> batch_;
};

TEST_F(LaneBatchTest, KeepsTheLastRowPerKeyOfASnapshotAndAllOfAnAppend) {
  Add(10, "a", 1, true);
  Add(11, "b", 2);
  Delete(12, "a");
  Delete(13, "c");
  Add(14, "b", 3);
  Add(15, "c", 4, true);
  EXPECT_EQ(batch_->open().records, 6);
  const ClosedBatch closed = batch_->Close(kRoomy);
  EXPECT_EQ(closed.size.records, 6);
  EXPECT_EQ(closed.end_offset, 16);
  EXPECT_EQ(closed.last_timestamp_ms, 1015);
  EXPECT_EQ(closed.size.mutations, 2 + 2 + 1 + 2 * 2);
  EXPECT_THAT(Mutations(), ElementsAre("T-a", "T+b=3", "T+c=4", "Log!a=1", "Log!c=4"));
  EXPECT_EQ(batch_->open().records, 0);
  EXPECT_EQ(batch_->open().bytes, 0);
}

TEST_F(LaneBatchTest, CutsAtTheLimitsButNeverInsideARecord) {
  for (int i = 0; i < 5; ++i) Add(i, std::to_string(i), i, true);
  EXPECT_EQ(batch_->Close({.records = 2, .bytes = 1 << 20, .mutations = 100}).end_offset, 2);
  EXPECT_THAT(Mutations(), ElementsAre("T+0=0", "T+1=1", "Log!0=0", "Log!1=1"));
  batch_->OnCommitted();
  EXPECT_EQ(batch_->open().records, 3);
  const ClosedBatch one = batch_->Close({.records = 100, .bytes = 1 << 20, .mutations = 7});
  EXPECT_EQ(one.size.records, 1);
  EXPECT_THAT(Mutations(), ElementsAre("T+2=2", "Log!2=2"));
  batch_->OnCommitted();
  // At least one record, whatever the limits.
  EXPECT_EQ(batch_->Close({.records = 100, .bytes = 1, .mutations = 1}).end_offset, 4);
  batch_->OnCommitted();
  EXPECT_EQ(batch_->Close(kRoomy).end_offset, 5);
  batch_->OnCommitted();
  EXPECT_EQ(batch_->open().records, 0);
}

TEST_F(LaneBatchTest, GathersWhileABatchIsUnderWay) {
  Add(1, "a", 1);
  batch_->Close(kRoomy);
  Add(2, "a", 2);
  EXPECT_THAT(Mutations(), ElementsAre("T+a=1"));
  EXPECT_EQ(batch_->open().records, 1);
  batch_->OnCommitted();
  EXPECT_EQ(batch_->Close(kRoomy).end_offset, 3);
  EXPECT_THAT(Mutations(), ElementsAre("T+a=2"));
}

TEST_F(LaneBatchTest, DropsOpenAndClosed) {
  Add(1, "a", 1);
  batch_->Close(kRoomy);
  Add(2, "b", 2);
  batch_->OnDropped();
  EXPECT_EQ(batch_->open().records, 0);
  Add(1, "a", 1);
  batch_->Close(kRoomy);
  EXPECT_THAT(Mutations(), ElementsAre("T+a=1"));
}

TEST_F(LaneBatchTest, CountsWhatItHoldsUntilItIsCommittedOrDropped) {
  MemoryBudget memory(1000);
  batch_->set_memory(&memory);
  const auto add = [&](int64_t offset) {
    Add(offset, "a", 1);
    batch_->EndChunk();
  };
  add(1);
  const int64_t one = memory.held();
  EXPECT_GT(one, 0);
  batch_->Close(kRoomy);
  add(2);
  EXPECT_GT(memory.held(), one);
  batch_->OnCommitted();
  EXPECT_GT(memory.held(), 0);
  batch_->Close(kRoomy);
  batch_->OnCommitted();
  EXPECT_EQ(memory.held(), 0);
  add(3);
  batch_->OnDropped();
  EXPECT_EQ(memory.held(), 0);
  add(4);
  batch_.reset();
  EXPECT_EQ(memory.held(), 0);
}

TEST_F(LaneBatchTest, WritesDeadLettersInTheSameCommit) {
  Add(7, "a", 1);
  batch_->BeginChunk();
  batch_->AddDeadLetter(Begin(8), Stage::kValue, "no JSON");
  const ClosedBatch closed = batch_->Close(kRoomy);
  EXPECT_EQ(closed.dead_letters, 1);
  EXPECT_EQ(closed.end_offset, 9);
  EXPECT_THAT(
      Mutations(),
      ElementsAre("T+a=1",
                  "kafka_spanner.DeadLetters+p=t=3=8=1970-01-01T00:00:01.008Z=a2V5=dmFsdWU=="
                  "[{\"name\":\"h\"}]=value=no JSON=spanner.commit_timestamp()"));
}

// One that Spanner refused would stop the pipeline.
TEST_F(LaneBatchTest, DeadLettersAreMadeToFit) {
  const std::string large(kDeadLetterCellBytesMax + 5, 'x');
  batch_->BeginChunk();
  const uint32_t record = batch_->BeginRecord({.offset = 1, .key = "k", .value = large});
  batch_->AddDeadLetter(record, Stage::kValue, StrCat("no JSON: \xFF\xC3", std::string(9000, 'r')));
  batch_->Close({.records = 1, .bytes = 1 << 20, .mutations = 100});
  std::string wire;
  batch_->AppendMutations(&wire);
  CommitRequest request;
  ASSERT_TRUE(request.ParseFromString(wire));
  const auto& row = request.mutations(0).insert_or_update().values(0);
  EXPECT_EQ(row.values(6).string_value().size(), (kDeadLetterCellBytesMax + 2) / 3 * 4);
  const std::string& reason = row.values(9).string_value();
  EXPECT_LE(reason.size(), kDeadLetterReasonBytesMax);
  EXPECT_THAT(reason, StartsWith("no JSON: \xEF\xBF\xBD\xEF\xBF\xBDrr"));
  EXPECT_THAT(reason, EndsWith("value: the first 10485760 of its 10485765 bytes are kept"));
}

TEST_F(LaneBatchTest, ARecordThatSpannerRefusesBecomesADeadLetterOrIsLeftOut) {
  Add(7, "a", 1, true);
  Add(8, "b", 2);
  batch_->Close({.records = 1, .bytes = 1 << 20, .mutations = 100});
  EXPECT_EQ(batch_->OnDataError(absl::AlreadyExistsError("Row a exists")), Verdict::kDeadLetter);
  ASSERT_EQ(Mutations().size(), 1u);
  EXPECT_THAT(Mutations()[0], HasSubstr("=7="));
  EXPECT_THAT(Mutations()[0], HasSubstr("write=Row a exists"));
  batch_->OnCommitted();
  spec_.on_error = Policy::kSkip;
  batch_->Close(kRoomy);
  EXPECT_EQ(batch_->OnDataError(absl::OutOfRangeError("check")), Verdict::kSkip);
  EXPECT_THAT(Mutations(), IsEmpty());
  batch_->OnCommitted();
  Add(9, "c", 3);
  spec_.on_error = Policy::kStop;
  batch_->Close(kRoomy);
  EXPECT_EQ(batch_->OnDataError(absl::OutOfRangeError("check")), Verdict::kStop);
}

TEST_F(LaneBatchTest, ARefusedRecordThatWasNotKeptIsReadAgain) {
  const auto add = [&](bool kept) {
    batch_->BeginChunk();
    const uint32_t record =
        batch_->BeginRecord({.offset = 7, .key = "key", .value = "value", .kept = kept});
    const Datum key = Datum::Str("a");
    const Datum number = Datum::Int64(1);
    batch_->AddRow(0, record, {.columns = {{&key, true}, {&number, true}}}, 0);
  };
  EXPECT_FALSE(batch_->keeps_records());
  add(false);
  batch_->Close(kRoomy);
  EXPECT_EQ(batch_->OnDataError(absl::OutOfRangeError("check")), Verdict::kReadAgain);
  batch_->OnDropped();
  EXPECT_TRUE(batch_->keeps_records());
  add(true);
  batch_->Close(kRoomy);
  EXPECT_EQ(batch_->OnDataError(absl::OutOfRangeError("check")), Verdict::kDeadLetter);
  EXPECT_THAT(Mutations()[0], HasSubstr("write=check"));
  batch_->OnCommitted();
  EXPECT_FALSE(batch_->keeps_records());
}

TEST_F(LaneBatchTest, ManyKeysAndManyBatches) {
  int64_t committed = 0;
  for (int i = 0; i < 5000; ++i) {
    Add(i, std::to_string(i % 700), i);
    if (batch_->open().records < 900) continue;
    const ClosedBatch closed =
        batch_->Close({.records = 800, .bytes = 1 << 20, .mutations = 100000});
    EXPECT_EQ(closed.size.records, 800);
    EXPECT_EQ(closed.size.mutations, 2 * 700);
    EXPECT_EQ(Mutations().size(), 700u);
    committed = closed.end_offset;
    batch_->OnCommitted();
  }
  EXPECT_EQ(committed, 4800);
}

}  // namespace
}  // namespace ks::pipeline
