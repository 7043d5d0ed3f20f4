// Scans of many rows, with a transaction's own writes among them, against a map.
#include <algorithm>
#include <map>
#include <random>

#include "gtest/gtest.h"
#include "local/spanner/storage/row_blocks.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT

using Model = std::map<int64_t, std::string>;

std::string TextOf(int64_t k, int version) {
  return std::to_string(version) + " of " + std::to_string(k) + std::string(k % 40, '.');
}

void Put(Writes& writes, int64_t k, int version, Model* model) {
  (*model)[k] = TextOf(k, version);
  writes.Put(MutationOp::kInsertOrUpdate, "T", {"K", "S"}, {I(k), S(TextOf(k, version))});
}

std::unique_ptr<Database> Filled(int64_t rows, Model* model) {
  auto db = OpenInMemory();
  for (int64_t from = 0; from < rows; from += 5'000) {
    Writes writes(db->schema());
    for (int64_t k = from; k < std::min(rows, from + 5'000); ++k) Put(writes, k, 1, model);
    EXPECT_TRUE(db->Commit(writes.list()).ok());
  }
  return db;
}

struct Range {
  int64_t low, high;  // both included
};

ScanSpec SpecOfRanges(const Schema& schema, const std::vector<Range>& ranges, bool reverse) {
  ScanSpec spec = SpecOf(schema, "T", {"S", "K"});
  spec.spans.clear();
  spec.reverse = reverse;
  for (const Range& range : ranges) {
    const sql::Datum low[] = {sql::Datum::Int64(range.low)};
    const sql::Datum high[] = {sql::Datum::Int64(range.high)};
    spec.spans.push_back(EncodeBounds(spec.table->shape, {low, high, true, true}));
  }
  return spec;
}

std::vector<std::string> Wanted(const Model& model, const std::vector<Range>& ranges,
                                bool reverse) {
  std::vector<std::string> rows;
  for (const auto& [low, high] : ranges) {
    for (auto it = model.lower_bound(low); it != model.end() && it->first <= high; ++it) {
      rows.push_back(std::to_string(it->first) + "=" + it->second);
    }
  }
  if (reverse) std::reverse(rows.begin(), rows.end());
  return rows;
}

// Reads a batch when it is whole, as its reader does.
std::vector<std::string> Scanned(absl::StatusOr<std::unique_ptr<sql::RowCursor>> cursor) {
  std::vector<std::string> rows;
  EXPECT_TRUE(cursor.ok()) << cursor.status();
  sql::RowBatch batch;
  while (cursor.ok() && (*cursor)->Next(&batch).ok() && batch.rows > 0) {
    for (uint32_t r = 0; r < batch.rows; ++r) {
      rows.push_back(std::to_string(batch.columns[1][r].int64()) + "=" +
                     std::string(batch.columns[0][r].str()));
    }
  }
  return rows;
}

const std::vector<std::vector<Range>> kRanges = {
    {{0, INT64_MAX}},                         // long enough to be read ahead
    {{100, 180}, {190, 270}, {300, 30'000}},  // blocks that end inside a batch
    {{5, 7}, {9, 9}, {11, 13}, {17, 90}},
};

TEST(Scan, LongScansGiveEveryRow) {
  Model model;
  auto db = Filled(int64_t{kBlockRows} * (kReadAheadAfterBlocks + 12), &model);
  auto txn = db->BeginReadOnly({});
  ASSERT_TRUE(txn.ok());
  for (const auto& ranges : kRanges) {
    for (const bool reverse : {false, true}) {
      EXPECT_TRUE(Scanned((*txn)->Scan(SpecOfRanges(*(*txn)->schema(), ranges, reverse))) ==
                  Wanted(model, ranges, reverse));
    }
  }
}

TEST(Scan, OwnWritesLieAmongTheStoredRows) {
  constexpr int64_t kRows = 20'000;
  Model model;
  auto db = Filled(kRows, &model);
  auto txn = db->BeginReadWrite();
  std::mt19937 random(7);
  Writes writes(txn->schema());
  for (int i = 0; i < 2'000; ++i) {
    const auto k = static_cast<int64_t>(random() % (kRows + 500));
    if (random() % 2 == 0) {
      Put(writes, k, 2, &model);
    } else {
      writes.Delete("T", {I(k)});
      model.erase(k);
    }
  }
  for (int64_t k = 1'000; k < 8'000; ++k) {  // whole blocks that are hidden
    writes.Delete("T", {I(k)});
    model.erase(k);
  }
  ASSERT_TRUE(txn->Apply(writes.list()).ok());
  for (const auto& ranges : kRanges) {
    for (const bool reverse : {false, true}) {
      EXPECT_TRUE(Scanned(txn->Scan(SpecOfRanges(*txn->schema(), ranges, reverse))) ==
                  Wanted(model, ranges, reverse));
    }
  }
}

}  // namespace
}  // namespace ks::local
