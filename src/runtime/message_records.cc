#include "runtime/message_records.h"

namespace ks::runtime {

void MessageRecords::Clear() {
  messages_.clear();
  offsets_.clear();
  timestamps_ms_.clear();
  keys_.clear();
  values_.clear();
}

void MessageRecords::Add(const kafka::MessageView& message) {
  messages_.push_back(message);
  offsets_.push_back(message.offset().value());
  timestamps_ms_.push_back(message.timestamp_ms());
  keys_.push_back(message.key().value_or(std::string_view()));
  values_.push_back(message.value().value_or(std::string_view()));
}

pipeline::Records MessageRecords::records() const {
  pipeline::Records records;
  records.topic = messages_.front().topic();
  records.partition = messages_.front().partition().value();
  records.offsets = offsets_;
  records.timestamps_ms = timestamps_ms_;
  records.keys = keys_;
  records.values = values_;
  records.headers = this;
  return records;
}

// Only where somebody asks for them.
void MessageRecords::Read(uint32_t record, std::vector<pipeline::RecordHeader>* headers) const {
  if (!messages_[record].has_headers()) return;
  for (const kafka::Header& header : messages_[record].headers())
    headers->push_back({header.name, header.value.value_or(std::string_view())});
}

}  // namespace ks::runtime
