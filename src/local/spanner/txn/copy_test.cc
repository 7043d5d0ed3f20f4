#include "local/spanner/txn/copy.h"

#include <filesystem>

#include "gtest/gtest.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using testing::OpenInMemory;
using testing::ReadAll;
using testing::Writes;

absl::Status Endlessly() { return absl::OkStatus(); }

DatabaseOptions InMemory() {
  DatabaseOptions options;
  options.in_memory = true;
  return options;
}

CommitTimestamp Put(Database& db, int64_t k, int64_t v) {
  auto done = db.Commit(Writes(db.schema()).Upsert(k, v).list());
  EXPECT_TRUE(done.ok()) << done.status();
  return done.ok() ? done->timestamp : CommitTimestamp();
}

SequenceParameters Counter(KeySpaceId space) {
  SequenceParameters parameters;
  parameters.space = space;
  return parameters;
}

TEST(Copy, HasWhatWasThereAndNothingLater) {
  auto db = OpenInMemory([](Schema& schema) {
    schema.indexes.push_back(testing::MakeIndex(schema, "ByV", "T", {1}, false));
    return testing::AddKv(schema);
  });
  Put(*db, 1, 10);
  const CommitTimestamp then = Put(*db, 2, 20);
  Put(*db, 2, 21);
  Put(*db, 3, 30);
  auto copy = CopyDatabase(*db, then, InMemory(), Endlessly);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(ReadAll(*copy->database, "T", {"K", "V"}), "1,10|2,20");
  EXPECT_EQ(ReadAll(*copy->database, "T", {"V", "K"}, "ByV"), "10,1|20,2");
  EXPECT_GT(copy->bytes, 0);
  Put(*copy->database, 4, 40);  // it is a database of its own
  EXPECT_EQ(ReadAll(*copy->database, "T", {"K"}), "1|2|4");
  EXPECT_EQ(ReadAll(*db, "T", {"K"}), "1|2|3");
}

TEST(Copy, GivesNoSequenceValueTwice) {
  auto db = OpenInMemory();
  KeySpaceId space = 0;
  ASSERT_TRUE(db->ChangeSchema([&](Schema& schema) {
                  space = schema.next_space++;
                  return absl::OkStatus();
                }).ok());
  const int64_t given = *db->core().sequences().Next(Counter(space));
  // A counter that is made later must not become that of another.
  ASSERT_TRUE(db->core().sequences().Next(Counter(space + 1)).ok());
  auto copy = CopyDatabase(*db, Put(*db, 1, 1), InMemory(), Endlessly);
  ASSERT_TRUE(copy.ok()) << copy.status();
  Sequences& sequences = copy->database->core().sequences();
  EXPECT_NE(*sequences.Next(Counter(space)), given);
  EXPECT_EQ(*sequences.State(Counter(space + 1)), std::nullopt);
}

TEST(Copy, StaysOnDiskAndEndsWhenTold) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("copy-" + std::to_string(::getpid()));
  std::filesystem::remove_all(directory);
  auto db = OpenInMemory();
  for (int64_t k = 0; k < 3; ++k) Put(*db, k, k);
  DatabaseOptions options;
  options.directory = directory.string();
  ASSERT_TRUE(CopyDatabase(*db, Put(*db, 9, 9), options, Endlessly).ok());
  auto again = Database::Open(options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ReadAll(**again, "T", {"K"}), "0|1|2|9");
  std::filesystem::remove_all(directory);

  const std::string megabyte(1 << 20, 'x');
  for (int64_t k = 0; k < 2; ++k) {
    auto put = db->Commit(Writes(db->schema())
                              .Put(MutationOp::kInsertOrUpdate, "T", {"K", "S"},
                                   {testing::I(k), testing::S(megabyte)})
                              .list());
    ASSERT_TRUE(put.ok()) << put.status();
  }
  auto ended =
      CopyDatabase(*db, Put(*db, 9, 9), InMemory(), [] { return absl::CancelledError("enough"); });
  EXPECT_EQ(ended.status(), absl::CancelledError("enough"));
}

}  // namespace
}  // namespace ks::local
