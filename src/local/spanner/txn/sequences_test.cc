// Sequences: values are positive, bit-reversed, never given twice, also across a restart.
#include <filesystem>
#include <set>

#include "gtest/gtest.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

SequenceParameters Parameters(KeySpaceId space) {
  SequenceParameters parameters;
  parameters.space = space;
  return parameters;
}

TEST(Sequences, BitsAreReversed) {
  EXPECT_EQ(ReverseBits(1), int64_t{1} << 62);
  EXPECT_EQ(ReverseBits(2), int64_t{1} << 61);
  EXPECT_EQ(ReverseBits(3), (int64_t{1} << 62) + (int64_t{1} << 61));
  EXPECT_EQ(ReverseBits(ReverseBits(123456)), 123456);
}

TEST(Sequences, ParametersHold) {
  auto db = testing::OpenInMemory();
  SequenceParameters parameters = Parameters(1000);
  parameters.start_counter = 5;
  parameters.skip_min = ReverseBits(6);
  parameters.skip_max = ReverseBits(6);
  Sequences& sequences = db->core().sequences();
  EXPECT_EQ(*sequences.State(parameters), std::nullopt);
  EXPECT_EQ(*sequences.Next(parameters), ReverseBits(5));
  EXPECT_EQ(*sequences.Next(parameters), ReverseBits(7));  // 6 is skipped
  EXPECT_EQ(*sequences.State(parameters), 8);
}

TEST(Sequences, ValuesAreNeverGivenTwice) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("sequences-" + std::to_string(::getpid()));
  std::filesystem::remove_all(directory);
  std::set<int64_t> seen;
  for (int round = 0; round < 3; ++round) {
    DatabaseOptions options;
    options.directory = directory.string();
    auto db = Database::Open(options);
    ASSERT_TRUE(db.ok()) << db.status();
    for (int i = 0; i < 1500; ++i) {
      auto value = (*db)->core().sequences().Next(Parameters(7));
      ASSERT_TRUE(value.ok()) << value.status();
      EXPECT_GT(*value, 0);
      EXPECT_TRUE(seen.insert(*value).second) << *value;
    }
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace ks::local
