#include "identity/msk.h"

#include "base/status_macros.h"
#include "identity/aws_credentials.h"
#include "identity/errors.h"
#include "identity/limits.h"

namespace ks::identity {
namespace {

class MskSource : public TokenSource {
 public:
  MskSource(MskSettings settings, const env::Environment& environment, HttpClient& http,
            env::Clock& clock)
      : settings_(std::move(settings)), chain_(environment, http, clock), clock_(clock) {}

  absl::StatusOr<Token> Fetch() override {
    KS_ASSIGN_OR_RETURN(const AwsCredentials credentials,
                        chain_.Find({settings_.region, settings_.profile, settings_.role_arn}));
    const int64_t now = clock_.NowNanos();
    if (credentials.expires_at_nanos != 0 && credentials.expires_at_nanos <= now) {
      return AwsCredentialsExpired(credentials.access_key_id);
    }
    Token token{MskToken(settings_.region, credentials, now, "kafka-spanner"),
                now + kMskTokenSeconds * env::kNanosPerSecond, credentials.access_key_id};
    // A signature dies with the credentials that made it.
    if (credentials.expires_at_nanos != 0) {
      token.expires_at_nanos = std::min(token.expires_at_nanos, credentials.expires_at_nanos);
    }
    return token;
  }

 private:
  const MskSettings settings_;
  AwsCredentialChain chain_;
  env::Clock& clock_;
};

}  // namespace

std::unique_ptr<TokenSource> MakeMskTokenSource(MskSettings settings,
                                                const env::Environment& environment,
                                                HttpClient& http, env::Clock& clock) {
  return std::make_unique<MskSource>(std::move(settings), environment, http, clock);
}

}  // namespace ks::identity
