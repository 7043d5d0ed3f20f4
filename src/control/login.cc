#include "control/login.h"

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "identity/json.h"
#include "identity/jwt.h"

namespace ks::control {
namespace {

constexpr std::string_view kScheme = "Bearer ";

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

absl::StatusOr<governance::Actor> ActorOfBearer(std::string_view header, Issuers& issuers) {
  if (header.size() <= kScheme.size() ||
      !absl::EqualsIgnoreCase(AbslView(header.substr(0, kScheme.size())), AbslView(kScheme)))
    return NoToken();
  const std::string_view token = header.substr(kScheme.size());
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
