#include "kafka/consumer.h"

#include <utility>

#include "base/status_macros.h"
#include "env/clock.h"
#include "kafka/handle.h"
#include "kafka/limits.h"

namespace ks::kafka {
namespace {

std::vector<TopicPartition> FromList(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> result;
  result.reserve(static_cast<size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) {
    result.push_back({list.elems[i].topic, PartitionId(list.elems[i].partition)});
  }
  return result;
}

// What the product sets itself, because its guarantees hang on it.
Properties OurProperties(const ConsumerOptions& options) {
  return {
      {"bootstrap.servers", options.brokers},
      {"group.id", options.group},
      {"client.id", options.client_id},
      {"partition.assignment.strategy", "cooperative-sticky"},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"isolation.level", "read_committed"},
      {"auto.offset.reset", "error"},    // an offset that is gone is for the protocol to judge
      {"enable.partition.eof", "true"},  // tells that nothing but transaction markers is left
  };
}

// What suits us and a pipeline may set otherwise. librdkafka's own prefetch (100,000 messages of a
// partition, 1 KiB each beside their bytes) is made for one consumer with nothing else to hold.
Properties DefaultProperties(const Prefetch& prefetch) {
  return {
      {"queued.min.messages", std::to_string(prefetch.messages)},
      {"queued.max.messages.kbytes", std::to_string(prefetch.kbytes)},
      {"fetch.message.max.bytes", std::to_string(kFetchBytes)},
      {"fetch.queue.backoff.ms", std::to_string(kPrefetchPauseMillis)},
      {"fetch.wait.max.ms", std::to_string(kFetchWaitMillis)},
      {"reconnect.backoff.max.ms", std::to_string(kReconnectMillisMax)},
  };
}

}  // namespace

ConsumerQueue::~ConsumerQueue() { rd_kafka_queue_destroy(queue_); }

void ConsumerQueue::Take(MessageBatch* batch) {
  batch->Clear();
  batch->messages_.resize(kPollMessagesMax);
  const ssize_t taken = rd_kafka_consume_batch_queue(
      queue_, /*timeout_ms=*/0, batch->messages_.data(), batch->messages_.size());
  batch->messages_.resize(taken > 0 ? static_cast<size_t>(taken) : 0);
}

void ConsumerQueue::NotifyOn(int fd) {
  static constexpr uint64_t kOne = 1;  // an eventfd takes eight bytes
  rd_kafka_queue_io_event_enable(queue_, fd, &kOne, sizeof(kOne));
}

void Consumer::RebalanceCallback(rd_kafka_s* handle, int code, void* partitions, void* self) {
  auto* consumer = static_cast<Consumer*>(self);
  const auto& list = *static_cast<rd_kafka_topic_partition_list_t*>(partitions);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    consumer->was_assigned_ = true;
    if (consumer->leaving_) {
      (void)consumer->Assign({});  // Close() sees whether the group let us go
    } else {
      consumer->listener_->OnAssigned(FromList(list));
    }
  } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    consumer->listener_->OnRevoked(FromList(list), rd_kafka_assignment_lost(handle) != 0);
  } else {
    consumer->listener_->OnError(FromCode(code, "the consumer group's rebalance failed"),
                                 /*fatal=*/false);
    (void)consumer->Unassign(FromList(list));
  }
}

absl::StatusOr<std::unique_ptr<Consumer>> Consumer::Create(ConsumerOptions options) {
  std::unique_ptr<Consumer> consumer(new Consumer(std::move(options)));
  Properties chosen = DefaultProperties(consumer->options_.prefetch);
  const Properties& users = consumer->options_.properties;
  chosen.insert(chosen.end(), users.begin(), users.end());  // the last one counts
  KS_ASSIGN_OR_RETURN(ConfPtr conf, MakeConf(OurProperties(consumer->options_), chosen));
  KS_ASSIGN_OR_RETURN(consumer->login_, Login::Prepare(consumer->options_.login, conf.get()));
  rd_kafka_conf_set_opaque(conf.get(), consumer.get());
  rd_kafka_conf_set_rebalance_cb(conf.get(), [](rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                                rd_kafka_topic_partition_list_t* list, void* self) {
    RebalanceCallback(handle, code, list, self);
  });
  rd_kafka_conf_set_log_cb(
      conf.get(), [](const rd_kafka_t* handle, int level, const char* facility, const char* text) {
        const auto* self = static_cast<const Consumer*>(rd_kafka_opaque(handle));
        self->login_->OnLog(facility, text);
        if (self->options_.log) self->options_.log(level, text);
      });
  rd_kafka_conf_set_error_cb(
      conf.get(), [](rd_kafka_t* handle, int code, const char* reason, void* self) {
        auto* consumer = static_cast<Consumer*>(self);
        if (consumer->listener_ == nullptr) return;
        const bool fatal = code == RD_KAFKA_RESP_ERR__FATAL;
        char text[512];
        const int actual = fatal ? rd_kafka_fatal_error(handle, text, sizeof(text)) : code;
        consumer->listener_->OnError(FromCode(actual, reason), fatal);
      });
  char reason[512];
  // On success librdkafka takes the configuration over.
  consumer->handle_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), reason, sizeof(reason));
  if (consumer->handle_ == nullptr) {
    return absl::InvalidArgumentError(StrCat("cannot start the Kafka consumer: ", reason));
  }
  (void)conf.release();
  rd_kafka_poll_set_consumer(consumer->handle_);
  KS_RETURN_IF_ERROR(consumer->login_->Start(consumer->handle_));
  return consumer;
}

Consumer::~Consumer() {
  (void)Close();
  if (login_ != nullptr) login_->Stop();
  if (handle_ != nullptr) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

absl::Status Consumer::Subscribe(const std::vector<std::string>& topics,
                                 RebalanceListener& listener) {
  listener_ = &listener;
  const PartitionListPtr list = NewList(topics.size());
  for (const std::string& topic : topics) Add(*list, {topic, PartitionId(RD_KAFKA_PARTITION_UA)});
  return FromCode(rd_kafka_subscribe(handle_, list.get()), "cannot subscribe");
}

void Consumer::Poll(int timeout_ms) {
  rd_kafka_message_t* message = rd_kafka_consumer_poll(handle_, timeout_ms);
  if (message == nullptr) return;
  // Records of routed partitions never come here; what comes is trouble with a topic.
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    listener_->OnError(FromCode(message->err, rd_kafka_message_errstr(message)), /*fatal=*/false);
  }
  rd_kafka_message_destroy(message);
}

absl::StatusOr<std::unique_ptr<ConsumerQueue>> Consumer::OpenQueue(
    const TopicPartition& partition) {
  rd_kafka_queue_t* queue =
      rd_kafka_queue_get_partition(handle_, partition.topic.c_str(), partition.partition.value());
  if (queue == nullptr) {
    return absl::NotFoundError(StrCat("partition ", partition.partition.value(), " of topic ",
                                      partition.topic, " is unknown"));
  }
  rd_kafka_queue_forward(queue, nullptr);  // out of the consumer's common queue
  return std::unique_ptr<ConsumerQueue>(new ConsumerQueue(queue));
}

// While closing, librdkafka takes whatever it is told first for giving up everything. Of a second
// answer it may throw the reply away, and the call would wait for ever.
bool Consumer::HasAnsweredLast() { return closed_ && std::exchange(answered_last_, true); }

absl::Status Consumer::Assign(const std::vector<StartPosition>& positions) {
  if (HasAnsweredLast()) return absl::OkStatus();
  const PartitionListPtr list = NewList(positions.size());
  for (const StartPosition& position : positions)
    Add(*list, position.partition, position.offset.value());
  KS_RETURN_IF_ERROR(FromError(rd_kafka_incremental_assign(handle_, list.get()),
                               "cannot take the assigned partitions"));
  for (const StartPosition& position : positions) assigned_.insert(position.partition);
  return absl::OkStatus();
}

// One that is not in the assignment would make librdkafka refuse all of them, and the group would
// wait for the answer.
absl::Status Consumer::Unassign(const std::vector<TopicPartition>& partitions) {
  if (HasAnsweredLast()) return absl::OkStatus();
  const PartitionListPtr list = NewList(partitions.size());
  for (const TopicPartition& partition : partitions) {
    if (assigned_.contains(partition)) Add(*list, partition);
  }
  KS_RETURN_IF_ERROR(FromError(rd_kafka_incremental_unassign(handle_, list.get()),
                               "cannot give the partitions up"));
  for (const TopicPartition& partition : partitions) assigned_.erase(partition);
  return absl::OkStatus();
}

absl::Status Consumer::Seek(const TopicPartition& partition, Offset offset) {
  const PartitionListPtr list = NewList(1);
  Add(*list, partition, offset.value());
  const std::string what = StrCat("cannot go to offset ", offset.value(), " of ", partition.topic,
                                  " [", partition.partition.value(), "]");
  KS_RETURN_IF_ERROR(
      FromError(rd_kafka_seek_partitions(handle_, list.get(), kQueryTimeoutMillis), what));
  return FromCode(list->elems[0].err, what);
}

absl::Status Consumer::CommitOffsets(const std::vector<StartPosition>& next_offsets) {
  if (next_offsets.empty()) return absl::OkStatus();
  const PartitionListPtr list = NewList(next_offsets.size());
  for (const StartPosition& next : next_offsets) Add(*list, next.partition, next.offset.value());
  return FromCode(rd_kafka_commit(handle_, list.get(), /*async=*/1),
                  "cannot tell the group our offsets");
}

Consumer::Watermarks Consumer::CachedWatermarks(const TopicPartition& partition) const {
  int64_t low = -1;
  int64_t high = -1;
  const auto code = rd_kafka_get_watermark_offsets(handle_, partition.topic.c_str(),
                                                   partition.partition.value(), &low, &high);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return {Offset(-1), Offset(-1)};
  return {Offset(low), Offset(high)};
}

bool Consumer::IsJoining() const {
  const std::unique_ptr<char, void (*)(char*)> member(
      rd_kafka_memberid(handle_), [](char* id) { rd_kafka_mem_free(nullptr, id); });
  return !was_assigned_ && member != nullptr && *member != '\0';
}

// librdkafka tells the group that it leaves only once it has had its assignment. Closed before, it
// would stay a member until its session ends, and its partitions would rest as long.
void Consumer::WaitUntilJoined() {
  const int64_t give_up =
      env::RealClock().MonotonicNanos() + kJoinTimeoutMillis * env::kNanosPerMilli;
  while (IsJoining() && env::RealClock().MonotonicNanos() < give_up) Poll(kJoinPollMillis);
}

absl::Status Consumer::Close() {
  if (handle_ == nullptr || leaving_) return absl::OkStatus();
  leaving_ = true;
  if (listener_ == nullptr) return absl::OkStatus();
  WaitUntilJoined();
  closed_ = true;
  const QueuePtr queue(rd_kafka_queue_new(handle_));
  ErrorPtr error(rd_kafka_consumer_close_queue(handle_, queue.get()));
  const int64_t give_up =
      env::RealClock().MonotonicNanos() + kCloseTimeoutMillis * env::kNanosPerMilli;
  while (error == nullptr && rd_kafka_consumer_closed(handle_) == 0 &&
         env::RealClock().MonotonicNanos() < give_up) {
    rd_kafka_queue_poll_callback(queue.get(), 100);
  }
  if (error != nullptr) return FromError(error.release(), "cannot leave the consumer group");
  return rd_kafka_consumer_closed(handle_) != 0 ? absl::OkStatus()
                                                : GroupNotLeft(options_.group, options_.brokers);
}

}  // namespace ks::kafka
