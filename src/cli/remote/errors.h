// The errors of signing in and of commands to a control plane, one function each. None shows a
// token or a code.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/status/status.h"

namespace ks::cli {

// ---- The issuer
absl::Status NoIssuerThere(std::string_view issuer, int http_status);
absl::Status IssuerHasNo(std::string_view issuer, std::string_view field);
absl::Status NoDeviceFlow(std::string_view issuer);
// `body`: with `error` and `error_description` of RFC 6749, 5.2.
absl::Status IssuerRefused(std::string_view issuer, int http_status, const nlohmann::json& body);
absl::Status NoIdToken(std::string_view issuer);
absl::Status NotOurIdToken(std::string_view issuer);
absl::Status NotOurCallback();
absl::Status TooLateToSignIn();
absl::Status SignInAgain();

// ---- The file of logins
absl::Status NoHome();
absl::Status CannotKeepLogins(std::string_view path, int error);
absl::Status LoginsAreOpen(std::string_view path);
absl::Status NoLogins(std::string_view path);
absl::Status LoginsBusy(std::string_view path);

// ---- The server
absl::Status NoServerSaid();
absl::Status NotSignedIn(std::string_view server);
absl::Status NobodySignsInThere(std::string_view server);
absl::Status WhichLogin(std::string_view issuers);
absl::Status NoControlPlane(std::string_view server, int http_status);
// What it answered, as the status that stands for it.
absl::Status ServerRefused(int http_status, std::string_view said);
absl::Status NoOption(std::string_view text);
absl::Status NoRequestOpen(std::string_view id);
absl::Status NotConfirmed();

}  // namespace ks::cli
