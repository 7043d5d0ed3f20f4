// MessageRecords: Kafka's messages as the pipeline's Records, still in librdkafka's memory.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kafka/message.h"
#include "pipeline/transform.h"

namespace ks::runtime {

class MessageRecords : private pipeline::HeaderSource {
 public:
  MessageRecords() = default;
  MessageRecords(const MessageRecords&) = delete;

  void Clear();
  void Add(const kafka::MessageView& message);
  bool empty() const { return messages_.empty(); }
  // Of what was added since Clear(), which is of one partition and not nothing; valid until the
  // next Clear().
  pipeline::Records records() const;

 private:
  void Read(uint32_t record, std::vector<pipeline::RecordHeader>* headers) const override;

  std::vector<kafka::MessageView> messages_;
  std::vector<int64_t> offsets_;
  std::vector<int64_t> timestamps_ms_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> values_;
};

}  // namespace ks::runtime
