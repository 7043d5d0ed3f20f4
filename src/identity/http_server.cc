#include "identity/http_server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>
#include <utility>

#include "base/host_port.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "identity/errors.h"
#include "identity/limits.h"

namespace ks::identity {
namespace {

constexpr int64_t kListenNanos = 10 * env::kNanosPerSecond;

// Of the request that this thread serves.
struct Current {
  int64_t started_at_nanos = 0;  // since the Unix epoch; 0: it was never routed
  int64_t started_monotonic = 0;
  std::string who, mechanism;
};
thread_local Current current;
// Of the handshake that this thread is in; asked at its start, as nobody knows it any more once the
// client has reset the connection.
thread_local HostPort handshake_peer;

HostPort PeerOf(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  char host[INET6_ADDRSTRLEN] = "";
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
  if (peer.ss_family == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(&peer);
    inet_ntop(AF_INET, &address->sin_addr, host, sizeof(host));
    return {host, ntohs(address->sin_port)};
  }
  if (peer.ss_family != AF_INET6) return {};
  const auto* address = reinterpret_cast<const sockaddr_in6*>(&peer);
  inet_ntop(AF_INET6, &address->sin6_addr, host, sizeof(host));
  return {host, ntohs(address->sin6_port)};
}

}  // namespace

struct HttpServer::State {
  HttpServerOptions options;
  HostPort listen;
  std::unique_ptr<ServerCertificate> certificate;  // null: plain HTTP
  std::unique_ptr<httplib::Server> server;         // ends before its certificate
  std::thread thread;

  ConnectionAttempt NewAttempt(HostPort peer) const;
  void RecordAnswers();
  void RecordFailedHandshake() const;
  static void OnHandshake(const SSL* handshake, int where, int result);
  void SetUpTls(SSL_CTX* context);
};

ConnectionAttempt HttpServer::State::NewAttempt(HostPort peer) const {
  return {.kind = ConnectionAttempt::Kind::kServed,
          .started_at_nanos = env::RealClock().NowNanos(),
          .service = options.service,
          .host = listen.host,
          .port = listen.port,
          .client_address = std::move(peer.host),
          .client_port = peer.port};
}

void HttpServer::State::RecordAnswers() {
  server->set_pre_routing_handler([](const httplib::Request&, httplib::Response&) {
    current = {env::RealClock().NowNanos(), env::RealClock().MonotonicNanos(), "", ""};
    return httplib::Server::HandlerResponse::Unhandled;
  });
  server->set_logger([this](const httplib::Request& request, const httplib::Response& response) {
    const Current served = std::exchange(current, Current());
    ConnectionAttempt attempt = NewAttempt({request.remote_addr, request.remote_port});
    if (served.started_at_nanos != 0) {
      attempt.started_at_nanos = served.started_at_nanos;
      attempt.duration_nanos = env::RealClock().MonotonicNanos() - served.started_monotonic;
    }
    attempt.operation = StrCat(request.method, " ", request.path.substr(0, kErrorExcerptBytes));
    attempt.principal = served.who;
    attempt.mechanism = served.mechanism;
    if (request.ssl != nullptr) {
      attempt.tls.version = SSL_get_version(request.ssl);
      attempt.tls.cipher = SSL_get_cipher_name(request.ssl);
    }
    if (response.status >= 400) attempt.result = RequestRefused(response.status, response.body);
    options.log->Record(attempt);
  });
}

// At each step of a handshake; those that end it without a failure have nothing to tell.
void HttpServer::State::OnHandshake(const SSL* handshake, int where, int result) {
  if (where == SSL_CB_HANDSHAKE_START) handshake_peer = PeerOf(SSL_get_fd(handshake));
  if (where != SSL_CB_ACCEPT_EXIT || result > 0) return;
  if (SSL_want(handshake) != SSL_NOTHING && BIO_should_retry(SSL_get_rbio(handshake))) return;
  const auto* self = static_cast<const State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(handshake)));
  self->RecordFailedHandshake();
}

void HttpServer::State::RecordFailedHandshake() const {
  ConnectionAttempt attempt = NewAttempt(handshake_peer);
  attempt.operation = "TLS handshake";
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  attempt.result = HandshakeFailed(reason == nullptr ? "the client went away" : reason);
  options.log->Record(attempt);
}

void HttpServer::State::SetUpTls(SSL_CTX* context) {
  certificate->Serve(context);
  if (options.log == nullptr) return;
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_info_callback(context, &OnHandshake);
}

HttpServer::HttpServer(HttpServerOptions options)
    : state_(new State{.options = std::move(options),
                       .listen = {},
                       .certificate = nullptr,
                       .server = nullptr,
                       .thread = {}}) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Make(HttpServerOptions options) {
  std::unique_ptr<HttpServer> made(new HttpServer(std::move(options)));
  State& state = *made->state_;
  const auto listen = ParseHostPort(state.options.address);
  if (!listen) return NoAddressToListen(state.options.address);
  state.listen = *listen;
  if (state.options.tls.certificate.empty()) {
    state.server = std::make_unique<httplib::Server>();
  } else {
    KS_ASSIGN_OR_RETURN(
        state.certificate,
        ServerCertificate::Load(state.options.tls, env::RealClock(), state.options.told));
    state.server = std::make_unique<httplib::SSLServer>([&state](SSL_CTX& context) {
      state.SetUpTls(&context);
      return true;
    });
  }
  if (state.options.log != nullptr) state.RecordAnswers();
  return made;
}

HttpServer::~HttpServer() {
  if (!state_->thread.joinable()) return;
  state_->server->stop();
  state_->thread.join();
}

httplib::Server& HttpServer::http() { return *state_->server; }

absl::Status HttpServer::Listen() {
  httplib::Server& http = *state_->server;
  HostPort& at = state_->listen;
  if (!http.is_valid()) return CannotListen(state_->options.address);
  if (at.port == 0) {
    at.port = http.bind_to_any_port(at.host.c_str());
  } else if (!http.bind_to_port(at.host.c_str(), at.port)) {
    at.port = -1;
  }
  if (at.port < 0) return CannotListen(state_->options.address);
  url_ = StrCat(state_->certificate == nullptr ? "http://" : "https://", at.host, ":", at.port);
  state_->thread = std::thread([&http] { http.listen_after_bind(); });
  // stop() does nothing to a server that is not running yet.
  const int64_t give_up = env::RealClock().MonotonicNanos() + kListenNanos;
  while (!http.is_running() && env::RealClock().MonotonicNanos() < give_up)
    env::SleepFor(env::kNanosPerMilli);
  return http.is_running() ? absl::OkStatus() : CannotListen(state_->options.address);
}

void HttpServer::CallerIs(std::string who, std::string mechanism) {
  current.who = std::move(who);
  current.mechanism = std::move(mechanism);
}

}  // namespace ks::identity
