// Environment: what the machine has put ready for this process: environment variables and small
// files (certificates, mounted secrets, token files). The door for both, so that whoever reads
// credentials can be tested without touching the machine.
//
// Thread safety: the real one may be used from any thread; the simulated one by one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ks::env {

// Larger files are refused: what is read here is for configuration, never data.
inline constexpr size_t kSmallFileBytesMax = size_t{1} << 20;

class Environment {
 public:
  virtual ~Environment() = default;
  // Nothing where the variable is not set; an empty text is a value.
  virtual std::optional<std::string> Variable(const std::string& name) const = 0;
  // The whole file. NOT_FOUND, PERMISSION_DENIED or RESOURCE_EXHAUSTED (kSmallFileBytesMax), each
  // with the path.
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path) const = 0;
  // Where the symbolic link `path` points to; NOT_FOUND where it is no link.
  virtual absl::StatusOr<std::string> ReadLink(const std::string& path) const = 0;
};

// The machine's own; it lives for ever.
const Environment& RealEnvironment();

// One made up for a test.
class SimEnvironment : public Environment {
 public:
  std::optional<std::string> Variable(const std::string& name) const override;
  absl::StatusOr<std::string> ReadFile(const std::string& path) const override;
  absl::StatusOr<std::string> ReadLink(const std::string& path) const override;

  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> links;
};

}  // namespace ks::env
