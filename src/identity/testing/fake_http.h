// FakeHttp: servers in memory. A test says what answers where; what was asked is kept.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "identity/http.h"

namespace ks::identity {

class FakeHttp : public HttpClient {
 public:
  using Handler = std::function<absl::StatusOr<HttpAnswer>(const HttpRequest&)>;

  // The longest prefix of an URL that has a handler answers; without any, nobody is there.
  void On(const std::string& url_prefix, Handler handler);
  void On(const std::string& url_prefix, int status, const std::string& body);

  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request) override;

  std::vector<HttpRequest> requests() const;

 private:
  mutable std::mutex mu_;
  std::map<std::string, Handler> handlers_;  // guarded by mu_
  std::vector<HttpRequest> requests_;        // guarded by mu_
};

// The fields of a form, decoded.
std::map<std::string, std::string> FormFields(const std::string& body);
// Empty where there is none.
std::string HeaderOf(const HttpRequest& request, const std::string& name);

}  // namespace ks::identity
