#include "local/spanner/storage/store.h"

#include <unistd.h>

#include <filesystem>

#include "gtest/gtest.h"

namespace ks::local {
namespace {

std::string Key(std::string_view name) {
  std::string key;
  AppendKeySpace(1, &key);
  key += name;
  return key;
}

std::unique_ptr<Store> InMemory() {
  StoreOptions options;
  options.in_memory = true;
  auto store = Store::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  return std::move(*store);
}

absl::Status Put(Store& store, int64_t at, std::string_view key, std::string_view value) {
  Store::Batch batch;
  batch.Put(Key(key), value);
  return store.Write(batch, CommitTimestamp(at));
}

std::string GetAt(Store& store, std::string_view key, int64_t at) {
  std::string value;
  auto found = store.Get(Key(key), CommitTimestamp(at), &value);
  EXPECT_TRUE(found.ok()) << found.status();
  return *found ? value : "-";
}

std::string RowsOf(std::unique_ptr<StoreIterator> it) {
  std::string out;
  for (; it->Valid(); it->Next()) {
    out += std::string(it->key().substr(kKeySpaceBytes)) + "=" + std::string(it->value()) + " ";
  }
  return out;
}
std::string ScanAt(Store& store, int64_t at) {
  return RowsOf(store.Scan(SpaceSpan(1), CommitTimestamp(at)));
}
std::string ScanBackAt(Store& store, int64_t at) {
  return RowsOf(store.ScanBack(SpaceSpan(1), CommitTimestamp(at)));
}

TEST(Store, ReadsTheNewestVersionNotAfterTheTimestamp) {
  auto store = InMemory();
  ASSERT_TRUE(Put(*store, 10, "a", "1").ok());
  ASSERT_TRUE(Put(*store, 20, "a", "2").ok());
  ASSERT_TRUE(Put(*store, 20, "b", "x").ok());
  Store::Batch remove;
  remove.Delete(Key("a"));
  ASSERT_TRUE(store->Write(remove, CommitTimestamp(30)).ok());
  EXPECT_EQ(GetAt(*store, "a", 9), "-");
  EXPECT_EQ(GetAt(*store, "a", 10), "1");
  EXPECT_EQ(GetAt(*store, "a", 19), "1");
  EXPECT_EQ(GetAt(*store, "a", 29), "2");
  EXPECT_EQ(GetAt(*store, "a", 30), "-");
  EXPECT_EQ(ScanAt(*store, 10), "a=1 ");
  EXPECT_EQ(ScanAt(*store, 25), "a=2 b=x ");
  EXPECT_EQ(ScanAt(*store, 35), "b=x ");
  EXPECT_EQ(ScanBackAt(*store, 25), "b=x a=2 ");
  EXPECT_EQ(ScanBackAt(*store, 15), "a=1 ");
  EXPECT_EQ(ScanBackAt(*store, 35), "b=x ");
  std::string a = Key("a"), b = Key("b");
  std::vector<std::optional<std::string>> values;
  ASSERT_TRUE(store->MultiGet({a, b}, CommitTimestamp(35), &values).ok());
  EXPECT_FALSE(values[0].has_value());
  EXPECT_EQ(values[1], "x");
}

// A log that grew with each commit would make each sync write the file system's journal too.
TEST(Store, LogsDoNotGrowWithEachCommit) {
  StoreOptions options;
  options.directory = ::testing::TempDir() + "/logs" + std::to_string(::getpid());
  auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  auto log_bytes = [&] {
    uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(options.directory)) {
      if (file.path().extension() == ".log") bytes += file.file_size();
    }
    return bytes;
  };
  ASSERT_TRUE(Put(**store, 1, "a", "1").ok());
  const uintmax_t before = log_bytes();
  for (int64_t at = 2; at <= 50; ++at) ASSERT_TRUE(Put(**store, at, "a", "1").ok());
  EXPECT_EQ(log_bytes(), before);
  ASSERT_TRUE(Put(**store, 51, "b", std::string(before, 'x')).ok());
  EXPECT_GT(log_bytes(), before);
  store->reset();
  store = Store::Open(options);  // zeros behind the last record are its end
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(GetAt(**store, "a", 51), "1");
  EXPECT_EQ(GetAt(**store, "b", 51).size(), before);
}

// The same answers from memtables, from files and after compaction; what nobody can read any more
// goes.
TEST(Store, CollectsOnlyWhatCannotBeRead) {
  auto store = InMemory();
  for (int64_t at = 1; at <= 9; ++at) {
    ASSERT_TRUE(Put(*store, at * 10, "a", std::to_string(at)).ok());
    ASSERT_TRUE(store->Compact().ok());
  }
  Store::Batch remove;
  remove.Delete(Key("gone"));
  ASSERT_TRUE(Put(*store, 5, "gone", "old").ok());
  ASSERT_TRUE(store->Write(remove, CommitTimestamp(15)).ok());
  ASSERT_TRUE(store->RaiseOldest(CommitTimestamp(55)).ok());
  ASSERT_TRUE(store->Compact().ok());
  ASSERT_TRUE(store->Compact().ok());
  EXPECT_EQ(GetAt(*store, "a", 55), "5");
  EXPECT_EQ(GetAt(*store, "a", 60), "6");
  EXPECT_EQ(GetAt(*store, "a", 99), "9");
  EXPECT_EQ(GetAt(*store, "gone", 60), "-");
  ASSERT_TRUE(store->RaiseOldest(CommitTimestamp(40)).ok());  // never moves back, is no error
}

TEST(Store, PurgedSpacesAreGoneAfterCompaction) {
  auto store = InMemory();
  ASSERT_TRUE(Put(*store, 10, "a", "1").ok());
  ASSERT_TRUE(store->PurgeSpace(1).ok());
  ASSERT_TRUE(store->Compact().ok());
  EXPECT_EQ(ScanAt(*store, 100), "");
}

TEST(Store, RemembersTheLastTimestamp) {
  StoreOptions options;
  options.directory = ::testing::TempDir() + "/store" + std::to_string(::getpid());
  {
    auto store = Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(Put(**store, 5'000'000, "a", "1").ok());
    ASSERT_TRUE(Put(**store, 7'000'000, "a", "2").ok());
  }
  auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_GE((*store)->last_write(), CommitTimestamp(7'000'000));
  EXPECT_LE((*store)->last_write(), CommitTimestamp(7'001'000));
  EXPECT_EQ(GetAt(**store, "a", 6'000'000), "1");
}

TEST(Store, BatchesWrittenTogetherKeepTheirTimestampsAlsoAfterReopening) {
  const std::string directory =
      std::filesystem::temp_directory_path() / ("store_together." + std::to_string(getpid()));
  StoreOptions options;
  options.directory = directory;
  for (const bool again : {false, true}) {
    auto store = Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    if (!again) {
      ASSERT_TRUE(Put(**store, 5, "a", "0").ok());
      Store::Batch first, second, third;
      first.Put(Key("a"), "1");
      first.Put(Key("b"), std::string(300, 'b'));
      second.Delete(Key("a"));
      second.PutMeta("meta", "second");
      third.Put(Key("c"), "3");
      const Store::Stamped all[] = {{first, CommitTimestamp(10)},
                                    {second, CommitTimestamp(20)},
                                    {third, CommitTimestamp(30)}};
      ASSERT_TRUE((*store)->WriteTogether(all).ok());
    }
    EXPECT_EQ(GetAt(**store, "a", 9), "0");
    EXPECT_EQ(GetAt(**store, "a", 10), "1");
    EXPECT_EQ(GetAt(**store, "a", 20), "-");
    EXPECT_EQ(GetAt(**store, "b", 10), std::string(300, 'b'));
    EXPECT_EQ(GetAt(**store, "c", 29), "-");
    EXPECT_EQ(GetAt(**store, "c", 30), "3");
    EXPECT_EQ((*store)->GetMeta("meta")->value_or(""), "second");
    EXPECT_GE((*store)->last_write().value(), 30);
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace ks::local
