// Messages as they lie in librdkafka's memory, and the batch that owns them.
//
// A MessageView points into its batch; it is valid until the batch is cleared or destroyed. No
// bytes are copied. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/strong_id.h"

struct rd_kafka_message_s;

namespace ks::kafka {

struct TopicPartition {
  std::string topic;
  PartitionId partition;
  auto operator<=>(const TopicPartition&) const = default;
};

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;  // a header may have no value
};

class MessageView {
 public:
  explicit MessageView(rd_kafka_message_s* raw) : raw_(raw) {}

  // This is no record: the partition's end (as of now) is reached, at offset().
  bool is_end() const;
  // Not OK: this is no record but an error event of its partition (offset out of range, for one).
  absl::Status error() const;
  std::string_view topic() const;
  PartitionId partition() const;
  Offset offset() const;
  // Milliseconds since the Unix epoch; -1 when the record has none.
  int64_t timestamp_ms() const;
  std::optional<std::string_view> key() const;    // nothing: a null key
  std::optional<std::string_view> value() const;  // nothing: a tombstone
  bool has_headers() const;
  std::vector<Header> headers() const;  // allocates; only where headers are wanted
  // The last header of that name; nothing: there is none, or it has no value.
  std::optional<std::string_view> header(const char* name) const;
  // Bytes of key and value.
  size_t bytes() const;

 private:
  rd_kafka_message_s* raw_;
};

class MessageBatch {
 public:
  MessageBatch() = default;
  ~MessageBatch() { Clear(); }
  MessageBatch(const MessageBatch&) = delete;
  MessageBatch& operator=(const MessageBatch&) = delete;

  size_t size() const { return messages_.size(); }
  bool empty() const { return messages_.empty(); }
  MessageView operator[](size_t i) const { return MessageView(messages_[i]); }
  void Clear();

 private:
  friend class ConsumerQueue;
  std::vector<rd_kafka_message_s*> messages_;
};

}  // namespace ks::kafka
