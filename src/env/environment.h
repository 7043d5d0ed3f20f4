// Environment: what the machine has put ready for this process: environment variables, small files
// (certificates, mounted secrets, token files) and programs that give tokens. The door for them, so
// that whoever reads credentials can be tested without touching the machine.
//
// Thread safety: the real one may be used from any thread; the simulated one by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ks::env {

// Larger files are refused: what is read here is for configuration, never data.
inline constexpr size_t kSmallFileBytesMax = size_t{1} << 20;

// A program to run, without a shell: what its name stands for is looked up in PATH.
struct ProgramRun {
  std::vector<std::string> command;              // the program, then its arguments
  std::map<std::string, std::string> variables;  // beside those of this process
  int64_t timeout_ms = 0;
};

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
  // What the program wrote to its standard output; what it wrote elsewhere is thrown away. Waits
  // for its end. NOT_FOUND; ABORTED for an exit code other than 0; DEADLINE_EXCEEDED, then it and
  // what it started are killed. Errors show nothing of what it printed.
  virtual absl::StatusOr<std::string> Run(const ProgramRun& run) const = 0;
};

// The machine's own; it lives for ever.
const Environment& RealEnvironment();

// One made up for a test.
class SimEnvironment : public Environment {
 public:
  std::optional<std::string> Variable(const std::string& name) const override;
  absl::StatusOr<std::string> ReadFile(const std::string& path) const override;
  absl::StatusOr<std::string> ReadLink(const std::string& path) const override;
  absl::StatusOr<std::string> Run(const ProgramRun& run) const override;

  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> links;
  std::map<std::string, std::string> programs;  // what each prints
  mutable std::vector<ProgramRun> runs;
};

}  // namespace ks::env
