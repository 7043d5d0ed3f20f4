#include "control/login.h"

#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "identity/json.h"
#include "identity/jwt.h"

namespace ks::control {
namespace {

// What comes after a scheme; nothing where it is another.
std::optional<std::string_view> After(std::string_view scheme, std::string_view header) {
  if (header.size() <= scheme.size() ||
      !absl::EqualsIgnoreCase(AbslView(header.substr(0, scheme.size())), AbslView(scheme)))
    return std::nullopt;
  return header.substr(scheme.size());
}

// A token as the password of any name, from tools that know of nothing else.
std::string PasswordOf(std::string_view encoded) {
  std::string pair;
  if (!absl::Base64Unescape(AbslView(encoded), &pair)) return "";
  const size_t colon = pair.find(':');
  return colon == std::string::npos ? "" : pair.substr(colon + 1);
}

using identity::Member;
using nlohmann::json;

// Whether a token says that it is an ID token for the command line and for nothing else: made for
// that client alone (OpenID Connect Core 1.0, 3.1.3.7). Nothing of it is checked yet.
bool IsForCli(const json& claims, const IssuerSettings& settings) {
  if (settings.cli_id.empty()) return false;
  const json audience = Member(claims, "aud"), party = Member(claims, "azp");
  return (audience == settings.cli_id || audience == json::array({settings.cli_id})) &&
         (party.is_null() || party == settings.cli_id);
}

}  // namespace

absl::StatusOr<governance::Actor> ActorOfHeader(std::string_view header, Issuers& issuers) {
  std::string token(After("Bearer ", header).value_or(""));
  if (const auto encoded = After("Basic ", header)) token = PasswordOf(*encoded);
  if (token.empty()) return NoToken();
  KS_ASSIGN_OR_RETURN(const std::string issuer, identity::UncheckedIssuer(token));
  const IssuerSettings* settings = issuers.Find(issuer);
  if (settings == nullptr) return UnknownIssuer();
  const json unchecked = identity::ClaimsOf(identity::Secret(std::string(token)));
  const std::string& audience =
      IsForCli(unchecked, *settings) ? settings->cli_id : settings->audience;
  KS_ASSIGN_OR_RETURN(const auto claims, issuers.Check(*settings, token, audience));
  return ActorOf(claims, *settings);
}

}  // namespace ks::control
