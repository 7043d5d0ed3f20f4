// BufferingWriter: keeps a stream's messages until they may be sent, so that nothing is locked
// while a client reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "local/spanner/server/message_writer.h"

namespace ks::local {

class BufferingWriter : public MessageWriter {
 public:
  absl::Status Write(std::string message) override {
    messages_.push_back(std::move(message));
    return absl::OkStatus();
  }
  const std::vector<std::string>& messages() const { return messages_; }
  void Replace(std::vector<std::string> messages) { messages_ = std::move(messages); }
  std::vector<std::string> Take() { return std::move(messages_); }
  static absl::Status Send(std::vector<std::string> messages, MessageWriter& to) {
    for (std::string& message : messages) KS_RETURN_IF_ERROR(to.Write(std::move(message)));
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> messages_;
};

}  // namespace ks::local
