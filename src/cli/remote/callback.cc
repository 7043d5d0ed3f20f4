#include "cli/remote/callback.h"

#include <fcntl.h>
#include <httplib.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/remote/errors.h"
#include "identity/http_server.h"

namespace ks::cli {
namespace {

constexpr char kPath[] = "/callback";
constexpr char kPage[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>kafka-spanner</title>"
    "<body style=\"font-family:system-ui;margin:3em\"><h1>Back to the terminal</h1>"
    "<p>It goes on there. You may close this page.</p></body></html>";

}  // namespace

struct Callback::State {
  std::unique_ptr<identity::HttpServer> server;
  std::string redirect;
  absl::Mutex mu;
  bool came ABSL_GUARDED_BY(mu) = false;
  std::multimap<std::string, std::string> answer ABSL_GUARDED_BY(mu);
};

absl::StatusOr<std::unique_ptr<Callback>> Callback::Listen(identity::ConnectionLog* log) {
  auto state = std::make_unique<State>();
  KS_ASSIGN_OR_RETURN(state->server,
                      identity::HttpServer::Make(
                          {.service = "login-callback", .address = "127.0.0.1:0", .log = log}));
  state->server->http().Get(kPath, [at = state.get()](const httplib::Request& request,
                                                      httplib::Response& response) {
    response.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    response.set_header("Referrer-Policy", "no-referrer");
    response.set_content(kPage, "text/html; charset=utf-8");
    const absl::MutexLock lock(&at->mu);
    if (at->came) return;  // the first one counts
    at->came = true;
    at->answer = {request.params.begin(), request.params.end()};
  });
  KS_RETURN_IF_ERROR(state->server->Listen());
  state->redirect = StrCat(state->server->url(), kPath);
  return std::unique_ptr<Callback>(new Callback(std::move(state)));
}

Callback::Callback(std::unique_ptr<State> state) : state_(std::move(state)) {}
Callback::~Callback() { state_->server = nullptr; }  // before what its handlers use

const std::string& Callback::redirect() const { return state_->redirect; }

absl::StatusOr<std::string> Callback::WaitForCode(std::string_view issuer, const std::string& state,
                                                  int64_t seconds) {
  const absl::MutexLock lock(&state_->mu);
  if (!state_->mu.AwaitWithTimeout(absl::Condition(&state_->came), absl::Seconds(seconds)))
    return TooLateToSignIn();
  const auto only = [&](const char* name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mu) {
    return state_->answer.count(name) == 1 ? state_->answer.find(name)->second : std::string();
  };
  if (only("state") != state) return NotOurCallback();
  // An answer of another issuer than the one that was asked (RFC 9207).
  if (state_->answer.contains("iss") && only("iss") != issuer) return NotOurCallback();
  if (state_->answer.contains("error")) {
    return IssuerRefused(
        issuer, 0, {{"error", only("error")}, {"error_description", only("error_description")}});
  }
  const std::string code = only("code");
  if (code.empty()) return NotOurCallback();
  return code;
}

void OpenBrowser(const std::string& address) {
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) return;
  std::string program = "xdg-open", url = address;
  char* arguments[] = {program.data(), url.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  pid_t ignored = 0;
  (void)posix_spawnp(&ignored, program.c_str(), &files, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
}

}  // namespace ks::cli
