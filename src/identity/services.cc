#include "identity/services.h"

#include "base/status_macros.h"
#include "identity/aws_secrets.h"
#include "identity/google_credentials.h"
#include "identity/google_secrets.h"
#include "identity/msk.h"
#include "identity/oauth.h"
#include "identity/vault_secrets.h"

namespace ks::identity {
namespace {

std::unique_ptr<HttpClient> Wrap(ServicesOptions& options) {
  std::unique_ptr<HttpClient> http =
      options.http != nullptr ? std::move(options.http) : MakeHttpClient();
  if (options.log == nullptr) return http;
  return WithConnectionLog(std::move(http), *options.log, *options.clock);
}

}  // namespace

Services::Services(ServicesOptions options)
    : http_(Wrap(options)),
      options_(std::move(options)),
      secrets_(*options_.environment, *options_.clock, options_.metrics) {
  const env::Environment& environment = *options_.environment;
  secrets_.Add(SecretPlace::kVault, MakeVaultStore(environment, *http_, *options_.clock));
  secrets_.Add(SecretPlace::kAws, MakeAwsSecretStore(environment, *http_, *options_.clock));
  secrets_.Add(SecretPlace::kGoogle,
               MakeGoogleSecretStore({&environment, http_.get(), options_.clock}));
}

std::unique_ptr<TokenSource> Services::TokensFor(const SaslSettings& sasl) {
  switch (sasl.mechanism) {
    case SaslMechanism::kOauthBearer:
      return MakeOauthTokenSource(sasl.oauth,
                                  {http_.get(), &secrets_, options_.clock, options_.random});
    case SaslMechanism::kAwsMskIam:
      return MakeMskTokenSource(sasl.msk, *options_.environment, *http_, *options_.clock);
    default:
      return nullptr;
  }
}

absl::StatusOr<std::unique_ptr<TokenCache>> Services::GoogleTokens(std::string_view scope) {
  KS_ASSIGN_OR_RETURN(auto source,
                      FindGoogleCredentials(std::string(scope),
                                            {options_.environment, http_.get(), options_.clock}));
  return TokenCache::Start(std::move(source), *options_.clock,
                           CredentialSeries("token for Spanner"));
}

observe::Series* Services::CredentialSeries(std::string_view name) {
  return options_.metrics == nullptr ? nullptr : &options_.metrics->Credential(name);
}

}  // namespace ks::identity
