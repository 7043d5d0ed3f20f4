#include "governance/audit/checkpoint_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/str_cat.h"
#include "governance/audit/entry.h"
#include "governance/errors.h"

namespace ks::governance {
namespace {

class CheckpointFile : public CheckpointSink {
 public:
  CheckpointFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~CheckpointFile() override { close(fd_); }

  absl::StatusOr<std::optional<std::string>> Newest() override {
    std::ifstream file(path_);
    if (!file) return CannotReadCheckpoints(path_, std::strerror(errno));
    std::optional<std::string> newest;
    size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      if (line.empty()) continue;
      const auto parsed = ParseExportedLine(line);
      if (!parsed || !parsed->is_checkpoint) return NotAnEvent(path_, number);
      newest = parsed->raw;
    }
    return newest;
  }

  absl::Status Publish(std::string_view note, int64_t time_nanos) override {
    const std::string line = StrCat(EventOfCheckpoint(note, time_nanos).dump(), "\n");
    // One write: others may append at the same time.
    const ssize_t written = write(fd_, line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size()) || fdatasync(fd_) != 0)
      return CannotKeepCheckpoint(path_, std::strerror(errno));
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const int fd_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<CheckpointSink>> OpenCheckpointFile(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return CannotKeepCheckpoint(path, std::strerror(errno));
  return std::make_unique<CheckpointFile>(path, fd);
}

}  // namespace ks::governance
