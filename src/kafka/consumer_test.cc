// The consumer, the producer and the admin calls against the embedded broker: the real protocol
// over loopback.
#include "kafka/consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "kafka/admin.h"
#include "kafka/embedded_broker.h"
#include "kafka/handle.h"
#include "kafka/limits.h"
#include "kafka/producer.h"

namespace ks::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr auto kPatience = std::chrono::seconds(30);

// Assigns every partition at `start` as soon as the group gives it.
class Reader : public RebalanceListener {
 public:
  Reader(const std::string& brokers, Offset start) : start_(start) {
    auto consumer = Consumer::Create({.brokers = brokers,
                                      .group = "g",
                                      .properties = {{"debug", "cgrp"}},
                                      .log = [this](int, std::string_view text) {
                                        if (absl::StrContains(text, "LeaveGroup response")) ++left_;
                                      }});
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    consumer_ = *std::move(consumer);
    EXPECT_TRUE(consumer_->Subscribe({"t"}, *this).ok());
  }
  void OnAssigned(const std::vector<TopicPartition>& partitions) override {
    std::vector<StartPosition> positions;
    for (const TopicPartition& partition : partitions) {
      auto queue = consumer_->OpenQueue(partition);
      ASSERT_TRUE(queue.ok()) << queue.status();
      queues_.push_back(*std::move(queue));
      positions.push_back({partition, start_});
    }
    EXPECT_TRUE(consumer_->Assign(positions).ok());
  }
  void OnRevoked(const std::vector<TopicPartition>& partitions, bool) override {
    revoked_ += partitions.size();
    EXPECT_TRUE(consumer_->Unassign(partitions).ok());
  }
  void OnError(const absl::Status& status, bool) override { last_error_ = status; }

  // Reads until `count` records came or patience ends; gives "offset:key=value".
  std::vector<std::string> Read(size_t count) {
    std::vector<std::string> seen;
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    MessageBatch batch;
    while (seen.size() < count && std::chrono::steady_clock::now() < give_up) {
      consumer_->Poll(10);
      for (const auto& queue : queues_) {
        queue->Take(&batch);
        for (size_t i = 0; i < batch.size(); ++i) {
          if (batch[i].is_end() || !batch[i].error().ok()) continue;
          seen.push_back(StrCat(batch[i].offset().value(), ":", batch[i].key().value_or("null"),
                                "=", batch[i].value().value_or("null")));
        }
      }
    }
    return seen;
  }

  std::atomic<int> left_{0};  // answers to our leave
  std::unique_ptr<Consumer> consumer_;
  std::vector<std::unique_ptr<ConsumerQueue>> queues_;
  size_t revoked_ = 0;
  absl::Status last_error_;

 private:
  const Offset start_;
};

class ConsumerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto broker = EmbeddedBroker::Start();
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
    ASSERT_TRUE(broker_->CreateTopic("t", 1).ok());
    auto producer = Producer::Create({.brokers = broker_->address(), .properties = {}});
    ASSERT_TRUE(producer.ok()) << producer.status();
    producer_ = *std::move(producer);
  }
  void Send(std::optional<std::string_view> key, std::optional<std::string_view> value) {
    ASSERT_TRUE(producer_->Send({.topic = "t", .partition = 0, .key = key, .value = value}).ok());
    ASSERT_TRUE(producer_->Flush().ok());
  }
  std::unique_ptr<EmbeddedBroker> broker_;
  std::unique_ptr<Producer> producer_;
};

TEST_F(ConsumerTest, ReadsFromWhereItIsToldTo) {
  for (const char* value : {"a", "b", "c"}) Send("k", value);
  Reader reader(broker_->address(), Offset(1));
  EXPECT_THAT(reader.Read(2), ElementsAre("1:k=b", "2:k=c"));
}

TEST_F(ConsumerTest, TellsNullFromEmpty) {
  Send(std::nullopt, "v");
  Send("k", std::nullopt);
  Send("", "");
  Reader reader(broker_->address(), Offset(0));
  EXPECT_THAT(reader.Read(3), ElementsAre("0:null=v", "1:k=null", "2:="));
}

TEST_F(ConsumerTest, SeekDropsWhatWasFetched) {
  for (int i = 0; i < 10; ++i) Send("k", StrCat("v", i));
  Reader reader(broker_->address(), Offset(0));
  ASSERT_EQ(reader.Read(10).size(), 10u);
  for (int i = 10; i < 20; ++i) Send("k", StrCat("v", i));
  // Wait until the next ones lie in the queue, then go back: the first record seen must be the one
  // asked for.
  const int fd = eventfd(0, 0);
  reader.queues_[0]->NotifyOn(fd);
  uint64_t count;
  ASSERT_EQ(read(fd, &count, sizeof(count)), 8);
  ASSERT_TRUE(reader.consumer_->Seek({"t", PartitionId(0)}, Offset(4)).ok());
  const auto seen = reader.Read(1);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen[0], "4:k=v4");
  close(fd);
}

TEST_F(ConsumerTest, KnowsItsTopic) {
  const auto description = DescribeTopic(producer_->handle(), "t", /*with_id=*/false);
  ASSERT_TRUE(description.ok()) << description.status();
  EXPECT_EQ(description->partitions, 1);
}

TEST_F(ConsumerTest, ListsOffsetsOfManyPartitionsAtOnce) {
  ASSERT_TRUE(broker_->CreateTopic("two", 2).ok());
  for (const char* value : {"a", "b", "c"}) Send("k", value);
  const TopicPartition t{"t", PartitionId(0)};
  const TopicPartition empty{"two", PartitionId(1)};
  const TopicPartition unknown{"two", PartitionId(7)};
  const auto end = ListOffsets(producer_->handle(), {t, empty, unknown}, kEndOffset);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_THAT(*end, ElementsAre(Pair(t, Offset(3)), Pair(empty, Offset(0))));
  const auto first = ListOffsets(producer_->handle(), {t}, kFirstOffset);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(*first, ElementsAre(Pair(t, Offset(0))));
}

TEST_F(ConsumerTest, ClosingGivesThePartitionsBack) {
  Send("k", "v");
  Reader reader(broker_->address(), Offset(0));
  ASSERT_EQ(reader.Read(1).size(), 1u);
  reader.queues_.clear();
  EXPECT_TRUE(reader.consumer_->Close().ok());
  EXPECT_EQ(reader.revoked_, 1u);
}

// Until the group's assignment waits for a Poll().
void WaitForCallback(const Consumer& consumer) {
  const QueuePtr queue(rd_kafka_queue_get_consumer(consumer.handle()));
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (rd_kafka_queue_length(queue.get()) == 0 && std::chrono::steady_clock::now() < give_up)
    usleep(10'000);
  ASSERT_GT(rd_kafka_queue_length(queue.get()), 0u);
}

// Takes its time to answer the group.
class Undecided : public Reader {
 public:
  using Reader::Reader;
  void OnAssigned(const std::vector<TopicPartition>& partitions) override {
    given_ += partitions.size();
  }
  void OnRevoked(const std::vector<TopicPartition>& partitions, bool) override {
    EXPECT_TRUE(consumer_->Unassign(partitions).ok());
  }
  size_t given_ = 0;
};

TEST_F(ConsumerTest, AnAssignmentThatComesWhileClosingIsNotTheListenersAnyMore) {
  Undecided reader(broker_->address(), Offset(0));
  WaitForCallback(*reader.consumer_);
  const absl::Status left = reader.consumer_->Close();
  EXPECT_TRUE(left.ok()) << left;
  EXPECT_EQ(reader.given_, 0u);
}

TEST_F(ConsumerTest, ClosingAnswersAnAssignmentThatIsOpen) {
  Undecided reader(broker_->address(), Offset(0));
  while (reader.given_ == 0) reader.consumer_->Poll(10);
  const absl::Status left = reader.consumer_->Close();
  EXPECT_TRUE(left.ok()) << left;
}

// Without waiting for its assignment it would stay a member until its session ends (45 s).
TEST_F(ConsumerTest, ClosedWhileJoiningItTellsTheGroupThatItLeaves) {
  Reader reader(broker_->address(), Offset(0));
  const auto is_member = [&] {
    char* id = rd_kafka_memberid(reader.consumer_->handle());
    const bool is_member = id != nullptr && *id != '\0';
    rd_kafka_mem_free(nullptr, id);
    return is_member;
  };
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!is_member() && std::chrono::steady_clock::now() < give_up) usleep(100);
  const absl::Status left = reader.consumer_->Close();
  EXPECT_TRUE(left.ok()) << left;
  EXPECT_EQ(reader.left_, 1);
}

TEST_F(ConsumerTest, GivingUpPassesOverWhatWasNeverTaken) {
  Send("k", "v");
  Reader reader(broker_->address(), Offset(0));
  ASSERT_EQ(reader.Read(1).size(), 1u);
  const TopicPartition taken{"t", PartitionId(0)};
  const TopicPartition never{"t", PartitionId(7)};
  EXPECT_TRUE(reader.consumer_->Unassign({never, taken}).ok());
  EXPECT_TRUE(reader.consumer_->Unassign({taken}).ok());
}

TEST(ConsumerOptions, RefusesWhatGuaranteesHangOn) {
  const auto consumer = Consumer::Create({.brokers = "127.0.0.1:1",
                                          .group = "g",
                                          .properties = {{"isolation.level", "read_uncommitted"}},
                                          .log = nullptr});
  ASSERT_FALSE(consumer.ok());
  EXPECT_THAT(std::string(consumer.status().message()),
              HasSubstr("isolation.level cannot be set in a pipeline"));
}

TEST(Prefetch, PartitionsShareABudget) {
  EXPECT_EQ(PrefetchWithin(64 << 20, 1), Prefetch{});
  const Prefetch six = PrefetchWithin(64 << 20, 6);
  EXPECT_EQ(six.messages, kPrefetchMessages);
  EXPECT_EQ(six.kbytes, (64 << 10) / 6 / 2);
  for (const int64_t partitions : {6, 20, 100, 200}) {
    const Prefetch each = PrefetchWithin(64 << 20, partitions);
    EXPECT_LE(
        (each.messages * int64_t{kMessageOverheadBytes} + each.kbytes * int64_t{1024}) * partitions,
        64 << 20);
  }
  EXPECT_EQ(PrefetchWithin(64 << 20, 100'000),
            (Prefetch{kPrefetchMessagesMin, kPrefetchKbytesMin}));
}

TEST(ConsumerOptions, APipelineMayChooseAnotherPrefetch) {
  const auto prefetch = [](const Properties& properties) {
    const auto consumer = Consumer::Create(
        {.brokers = "127.0.0.1:1", .group = "g", .properties = properties, .log = nullptr});
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    char text[32];
    size_t size = sizeof(text);
    rd_kafka_conf_get(rd_kafka_conf((*consumer)->handle()), "queued.min.messages", text, &size);
    return std::string(text);
  };
  EXPECT_EQ(prefetch({}), std::to_string(kPrefetchMessages));
  EXPECT_EQ(prefetch({{"queued.min.messages", "7"}}), "7");
}

TEST(ConsumerOptions, SaysWhatIsWrongWithAProperty) {
  const auto consumer = Consumer::Create({.brokers = "127.0.0.1:1",
                                          .group = "g",
                                          .properties = {{"fetch.min.bytes", "many"}},
                                          .log = nullptr});
  ASSERT_FALSE(consumer.ok());
  EXPECT_THAT(std::string(consumer.status().message()),
              HasSubstr("fetch.min.bytes=many was refused"));
}

}  // namespace
}  // namespace ks::kafka
