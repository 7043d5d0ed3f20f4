#include "kafka/producer.h"

#include <algorithm>
#include <mutex>

#include "base/status_macros.h"
#include "env/clock.h"
#include "kafka/handle.h"
#include "kafka/limits.h"

namespace ks::kafka {

struct Producer::State {
  std::mutex mu;
  absl::Status first_failure;  // guarded by mu
  Login* login = nullptr;      // the producer's; constant once there is a client
};

Producer::Producer() : state_(std::make_unique<State>()) {}

absl::StatusOr<std::unique_ptr<Producer>> Producer::Create(const ProducerOptions& options) {
  std::unique_ptr<Producer> producer(new Producer());
  const Properties ours = {{"bootstrap.servers", options.brokers},
                           {"enable.idempotence", "true"},
                           {"partitioner", "murmur2_random"}};
  KS_ASSIGN_OR_RETURN(ConfPtr conf, MakeConf(ours, options.properties));
  KS_ASSIGN_OR_RETURN(producer->login_, Login::Prepare(options.login, conf.get()));
  producer->state_->login = producer->login_.get();
  rd_kafka_conf_set_opaque(conf.get(), producer->state_.get());
  rd_kafka_conf_set_log_cb(
      conf.get(), [](const rd_kafka_t* handle, int, const char* facility, const char* text) {
        static_cast<State*>(rd_kafka_opaque(handle))->login->OnLog(facility, text);
      });
  rd_kafka_conf_set_dr_msg_cb(
      conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        auto* state = static_cast<State*>(opaque);
        std::lock_guard lock(state->mu);
        if (state->first_failure.ok()) {
          state->first_failure = FromCode(message->err, "a record could not be delivered");
        }
      });
  char reason[512];
  producer->handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof(reason));
  if (producer->handle_ == nullptr) {
    return absl::InvalidArgumentError(StrCat("cannot start the Kafka producer: ", reason));
  }
  (void)conf.release();
  KS_RETURN_IF_ERROR(producer->login_->Start(producer->handle_));
  return producer;
}

Producer::~Producer() {
  if (login_ != nullptr) login_->Stop();
  if (handle_ != nullptr) rd_kafka_destroy(handle_);
}

absl::Status Producer::Send(const ProducerRecord& record, int timeout_ms) {
  const std::string topic(record.topic);
  const int64_t give_up = env::RealClock().MonotonicNanos() + timeout_ms * env::kNanosPerMilli;
  // A null pointer means a null key or value; an empty one still needs an address.
  const char* key = record.key ? record.key->data() : nullptr;
  const char* value = record.value ? record.value->data() : nullptr;
  const size_t key_size = record.key ? record.key->size() : 0;
  const size_t value_size = record.value ? record.value->size() : 0;
  while (true) {
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        handle_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_size),
        RD_KAFKA_V_VALUE(const_cast<char*>(value), value_size),
        RD_KAFKA_V_TIMESTAMP(record.timestamp_ms), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    const bool full = code == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (!full || env::RealClock().MonotonicNanos() > give_up)
      return FromCode(code, "cannot produce to " + topic);
    rd_kafka_poll(handle_, 50);
  }
  rd_kafka_poll(handle_, 0);
  return absl::OkStatus();
}

absl::Status Producer::Connect(int timeout_ms) {
  // In steps: a refusal is not waited out.
  const int64_t give_up = env::RealClock().MonotonicNanos() + timeout_ms * env::kNanosPerMilli;
  while (true) {
    const struct rd_kafka_metadata* metadata = nullptr;
    const auto code = rd_kafka_metadata(handle_, /*all_topics=*/0, nullptr, &metadata,
                                        std::min(timeout_ms, kConnectStepMillis));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      return absl::OkStatus();
    }
    KS_RETURN_IF_ERROR(login_->last_refusal());
    if (env::RealClock().MonotonicNanos() > give_up) return FromCode(code, "no broker answers");
  }
}

int32_t Producer::PartitionOf(std::string_view key, int32_t partitions) {
  return rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr,
                                          nullptr);
}

absl::Status Producer::Flush(int timeout_ms) {
  KS_RETURN_IF_ERROR(
      FromCode(rd_kafka_flush(handle_, timeout_ms), "not all records were acknowledged in time"));
  std::lock_guard lock(state_->mu);
  return state_->first_failure;
}

}  // namespace ks::kafka
