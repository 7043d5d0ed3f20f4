#include "identity/testing/fake_http.h"

#include "absl/strings/str_split.h"
#include "base/str_cat.h"

namespace ks::identity {
namespace {

std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

void FakeHttp::On(const std::string& url_prefix, Handler handler) {
  std::lock_guard lock(mu_);
  handlers_[url_prefix] = std::move(handler);
}

void FakeHttp::On(const std::string& url_prefix, int status, const std::string& body) {
  On(url_prefix, [status, body](const HttpRequest&) { return HttpAnswer{status, body, {}}; });
}

absl::StatusOr<HttpAnswer> FakeHttp::Send(const HttpRequest& request) {
  Handler handler;
  {
    std::lock_guard lock(mu_);
    requests_.push_back(request);
    size_t longest = 0;
    for (const auto& [prefix, each] : handlers_) {
      if (!request.url.starts_with(prefix) || prefix.size() < longest) continue;
      longest = prefix.size();
      handler = each;
    }
  }
  if (handler == nullptr) return absl::UnavailableError(StrCat("nobody at ", request.url));
  return handler(request);
}

std::vector<HttpRequest> FakeHttp::requests() const {
  std::lock_guard lock(mu_);
  return requests_;
}

std::map<std::string, std::string> FormFields(const std::string& body) {
  std::map<std::string, std::string> fields;
  for (const std::string_view pair : absl::StrSplit(body, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    fields[Decode(pair.substr(0, equals))] = Decode(pair.substr(std::min(pair.size(), equals + 1)));
  }
  return fields;
}

std::string HeaderOf(const HttpRequest& request, const std::string& name) {
  for (const auto& [each, value] : request.headers) {
    if (each == name) return value;
  }
  return "";
}

}  // namespace ks::identity
