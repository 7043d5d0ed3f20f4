// Tokens for Amazon MSK's IAM access control: signed with credentials of AWS's chain. Thread
// safety: that of TokenSource.
#pragma once

#include <memory>

#include "env/clock.h"
#include "env/environment.h"
#include "identity/http.h"
#include "identity/kafka_security.h"
#include "identity/token.h"

namespace ks::identity {

std::unique_ptr<TokenSource> MakeMskTokenSource(MskSettings settings,
                                                const env::Environment& environment,
                                                HttpClient& http, env::Clock& clock);

}  // namespace ks::identity
