#include "env/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"

extern char** environ;

namespace ks::env {
namespace {

// The variables of this process and those of the run, as execve wants them.
class Variables {
 public:
  explicit Variables(const ProgramRun& run) {
    for (char** each = environ; *each != nullptr; ++each) {
      const std::string_view text(*each);
      if (run.variables.count(std::string(text.substr(0, text.find('=')))) == 0) {
        lines_.emplace_back(text);
      }
    }
    for (const auto& [name, value] : run.variables) lines_.push_back(StrCat(name, "=", value));
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> lines_;
  std::vector<char*> pointers_;
};

// A group of its own, so that all of it can be killed; no signal blocked, no file of ours open.
absl::StatusOr<pid_t> Start(const ProgramRun& run, int output) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> arguments;
  for (const std::string& each : run.command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  Variables variables(run);
  pid_t pid = 0;
  const int error =
      posix_spawnp(&pid, arguments[0], &files, &attributes, arguments.data(), variables.get());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return pid;
  return absl::NotFoundError(
      StrCat("cannot run ", run.command.front(), ": ", std::strerror(error)));
}

// Until the program closes its output or ends; false: time is up, or it is too much.
bool ReadAll(int input, int64_t give_up_at, std::string* text) {
  std::array<char, 4096> piece;
  while (true) {
    const int64_t left = (give_up_at - RealClock().MonotonicNanos()) / kNanosPerMilli;
    pollfd ready{.fd = input, .events = POLLIN, .revents = 0};
    if (left <= 0 || text->size() > kSmallFileBytesMax) return false;
    if (poll(&ready, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t taken = read(input, piece.data(), piece.size());
    if (taken == 0) return true;
    if (taken > 0) text->append(piece.data(), static_cast<size_t>(taken));
  }
}

// False: time is up.
bool WaitFor(pid_t pid, int64_t give_up_at, int* status) {
  while (waitpid(pid, status, WNOHANG) == 0) {
    if (RealClock().MonotonicNanos() > give_up_at) return false;
    SleepFor(kNanosPerMilli);
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> RunProgram(const ProgramRun& run) {
  const int64_t give_up_at = RealClock().MonotonicNanos() + run.timeout_ms * kNanosPerMilli;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(StrCat("no pipe for a program: ", std::strerror(errno)));
  }
  const auto pid = Start(run, ends[1]);
  close(ends[1]);
  std::string printed;
  int status = 0;
  bool ended = false;
  if (pid.ok()) {
    ended = ReadAll(ends[0], give_up_at, &printed) && WaitFor(*pid, give_up_at, &status);
  }
  close(ends[0]);
  KS_RETURN_IF_ERROR(pid.status());
  if (!ended) {
    kill(-*pid, SIGKILL);
    waitpid(*pid, &status, 0);
    return absl::DeadlineExceededError(StrCat(run.command.front(), " did not end within ",
                                              run.timeout_ms, " ms, or printed without end"));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return printed;
  return absl::AbortedError(
      WIFEXITED(status) ? StrCat(run.command.front(), " ended with exit code ", WEXITSTATUS(status))
                        : StrCat(run.command.front(), " was ended by signal ", WTERMSIG(status)));
}

}  // namespace ks::env
