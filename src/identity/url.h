// Url: an http or https address taken apart, and what may be sent where. Thread safety: plain data.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ks::identity {

struct Url {
  std::string scheme;  // http | https
  std::string host;    // in lower case; IPv6 without its brackets
  int port = 0;
  std::string path;  // with its slash
  std::string query;
};

// INVALID_ARGUMENT for what is no http(s) URL, and for one with a user or password in it.
absl::StatusOr<Url> ParseUrl(std::string_view text);

bool IsLoopback(const Url& url);

// A credential goes to `url` only over TLS, or to this machine itself. Gives the URL taken apart.
absl::StatusOr<Url> CheckCredentialUrl(std::string_view url);

}  // namespace ks::identity
