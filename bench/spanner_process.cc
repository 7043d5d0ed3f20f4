#include "spanner_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

namespace ks::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kComesUpWithin = std::chrono::seconds(60);
constexpr char kListens[] = "listens on ";

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

sockaddr_in ToSocket(const std::string& address) {
  sockaddr_in socket{};
  socket.sin_family = AF_INET;
  socket.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  inet_pton(AF_INET, "127.0.0.1", &socket.sin_addr);
  return socket;
}

bool Accepts(const std::string& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in to = ToSocket(address);
  const bool ok = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  close(fd);
  return ok;
}

// The address in the first line that a program prints.
std::string ReadAddress(int fd) {
  std::string text;
  char c;
  while (read(fd, &c, 1) == 1) {
    if (c != '\n') {
      text += c;
    } else if (const size_t at = text.find(kListens); at != std::string::npos) {
      return text.substr(at + std::strlen(kListens));
    } else {
      text.clear();
    }
  }
  return "";
}

}  // namespace

std::string FreeAddress() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = ToSocket("127.0.0.1:0");
  socklen_t size = sizeof(any);
  if (bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size) != 0) {
    Die("no free port");
  }
  close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(any.sin_port));
}

SpannerProcess::SpannerProcess(std::vector<std::string> command, std::string address)
    : address_(std::move(address)) {
  int ends[2];
  if (pipe(ends) != 0) Die("no pipe");
  const auto started = Clock::now();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    const int null = open("/dev/null", O_WRONLY);
    if (!address_.empty()) dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  if (address_.empty()) address_ = ReadAddress(ends[0]);
  if (address_.empty()) Die(command[0] + " did not say where it listens");
  while (!Accepts(address_)) {
    if (Clock::now() - started > kComesUpWithin) Die(command[0] + " does not come up");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  start_millis_ = std::chrono::duration<double, std::milli>(Clock::now() - started).count();
}

SpannerProcess::~SpannerProcess() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

double SpannerProcess::StatusMib(const char* field) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  double kib = 0;
  while (status >> word) {
    if (word == field && status >> kib) return kib / 1024;
  }
  return 0;
}

}  // namespace ks::bench
