// CheckpointSink: where signed checkpoints are published, outside of the database that they vouch
// for. One line of JSON each, as an export has them (entry.h).
//
// Thread safety: none; one action at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ks::governance {

class CheckpointSink {
 public:
  virtual ~CheckpointSink() = default;
  // The newest note that was published, where the place can tell.
  virtual absl::StatusOr<std::optional<std::string>> Newest() = 0;
  // Kept for good when it returns OK.
  virtual absl::Status Publish(std::string_view note, int64_t time_nanos) = 0;
};

// Appends to a file, made with mode 0644: checkpoints are for everybody to read.
absl::StatusOr<std::unique_ptr<CheckpointSink>> OpenCheckpointFile(const std::string& path);

}  // namespace ks::governance
