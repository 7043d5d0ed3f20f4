// The local Spanner alone in a process, for the conformance suites: prints its address, then serves
// until SIGTERM.
//
//   spanner_server [--listen HOST:PORT] [--data DIR] [--no-sync]
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "local/spanner/server/server.h"

int main(int argc, char** argv) {
  ks::local::ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--no-sync") options.sync = false;
    if (i + 1 == argc) continue;
    if (flag == "--listen") options.listen_address = argv[i + 1];
    if (flag == "--data") options.data_dir = argv[i + 1];
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto server = ks::local::LocalSpannerServer::Start(options);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", std::string(server.status().message()).c_str());
    return 1;
  }
  std::printf("%s\n", (*server)->address().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Shutdown();
  return 0;
}
