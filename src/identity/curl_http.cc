#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/http.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CurlDeleter>;
using HeaderList = std::unique_ptr<curl_slist, CurlDeleter>;

size_t TakeBody(char* data, size_t size, size_t count, void* answer) {
  std::string& body = static_cast<HttpAnswer*>(answer)->body;
  if (body.size() + size * count > kHttpBodyBytesMax) return 0;  // ends the transfer
  body.append(data, size * count);
  return size * count;
}

size_t TakeHeader(char* data, size_t size, size_t count, void* answer) {
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ', colon + 1)));
  static_cast<HttpAnswer*>(answer)->headers.emplace_back(std::move(name), line);
  return size * count;
}

absl::StatusCode CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return absl::StatusCode::kUnauthenticated;
    case CURLE_WRITE_ERROR:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

void SetCertificate(const HttpRequest& request, CURL* curl) {
  const CertificatePem& pem = request.certificate;
  if (pem.chain.empty()) return;
  // They outlive the transfer.
  const auto blob_of = [](const std::string& text) {
    return curl_blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
  };
  curl_blob chain = blob_of(pem.chain);
  curl_blob key = blob_of(pem.key.Reveal());
  curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &chain);
  curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
  if (pem.key_password.empty()) return;
  curl_easy_setopt(curl, CURLOPT_KEYPASSWD, pem.key_password.Reveal().c_str());
}

// OpenSSL's text where the server ended the handshake: it took our certificate for none.
bool IsTlsAlert(std::string_view reason) {
  return reason.find(" alert ") != std::string_view::npos;
}

class CurlHttpClient : public HttpClient {
 public:
  CurlHttpClient() {
    static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)once;
    // As OpenSSL, Go and the curl program take it, but not its library.
    if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr) system_ca_ = file;
  }

  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request) override {
    KS_ASSIGN_OR_RETURN(const Url url, ParseUrl(request.url));
    HttpAnswer answer;
    const Handle handle(curl_easy_init());
    CURL* curl = handle.get();
    HeaderList headers;
    for (const auto& [name, value] : request.headers) {
      curl_slist* longer = curl_slist_append(headers.get(), StrCat(name, ": ", value).c_str());
      (void)headers.release();
      headers.reset(longer);
    }
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body.empty() || request.method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "kafka-spanner/0.1");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    const std::string& ca = request.ca.empty() ? system_ca_ : request.ca;
    if (!ca.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca.c_str());
    SetCertificate(request, curl);
    if (request.direct) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
    (void)TakeTlsHandshake();  // of an earlier request
    char details[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
      const std::string reason = details[0] != '\0' ? details : curl_easy_strerror(code);
      return NoAnswer(IsTlsAlert(reason) ? absl::StatusCode::kUnauthenticated : CodeOf(code),
                      StrCat(url.host, ":", url.port), reason);
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    answer.tls = TakeTlsHandshake();
    return answer;
  }

 private:
  std::string system_ca_;  // empty: the library's own
};

}  // namespace

std::unique_ptr<HttpClient> MakeHttpClient() { return std::make_unique<CurlHttpClient>(); }

}  // namespace ks::identity
