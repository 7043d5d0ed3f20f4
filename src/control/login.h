// Login: who sends a request? A bearer token of one of the issuers that the server file names (RFC
// 6750): a machine's, for this server's audience, or the ID token of a person at a command line,
// for its client. People in browsers have sessions instead: sessions.h. Thread safety: a pure
// function.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "control/issuers.h"
#include "governance/actor.h"

namespace ks::control {

// `header` is the request's Authorization. UNAUTHENTICATED, or UNAVAILABLE where the issuer does
// not answer.
absl::StatusOr<governance::Actor> ActorOfHeader(std::string_view header, Issuers& issuers);

}  // namespace ks::control
