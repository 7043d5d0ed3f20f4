#include "identity/google_secrets.h"

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/token_cache.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

using nlohmann::json;

constexpr char kEndpoint[] = "https://secretmanager.googleapis.com/";
constexpr char kOverride[] = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";

class GoogleSecretStore : public SecretStore {
 public:
  explicit GoogleSecretStore(const GoogleServices& services)
      : services_(services),
        tokens_(
            [this] { return FindGoogleCredentials(std::string(kCloudPlatformScope), services_); },
            *services.clock) {}

  bool remote() const override { return true; }

  absl::StatusOr<SecretVersion> Fetch(const SecretReference& reference) override {
    if (!reference.path.starts_with("projects/") ||
        reference.path.find("/versions/") == std::string::npos) {
      return IncompleteSecret(reference.text, "google");
    }
    std::string endpoint = services_.environment->Variable(kOverride).value_or(kEndpoint);
    KS_RETURN_IF_ERROR(CheckCredentialUrl(endpoint).status());
    if (!endpoint.ends_with('/')) endpoint += '/';
    KS_ASSIGN_OR_RETURN(const Secret token, tokens_.Now());
    HttpRequest request{.url = StrCat(endpoint, "v1/", reference.path, ":access"),
                        .service = "google-secret-manager",
                        .credential_version = token.Fingerprint()};
    request.headers.emplace_back("Authorization", StrCat("Bearer ", token.Reveal()));
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, services_.http->Send(request));
    const json body = ParseJson(answer.body);
    if (answer.status == 404) return SecretNotThere(reference.text);
    if (answer.status != 200) {
      const json error = Member(body, "error");
      return SecretRefused(reference.text, answer.status,
                           StrCat(TextOf(error, "status"), ": ", TextOf(error, "message")));
    }
    std::string value;
    absl::Base64Unescape(TextOf(Member(body, "payload"), "data"), &value);
    const std::string name = TextOf(body, "name");  // with the version's number, never an alias
    return SecretVersion{Secret(std::move(value)), name.substr(name.rfind('/') + 1)};
  }

 private:
  const GoogleServices services_;
  LazyTokenCache tokens_;
};

}  // namespace

std::unique_ptr<SecretStore> MakeGoogleSecretStore(const GoogleServices& services) {
  return std::make_unique<GoogleSecretStore>(services);
}

}  // namespace ks::identity
