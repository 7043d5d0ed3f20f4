#include "cli/remote/errors.h"

#include <cstring>

#include "base/str_cat.h"
#include "identity/json.h"

namespace ks::cli {

absl::Status NoIssuerThere(std::string_view issuer, int http_status) {
  return absl::UnavailableError(
      StrCat(issuer, "/.well-known/openid-configuration does not describe this issuer (HTTP ",
             http_status, "). Is `issuer` in the serve file what the issuer calls itself?"));
}

absl::Status IssuerHasNo(std::string_view issuer, std::string_view field) {
  return absl::FailedPreconditionError(StrCat(issuer, " publishes no `", field, "`"));
}

absl::Status NoDeviceFlow(std::string_view issuer) {
  return absl::UnimplementedError(
      StrCat(issuer, " has no device flow. Sign in with --browser on a machine that has one."));
}

absl::Status IssuerRefused(std::string_view issuer, int http_status, const nlohmann::json& body) {
  const std::string error = identity::TextOf(body, "error");
  const std::string description = identity::TextOf(body, "error_description");
  return absl::UnauthenticatedError(StrCat(
      issuer, " refuses: ", error.empty() ? StrCat("HTTP ", http_status) : error,
      description.empty() ? "" : StrCat(" (", description, ")"),
      error == "access_denied" ? ". Whoever was asked said no."
      : error == "invalid_client" || error == "unauthorized_client" || error == "invalid_scope"
          ? ". Is the client of `cli:` in the serve file a public one there, for this flow and "
            "scope?"
          : ""));
}

absl::Status NoIdToken(std::string_view issuer) {
  return absl::FailedPreconditionError(
      StrCat(issuer, " gave no ID token. Has the scope of `cli:` in the serve file `openid`?"));
}

absl::Status NotOurIdToken(std::string_view issuer) {
  return absl::UnauthenticatedError(
      StrCat(issuer, " gave an ID token that was not made for this login"));
}

absl::Status NotOurCallback() {
  return absl::UnauthenticatedError(
      "the browser came back from a login that was not begun here. Try again.");
}

absl::Status TooLateToSignIn() {
  return absl::DeadlineExceededError("nobody signed in while there was time. Try again.");
}

absl::Status SignInAgain() {
  return absl::UnauthenticatedError(
      "the login is over. Sign in again: kafka-spanner login --server URL");
}

absl::Status NoHome() {
  return absl::FailedPreconditionError(
      "neither XDG_CONFIG_HOME nor HOME says where logins are kept");
}

absl::Status CannotKeepLogins(std::string_view path, int error) {
  return absl::PermissionDeniedError(StrCat("cannot write ", path, ": ", std::strerror(error)));
}

absl::Status LoginsAreOpen(std::string_view path) {
  return absl::FailedPreconditionError(
      StrCat("others may read ", path, ", and it holds tokens: chmod 600 ", path));
}

absl::Status NoLogins(std::string_view path) {
  return absl::FailedPreconditionError(
      StrCat(path, " is not what `kafka-spanner login` writes. Remove it, and sign in again."));
}

absl::Status LoginsBusy(std::string_view path) {
  return absl::DeadlineExceededError(StrCat("another kafka-spanner holds ", path));
}

absl::Status NoServerSaid() {
  return absl::InvalidArgumentError(
      "which control plane? --server URL or KAFKA_SPANNER_SERVER, or sign in: kafka-spanner login "
      "--server URL");
}

absl::Status NotSignedIn(std::string_view server) {
  return absl::UnauthenticatedError(StrCat("not signed in at ", server,
                                           ": kafka-spanner login --server ", server,
                                           "; machines give --token or KAFKA_SPANNER_TOKEN"));
}

absl::Status NobodySignsInThere(std::string_view server) {
  return absl::FailedPreconditionError(
      StrCat("nobody signs in at ", server,
             " from a command line: no issuer of its serve file has `cli: {id: …}`"));
}

absl::Status WhichLogin(std::string_view issuers) {
  return absl::InvalidArgumentError(StrCat("sign in where? --issuer is one of: ", issuers));
}

absl::Status NoControlPlane(std::string_view server, int http_status) {
  return absl::UnavailableError(
      StrCat(server, " is no control plane of kafka-spanner (HTTP ", http_status, ")"));
}

absl::Status ServerRefused(int http_status, std::string_view said) {
  switch (http_status) {
    case 400:
    case 404:
      return absl::InvalidArgumentError(AbslView(said));
    case 401:
      return absl::UnauthenticatedError(AbslView(said));
    case 403:
      return absl::PermissionDeniedError(AbslView(said));
    case 409:
      return absl::FailedPreconditionError(AbslView(said));
    case 502:
    case 503:
    case 504:
      return absl::UnavailableError(AbslView(said));
    default:
      return absl::InternalError(AbslView(said));
  }
}

absl::Status NoOption(std::string_view text) {
  return absl::InvalidArgumentError(
      StrCat("--set ", text, ": expected NAME=VALUE, as --set partition=0"));
}

absl::Status NoRequestOpen(std::string_view id) {
  return absl::InvalidArgumentError(
      StrCat("no open request ", id, " that you see: kafka-spanner remote requests"));
}

absl::Status NotConfirmed() {
  return absl::CancelledError("nothing was sent: say --yes, or `yes` when asked at a terminal");
}

}  // namespace ks::cli
