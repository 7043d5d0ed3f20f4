#include "env/environment.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/str_cat.h"
#include "env/program.h"

namespace ks::env {
namespace {

absl::Status FileError(const std::string& path, int error) {
  const absl::StatusCode code = error == ENOENT || error == ENOTDIR ? absl::StatusCode::kNotFound
                                : error == EACCES || error == EPERM
                                    ? absl::StatusCode::kPermissionDenied
                                    : absl::StatusCode::kUnavailable;
  return absl::Status(code, StrCat("cannot read ", path, ": ", std::strerror(error)));
}

class RealOne : public Environment {
 public:
  std::optional<std::string> Variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  }

  absl::StatusOr<std::string> ReadFile(const std::string& path) const override {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return FileError(path, errno);
    std::string content;
    std::array<char, 4096> piece;
    ssize_t taken = 0;
    while ((taken = read(fd, piece.data(), piece.size())) > 0) {
      content.append(piece.data(), static_cast<size_t>(taken));
      if (content.size() > kSmallFileBytesMax) break;
    }
    const int error = errno;
    close(fd);
    if (taken < 0) return FileError(path, error);
    if (content.size() > kSmallFileBytesMax) {
      return absl::ResourceExhaustedError(
          StrCat(path, " is larger than ", kSmallFileBytesMax, " bytes: is it the right file?"));
    }
    return content;
  }

  absl::StatusOr<std::string> ReadLink(const std::string& path) const override {
    std::array<char, PATH_MAX> target;
    const ssize_t size = readlink(path.c_str(), target.data(), target.size());
    if (size < 0) return FileError(path, errno == EINVAL ? ENOENT : errno);
    return std::string(target.data(), static_cast<size_t>(size));
  }

  absl::StatusOr<std::string> Run(const ProgramRun& run) const override { return RunProgram(run); }
};

absl::StatusOr<std::string> Find(const std::map<std::string, std::string>& all,
                                 const std::string& path) {
  const auto it = all.find(path);
  if (it == all.end()) return FileError(path, ENOENT);
  return it->second;
}

}  // namespace

const Environment& RealEnvironment() {
  static const RealOne environment;
  return environment;
}

std::optional<std::string> SimEnvironment::Variable(const std::string& name) const {
  const auto it = variables.find(name);
  if (it == variables.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::string> SimEnvironment::ReadFile(const std::string& path) const {
  return Find(files, path);
}

absl::StatusOr<std::string> SimEnvironment::Run(const ProgramRun& run) const {
  runs.push_back(run);
  return Find(programs, run.command.front());
}

absl::StatusOr<std::string> SimEnvironment::ReadLink(const std::string& path) const {
  return Find(links, path);
}

}  // namespace ks::env
