// Small files that survive a crash whole: either the old contents or the new, never half of one.
//
// ReplaceFile writes beside the file, syncs, renames over it and syncs the directory. DirectoryLock
// keeps a second process out of a data directory; the kernel lets go of it when the process ends,
// however it ends. Thread safety: free functions; calls on one path must not overlap.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ks::local {

absl::Status ReplaceFile(const std::string& path, std::string_view contents);
// NOT_FOUND when there is no such file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

class DirectoryLock {
 public:
  // Makes the directory when it is missing. UNAVAILABLE when another process has it.
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace ks::local
