// Where a streaming RPC puts its messages, in wire form. Thread safety: one call's thread.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace ks::local {

class MessageWriter {
 public:
  virtual ~MessageWriter() = default;
  // Blocks while the client is slow; an error means that it is gone.
  virtual absl::Status Write(std::string message) = 0;
};

}  // namespace ks::local
