#include "identity/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/http.h"

namespace ks::identity {
namespace {

// One part; empty where it is not there.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle(curl_url(), &curl_url_cleanup);
  CURLU* parsed = handle.get();
  if (curl_url_set(parsed, CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK ||
      !Part(parsed, CURLUPART_USER).empty() || !Part(parsed, CURLUPART_PASSWORD).empty()) {
    return BadUrl();
  }
  Url url;
  url.scheme = Part(parsed, CURLUPART_SCHEME);
  url.host = Part(parsed, CURLUPART_HOST);
  std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (url.host.starts_with('[')) url.host = url.host.substr(1, url.host.size() - 2);
  url.path = Part(parsed, CURLUPART_PATH);
  url.query = Part(parsed, CURLUPART_QUERY);
  const std::string port = Part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if ((url.scheme != "http" && url.scheme != "https") || !absl::SimpleAtoi(port, &url.port)) {
    return BadUrl();
  }
  return url;
}

bool IsLoopback(const Url& url) {
  return url.host == "localhost" || url.host == "::1" || url.host.starts_with("127.");
}

absl::StatusOr<Url> CheckCredentialUrl(std::string_view text) {
  KS_ASSIGN_OR_RETURN(Url url, ParseUrl(text));
  if (url.scheme != "https" && !IsLoopback(url)) return CredentialInTheClear(url.host);
  return url;
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out.push_back(c);
    } else {
      absl::StrAppendFormat(&out, "%%%02X", byte);
    }
  }
  return out;
}

std::string WithQuery(std::string_view url, const HttpHeaders& fields) {
  const bool has_query = url.find('?') != std::string_view::npos;
  return StrCat(url, has_query ? "&" : "?", FormEncode(fields));
}

std::string FormEncode(const HttpHeaders& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    StrAppend(&out, out.empty() ? "" : "&", PercentEncode(name), "=", PercentEncode(value));
  }
  return out;
}

}  // namespace ks::identity
