#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "cli/exit_code.h"

namespace ks::cli {

void OnStopSignal(std::function<void()> on_stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by threads that start later
  std::thread([signals, on_stop = std::move(on_stop)] {
    int signal = 0;
    sigwait(&signals, &signal);
    on_stop();
    sigwait(&signals, &signal);
    _exit(kExitInterrupted);
  }).detach();
}

void OnEachInterrupt(std::function<void()> then) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by threads that start later
  std::thread([signals, then = std::move(then)] {
    for (int signal = 0;; then()) sigwait(&signals, &signal);
  }).detach();
}

StopSignal::StopSignal() {
  auto stopped = std::make_shared<std::promise<void>>();
  stopped_ = stopped->get_future();
  OnStopSignal([stopped] { stopped->set_value(); });
}

void StopSignal::Wait() { stopped_.wait(); }

}  // namespace ks::cli
