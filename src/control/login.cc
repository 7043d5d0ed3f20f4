#include "control/login.h"

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"

namespace ks::control {
namespace {

constexpr std::string_view kScheme = "Bearer ";

}  // namespace

absl::StatusOr<governance::Actor> ActorOfBearer(std::string_view header, Issuers& issuers) {
  if (header.size() <= kScheme.size() ||
      !absl::EqualsIgnoreCase(AbslView(header.substr(0, kScheme.size())), AbslView(kScheme)))
    return NoToken();
  const std::string_view token = header.substr(kScheme.size());
  KS_ASSIGN_OR_RETURN(const std::string issuer, identity::UncheckedIssuer(token));
  const IssuerSettings* settings = issuers.Find(issuer);
  if (settings == nullptr) return UnknownIssuer();
  KS_ASSIGN_OR_RETURN(const auto claims, issuers.Check(*settings, token, settings->audience));
  return ActorOf(claims, *settings);
}

}  // namespace ks::control
