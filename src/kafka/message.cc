#include "kafka/message.h"

#include <librdkafka/rdkafka.h>

#include "kafka/errors.h"

namespace ks::kafka {
namespace {

std::optional<std::string_view> Bytes(const void* data, size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

bool MessageView::is_end() const { return raw_->err == RD_KAFKA_RESP_ERR__PARTITION_EOF; }
absl::Status MessageView::error() const {
  if (raw_->err == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return FromCode(raw_->err, rd_kafka_message_errstr(raw_));
}
std::string_view MessageView::topic() const {
  return raw_->rkt == nullptr ? "" : rd_kafka_topic_name(raw_->rkt);
}
PartitionId MessageView::partition() const { return PartitionId(raw_->partition); }
Offset MessageView::offset() const { return Offset(raw_->offset); }
int64_t MessageView::timestamp_ms() const {
  rd_kafka_timestamp_type_t type;
  return rd_kafka_message_timestamp(raw_, &type);
}
std::optional<std::string_view> MessageView::key() const { return Bytes(raw_->key, raw_->key_len); }
std::optional<std::string_view> MessageView::value() const {
  // An error event carries its text as payload; it has no value.
  return raw_->err != RD_KAFKA_RESP_ERR_NO_ERROR ? std::nullopt : Bytes(raw_->payload, raw_->len);
}

bool MessageView::has_headers() const {
  rd_kafka_headers_t* headers = nullptr;
  return rd_kafka_message_headers(raw_, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::vector<Header> MessageView::headers() const {
  std::vector<Header> result;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(raw_, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return result;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    result.push_back({name, Bytes(value, size)});
  }
  return result;
}

std::optional<std::string_view> MessageView::header(const char* name) const {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  if (rd_kafka_message_headers(raw_, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  return Bytes(value, size);
}

size_t MessageView::bytes() const { return raw_->len + raw_->key_len; }

void MessageBatch::Clear() {
  for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
  messages_.clear();
}

}  // namespace ks::kafka
