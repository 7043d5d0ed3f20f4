// HttpClient: one request, one answer, over HTTP or HTTPS, for token endpoints, metadata servers
// and secret managers.
//
// It follows no redirect (a credential goes to whom it was meant for, and to nobody that one
// names), speaks no other protocol, checks certificates, and has a deadline and a limit of size on
// everything. Errors name host and reason, never the rest of the URL, a header or a body: these
// hold secrets. Thread safety: Send() may be called from any thread; it blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "identity/certificate_pem.h"
#include "identity/limits.h"
#include "identity/secret.h"
#include "identity/tls_handshake.h"

namespace ks::identity {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::string body;
  std::string ca;              // path of a PEM file; empty: SSL_CERT_FILE, or the system's
  CertificatePem certificate;  // mutual TLS; empty: none is shown
  // For the connection log: what is asked, who asks, with which version of which credential.
  std::string service = "http";
  std::string who = "";                 // empty: not known
  std::string credential_version = "";  // empty: not known
  bool direct = false;  // past any proxy: for servers on the machine itself or its host
  int64_t timeout_ms = kHttpTimeoutMillis;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  HttpHeaders headers;  // names in lower case
  TlsHandshake tls;     // without a version over plain http
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // An answer of any status; an error where there was none.
  virtual absl::StatusOr<HttpAnswer> Send(const HttpRequest& request) = 0;
};

// Over libcurl.
std::unique_ptr<HttpClient> MakeHttpClient();

// `name=value&…`, percent-encoded, for a query or a form.
std::string FormEncode(const HttpHeaders& fields);
// The URL with them after what it has of a query.
std::string WithQuery(std::string_view url, const HttpHeaders& fields);
// All but A-Z a-z 0-9 - _ . ~ as %XX (RFC 3986, 2.3).
std::string PercentEncode(std::string_view text);

}  // namespace ks::identity
