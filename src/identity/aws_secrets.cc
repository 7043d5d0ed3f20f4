#include "identity/aws_secrets.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/aws_credentials.h"
#include "identity/errors.h"
#include "identity/json.h"

namespace ks::identity {
namespace {

using nlohmann::json;

class AwsSecretStore : public SecretStore {
 public:
  AwsSecretStore(const env::Environment& environment, HttpClient& http, env::Clock& clock)
      : environment_(environment),
        http_(http),
        clock_(clock),
        credentials_(environment, http, clock) {}

  bool remote() const override { return true; }

  absl::StatusOr<SecretVersion> Fetch(const SecretReference& reference) override {
    KS_ASSIGN_OR_RETURN(const std::string region, RegionOf(reference));
    KS_ASSIGN_OR_RETURN(const std::string endpoint,
                        AwsEndpoint(environment_, "SECRETS_MANAGER", "secretsmanager", region));
    json wish = {{"SecretId", reference.path}};
    if (const auto version = reference.Option("version"); !version.empty()) {
      wish["VersionId"] = version;
    }
    if (const auto stage = reference.Option("stage"); !stage.empty()) wish["VersionStage"] = stage;
    HttpRequest request{
        .method = "POST", .url = endpoint, .body = wish.dump(), .service = "aws-secrets-manager"};
    request.headers.emplace_back("Content-Type", "application/x-amz-json-1.1");
    request.headers.emplace_back("X-Amz-Target", "secretsmanager.GetSecretValue");
    KS_ASSIGN_OR_RETURN(const AwsCredentials credentials, credentials_.Find(region));
    request.who = request.credential_version = credentials.access_key_id;
    SignRequest({region, "secretsmanager"}, credentials, clock_.NowNanos(), &request);
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, http_.Send(request));
    return Read(reference, answer);
  }

 private:
  absl::StatusOr<std::string> RegionOf(const SecretReference& reference) const {
    if (const std::string region = reference.Option("region"); !region.empty()) return region;
    const std::vector<std::string> arn = absl::StrSplit(reference.path, ':');
    if (arn.size() > 3 && arn[0] == "arn") return arn[3];
    const std::string region = AwsRegion(environment_);
    if (region.empty()) return NoSecretRegion(reference.text);
    return region;
  }

  static absl::StatusOr<SecretVersion> Read(const SecretReference& reference,
                                            const HttpAnswer& answer) {
    const json body = ParseJson(answer.body);
    if (answer.status != 200) {
      // `com.amazonaws…#ResourceNotFoundException`, or without what stands before the #.
      std::string type = TextOf(body, "__type");
      type = type.substr(type.rfind('#') + 1);
      if (type == "ResourceNotFoundException") return SecretNotThere(reference.text);
      const std::string message = TextOf(body, "message", TextOf(body, "Message"));
      return SecretRefused(reference.text, type == "ThrottlingException" ? 429 : answer.status,
                           StrCat(type, message.empty() ? "" : ": ", message));
    }
    std::string value = TextOf(body, "SecretString");
    if (value.empty()) absl::Base64Unescape(TextOf(body, "SecretBinary"), &value);
    return SecretVersion{Secret(std::move(value)), TextOf(body, "VersionId")};
  }

  const env::Environment& environment_;
  HttpClient& http_;
  env::Clock& clock_;
  AwsCredentialCache credentials_;
};

}  // namespace

std::unique_ptr<SecretStore> MakeAwsSecretStore(const env::Environment& environment,
                                                HttpClient& http, env::Clock& clock) {
  return std::make_unique<AwsSecretStore>(environment, http, clock);
}

}  // namespace ks::identity
