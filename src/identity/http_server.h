// HttpServer: what the HTTP servers of this program have in common: where they listen, TLS with a
// certificate that changes by its files, and an entry in the connection log for each request that
// was answered and each TLS handshake that failed.
//
// The handlers are their owner's: put into http() before Listen(). Thread safety: made, started and
// destroyed by one thread; handlers run on threads of the server. Test:
// tests/identity/test_own_servers.py.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "identity/connection_log.h"
#include "identity/server_certificate.h"

namespace httplib {
class Server;
}

namespace ks::identity {

struct HttpServerOptions {
  std::string service;              // in the connection log: metrics, control-plane
  std::string address;              // HOST:PORT; port 0: any free one
  CertificateFiles tls = {};        // without a certificate: plain HTTP
  ConnectionLog* log = nullptr;     // null: requests are not recorded. Both outlive the server.
  observe::Series* told = nullptr;  // of the certificate's age; null: nobody asks
};

class HttpServer {
 public:
  // INVALID_ARGUMENT for an address or a certificate that is none.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Make(HttpServerOptions options);
  ~HttpServer();

  httplib::Server& http();
  // Serves from here on until destroyed. UNAVAILABLE where the port is taken.
  absl::Status Listen();
  const std::string& url() const { return url_; }  // after Listen()

  // Within a handler: who sent the request, and how they proved it. Without, nobody is known.
  static void CallerIs(std::string who, std::string mechanism);

 private:
  struct State;
  explicit HttpServer(HttpServerOptions options);
  const std::unique_ptr<State> state_;
  std::string url_;
};

}  // namespace ks::identity
