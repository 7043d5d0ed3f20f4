#include "identity/google_credentials.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/google_subject.h"
#include "identity/json.h"
#include "identity/jwt.h"
#include "identity/limits.h"
#include "identity/oauth.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

using nlohmann::json;

constexpr char kTokenEndpoint[] = "https://oauth2.googleapis.com/token";
constexpr char kStsEndpoint[] = "https://sts.googleapis.com/v1/token";
constexpr char kStsOauthEndpoint[] = "https://sts.googleapis.com/v1/oauthtoken";
constexpr char kMetadataHost[] = "metadata.google.internal";

// Asks Google for a token, by what the credentials file says.
class Exchange {
 public:
  Exchange(const GoogleServices& services, std::string file)
      : services_(services), file_(std::move(file)) {}

  absl::StatusOr<Token> Run(const json& credentials, const std::string& scope) {
    const std::string type = TextOf(credentials, "type");
    if (type == "service_account") return SelfSigned(credentials, scope);
    if (type == "authorized_user") return RefreshUser(credentials);
    if (type == "external_account_authorized_user") return RefreshWorkforceUser(credentials);
    if (type == "external_account") return Federate(credentials, scope);
    if (type == "impersonated_service_account") return ImpersonateFrom(credentials, scope);
    return UnknownGoogleCredentials(file_, type);
  }

 private:
  int64_t NowSeconds() const { return services_.clock->NowNanos() / env::kNanosPerSecond; }

  absl::StatusOr<std::string> Allowed(const std::string& address) const {
    return CheckGoogleAddress({file_, address}, *services_.environment);
  }

  absl::StatusOr<HttpAnswer> Post(HttpRequest request, const HttpHeaders& form) {
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = FormEncode(form);
    return services_.http->Send(request);
  }

  // AIP-4111: the JWT itself is the token.
  absl::StatusOr<Token> SelfSigned(const json& credentials, const std::string& scope) {
    const std::string email = TextOf(credentials, "client_email");
    const int64_t now = NowSeconds();
    const json claims = {{"iss", email},
                         {"sub", email},
                         {"iat", now},
                         {"exp", now + kSelfSignedSeconds},
                         {"scope", scope}};
    KS_ASSIGN_OR_RETURN(Secret jwt, SignJwt(claims, Secret(TextOf(credentials, "private_key")),
                                            TextOf(credentials, "private_key_id")));
    return Token{std::move(jwt), (now + kSelfSignedSeconds) * env::kNanosPerSecond, email};
  }

  // The scope was fixed when the user logged in: a wider one cannot be asked for, nor a narrower
  // one that was not granted by itself.
  absl::StatusOr<Token> RefreshUser(const json& credentials) {
    const std::string endpoint = TextOf(credentials, "token_uri", kTokenEndpoint);
    KS_ASSIGN_OR_RETURN(const std::string host, Allowed(endpoint));
    const int64_t asked_at = services_.clock->NowNanos();
    KS_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        Post({.url = endpoint, .service = "google-oauth", .who = TextOf(credentials, "client_id")},
             {{"grant_type", "refresh_token"},
              {"client_id", TextOf(credentials, "client_id")},
              {"client_secret", TextOf(credentials, "client_secret")},
              {"refresh_token", TextOf(credentials, "refresh_token")}}));
    return ReadTokenAnswer(host, answer, asked_at, TextOf(credentials, "client_id"));
  }

  // A person who logged in through a workforce pool: STS renews, and knows the client by its
  // password in the header (RFC 6749, 2.3.1).
  absl::StatusOr<Token> RefreshWorkforceUser(const json& credentials) {
    const std::string endpoint = TextOf(credentials, "token_url", kStsOauthEndpoint);
    KS_ASSIGN_OR_RETURN(const std::string host, Allowed(endpoint));
    HttpRequest request{.url = endpoint, .service = "google-sts"};
    AddClient(credentials, &request);
    const int64_t asked_at = services_.clock->NowNanos();
    KS_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        Post(std::move(request), {{"grant_type", "refresh_token"},
                                  {"refresh_token", TextOf(credentials, "refresh_token")}}));
    return ReadTokenAnswer(host, answer, asked_at, TextOf(credentials, "audience"));
  }

  static void AddClient(const json& credentials, HttpRequest* request) {
    const std::string id = TextOf(credentials, "client_id");
    if (id.empty()) return;
    request->who = id;
    const std::string pair = StrCat(id, ":", TextOf(credentials, "client_secret"));
    request->headers.emplace_back("Authorization", "Basic " + absl::Base64Escape(pair));
  }

  // AIP-4117.
  absl::StatusOr<Token> Federate(const json& credentials, const std::string& scope) {
    const std::string endpoint = TextOf(credentials, "token_url", kStsEndpoint);
    const std::string impersonation = TextOf(credentials, "service_account_impersonation_url");
    KS_ASSIGN_OR_RETURN(const std::string host, Allowed(endpoint));
    if (!impersonation.empty()) KS_RETURN_IF_ERROR(Allowed(impersonation).status());
    const std::string audience = TextOf(credentials, "audience");
    KS_ASSIGN_OR_RETURN(const GoogleSubject subject,
                        ReadGoogleSubject(credentials, file_, services_));
    HttpRequest request{.url = endpoint,
                        .certificate = subject.certificate,
                        .service = "google-sts",
                        .who = audience,
                        .credential_version = subject.token.Fingerprint()};
    AddClient(credentials, &request);
    HttpHeaders form = {
        {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
        {"audience", audience},
        // With impersonation this token only asks for the other, which is the narrow one.
        {"scope", impersonation.empty() ? scope : std::string(kCloudPlatformScope)},
        {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
        {"subject_token", subject.token.Reveal()},
        {"subject_token_type", TextOf(credentials, "subject_token_type")}};
    // Whose quota it is, where no client id says so. Encoded here and once more with the form.
    const std::string project = TextOf(credentials, "workforce_pool_user_project");
    if (!project.empty() && TextOf(credentials, "client_id").empty()) {
      form.emplace_back("options", PercentEncode(json({{"userProject", project}}).dump()));
    }
    const int64_t asked_at = services_.clock->NowNanos();
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, Post(std::move(request), form));
    KS_ASSIGN_OR_RETURN(Token token, ReadTokenAnswer(host, answer, asked_at, audience));
    if (impersonation.empty()) return token;
    return Impersonate(impersonation, token, json::array(), scope);
  }

  absl::StatusOr<Token> ImpersonateFrom(const json& credentials, const std::string& scope) {
    const std::string address = TextOf(credentials, "service_account_impersonation_url");
    KS_RETURN_IF_ERROR(Allowed(address).status());
    const json source = Member(credentials, "source_credentials");
    if (TextOf(source, "type") == "impersonated_service_account") {
      return UnknownGoogleCredentials(file_, "impersonated_service_account inside another");
    }
    KS_ASSIGN_OR_RETURN(const Token token, Run(source, std::string(kCloudPlatformScope)));
    return Impersonate(address, token, Member(credentials, "delegates"), scope);
  }

  // https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
  absl::StatusOr<Token> Impersonate(const std::string& address, const Token& token,
                                    const json& delegates, const std::string& scope) {
    KS_ASSIGN_OR_RETURN(const std::string host, Allowed(address));
    const std::vector<std::string> scopes = absl::StrSplit(scope, ' ');
    HttpRequest request{.method = "POST",
                        .url = address,
                        .service = "google-iam",
                        .who = token.principal,
                        .credential_version = token.value.Fingerprint()};
    request.headers.emplace_back("Authorization", StrCat("Bearer ", token.value.Reveal()));
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = json({{"scope", scopes},
                         {"delegates", delegates.is_array() ? delegates : json::array()},
                         {"lifetime", StrCat(kImpersonationSeconds, "s")}})
                       .dump();
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, services_.http->Send(request));
    const json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    const std::string value = TextOf(body, "accessToken");
    if (answer.status != 200 || value.empty()) {
      const json error = Member(body, "error");
      return TokenRefused(host, answer.status, TextOf(error, "status"), TextOf(error, "message"));
    }
    const size_t name = address.rfind('/') + 1;
    return Token{Secret(value), NanosOf(TextOf(body, "expireTime")),
                 address.substr(name, address.rfind(':') - name)};
  }

  const GoogleServices services_;
  const std::string file_;
};

class FileSource : public TokenSource {
 public:
  FileSource(std::string path, std::string scope, const GoogleServices& services)
      : path_(std::move(path)), scope_(std::move(scope)), services_(services) {}

  absl::StatusOr<Token> Fetch() override {
    KS_ASSIGN_OR_RETURN(const Secret text, Read());
    const json credentials = json::parse(text.Reveal(), nullptr, /*allow_exceptions=*/false);
    return Exchange(services_, path_).Run(credentials, scope_);
  }

 private:
  absl::StatusOr<Secret> Read() {
    KS_ASSIGN_OR_RETURN(std::string text, services_.environment->ReadFile(path_));
    return Secret(std::move(text));
  }

  const std::string path_;
  const std::string scope_;
  const GoogleServices services_;
};

// https://cloud.google.com/compute/docs/access/authenticate-workloads
class MetadataSource : public TokenSource {
 public:
  MetadataSource(std::string scope, const GoogleServices& services)
      : scope_(std::move(scope)), services_(services) {}

  absl::StatusOr<Token> Fetch() override {
    std::string scopes = scope_;
    for (char& c : scopes) c = c == ' ' ? ',' : c;
    const int64_t asked_at = services_.clock->NowNanos();
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer,
                        Get(StrCat("/computeMetadata/v1/instance/service-accounts/default/"
                                   "token?scopes=",
                                   PercentEncode(scopes))));
    return ReadTokenAnswer(Host(), answer, asked_at, "the machine's service account");
  }

  bool IsThere() {
    const auto answer = Get("/");
    if (!answer.ok()) return false;
    for (const auto& [name, value] : answer->headers) {
      if (name == "metadata-flavor" && value == "Google") return true;
    }
    return false;
  }

 private:
  std::string Host() const {
    return services_.environment->Variable("GCE_METADATA_HOST").value_or(kMetadataHost);
  }

  absl::StatusOr<HttpAnswer> Get(const std::string& path) {
    return services_.http->Send({.url = StrCat("http://", Host(), path),
                                 .headers = {{"Metadata-Flavor", "Google"}},
                                 .service = "google-metadata",
                                 .direct = true,
                                 .timeout_ms = kMetadataTimeoutMillis});
  }

  const std::string scope_;
  const GoogleServices services_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenSource>> FindGoogleCredentials(std::string scope,
                                                                   const GoogleServices& services) {
  const env::Environment& environment = *services.environment;
  if (const auto path = environment.Variable("GOOGLE_APPLICATION_CREDENTIALS");
      path.has_value() && !path->empty()) {
    // Named and not there is an error, never a reason to take others.
    KS_RETURN_IF_ERROR(environment.ReadFile(*path).status());
    return std::make_unique<FileSource>(*path, std::move(scope), services);
  }
  const std::string home = environment.Variable("HOME").value_or("");
  const std::string config =
      environment.Variable("CLOUDSDK_CONFIG").value_or(StrCat(home, "/.config/gcloud"));
  const std::string known = StrCat(config, "/application_default_credentials.json");
  if (environment.ReadFile(known).ok()) {
    return std::make_unique<FileSource>(known, std::move(scope), services);
  }
  auto metadata = std::make_unique<MetadataSource>(std::move(scope), services);
  if (!metadata->IsThere()) return NoGoogleCredentials(known);
  return metadata;
}

}  // namespace ks::identity
