#include "local/spanner/storage/row_blocks.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "local/spanner/storage/store.h"

namespace ks::local {
namespace {

// Long enough for the helper to read most of it.
constexpr int kRows = static_cast<int>(kBlockRows) * (kReadAheadAfterBlocks + 20);

std::string Key(int row) {
  std::string key;
  AppendKeySpace(1, &key);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(row >> shift));
  return key;
}

std::unique_ptr<Store> StoreOf(int rows, const std::string& padding) {
  StoreOptions options;
  options.in_memory = true;
  auto store = Store::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  for (int at = 0; at < rows;) {
    Store::Batch batch;
    for (const int end = std::min(rows, at + 10'000); at < end; ++at) {
      batch.Put(Key(at), std::to_string(at) + padding);
    }
    EXPECT_TRUE((*store)->Write(batch, CommitTimestamp(10)).ok());
  }
  return std::move(*store);
}

// By one helper, and by several.
class Timestamps : public ::testing::TestWithParam<CommitTimestamp> {};
INSTANTIATE_TEST_SUITE_P(RowBlocks, Timestamps, ::testing::Values(kLatest, CommitTimestamp(20)));

TEST_P(Timestamps, EveryRowOnceAndInOrder) {
  const CommitTimestamp at = GetParam();
  auto store = StoreOf(kRows, std::string(100, '.'));  // several parts
  for (const bool back : {false, true}) {
    RowBlocks blocks({store.get(), SpaceSpan(1), at, back});
    RowBlock block;
    int next = 0;
    while (true) {
      ASSERT_TRUE(blocks.Next(kBlockRows, &block).ok());
      if (block.rows() == 0) break;
      for (uint32_t r = 0; r < block.rows(); ++r, ++next) {
        const int row = back ? kRows - 1 - next : next;
        ASSERT_EQ(block.key(r), Key(row));
        ASSERT_TRUE(block.value(r).starts_with(std::to_string(row) + "."));
      }
    }
    EXPECT_EQ(next, kRows);
    ASSERT_TRUE(blocks.Next(kBlockRows, &block).ok());  // the end stays the end
    EXPECT_EQ(block.rows(), 0);
  }
}

TEST(RowBlocks, NoMoreThanIsAskedForAtFirst) {
  auto store = StoreOf(100, "");
  RowBlocks blocks({store.get(), SpaceSpan(1), CommitTimestamp(20)});
  RowBlock block;
  ASSERT_TRUE(blocks.Next(7, &block).ok());
  EXPECT_EQ(block.rows(), 7);
}

TEST(RowBlocks, BigValuesMakeSmallBlocks) {
  auto store = StoreOf(50, std::string(kBlockBytes / 4, 'x'));
  RowBlocks blocks({store.get(), SpaceSpan(1), CommitTimestamp(20)});
  RowBlock block;
  uint32_t rows = 0;
  do {
    ASSERT_TRUE(blocks.Next(kBlockRows, &block).ok());
    EXPECT_LE(block.rows(), 4);
    rows += block.rows();
  } while (block.rows() > 0);
  EXPECT_EQ(rows, 50);
}

// Whoever stops reading waits for a block, not for the end of the table.
TEST(RowBlocks, MayBeLeftAtAnyBlock) {
  auto store = StoreOf(kRows, "");
  for (int read = 0; read < kReadAheadAfterBlocks + 8; ++read) {
    RowBlocks blocks({store.get(), SpaceSpan(1), CommitTimestamp(20)});
    RowBlock block;
    for (int i = 0; i < read; ++i) ASSERT_TRUE(blocks.Next(kBlockRows, &block).ok());
  }
}

TEST(RowBlocks, MoreScansThanHelpers) {
  auto store = StoreOf(kRows, "");
  std::vector<std::unique_ptr<RowBlocks>> scans;
  for (int i = 0; i < kReadAheadThreads + 3; ++i) {
    scans.push_back(
        std::make_unique<RowBlocks>(RowScan{store.get(), SpaceSpan(1), CommitTimestamp(20)}));
  }
  std::vector<uint32_t> rows(scans.size());
  RowBlock block;
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < scans.size(); ++i) {
      ASSERT_TRUE(scans[i]->Next(kBlockRows, &block).ok());
      rows[i] += block.rows();
      more |= block.rows() > 0;
    }
  }
  EXPECT_EQ(rows, std::vector<uint32_t>(scans.size(), kRows));
}

}  // namespace
}  // namespace ks::local
