#include "identity/vault_secrets.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/credential_metrics.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/limits.h"
#include "identity/token_cache.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

using nlohmann::json;

constexpr char kOwnServiceAccount[] = "/var/run/secrets/kubernetes.io/serviceaccount/token";

// One request to Vault, with what every one of them carries.
class Vault {
 public:
  Vault(const env::Environment& environment, HttpClient& http)
      : environment_(environment), http_(http) {}

  std::string Variable(const char* name, std::string_view otherwise = "") const {
    return environment_.Variable(name).value_or(std::string(otherwise));
  }
  absl::StatusOr<std::string> ReadFile(const std::string& path) const {
    KS_ASSIGN_OR_RETURN(std::string text, environment_.ReadFile(path));
    return WithoutLineEnd(std::move(text));
  }

  // `path` without its /v1/. Any answer of Vault's; an error where there was none.
  absl::StatusOr<HttpAnswer> Send(std::string_view method, std::string_view path,
                                  const Secret& token, const json& body) {
    const std::string address = Variable("VAULT_ADDR");
    if (address.empty()) return NoVaultAddress();
    KS_RETURN_IF_ERROR(CheckCredentialUrl(address).status());
    HttpRequest request{.method = std::string(method),
                        .url = StrCat(address, address.ends_with('/') ? "v1/" : "/v1/", path),
                        .ca = Variable("VAULT_CACERT"),
                        .service = "vault",
                        .who = Variable("VAULT_ROLE", Variable("VAULT_ROLE_ID"))};
    request.headers.emplace_back("X-Vault-Request", "true");
    if (!token.empty()) {
      request.headers.emplace_back("X-Vault-Token", token.Reveal());
      request.credential_version = token.Fingerprint();
    }
    if (const std::string space = Variable("VAULT_NAMESPACE"); !space.empty()) {
      request.headers.emplace_back("X-Vault-Namespace", space);
    }
    if (!body.is_null()) {
      request.headers.emplace_back("Content-Type", "application/json");
      request.body = body.dump();
    }
    return http_.Send(request);
  }

 private:
  const env::Environment& environment_;
  HttpClient& http_;
};

// What Vault says of itself in an error: {"errors": ["…"]}.
std::string ReasonOf(const HttpAnswer& answer) {
  const json errors = Member(ParseJson(answer.body), "errors");
  if (!errors.is_array() || errors.empty() || !errors[0].is_string()) return "";
  return errors[0].get<std::string>();
}

class VaultLogin : public TokenSource {
 public:
  VaultLogin(const env::Environment& environment, HttpClient& http, env::Clock& clock)
      : vault_(environment, http), clock_(clock) {}

  absl::StatusOr<Token> Fetch() override {
    if (renewable_) {
      auto renewed = Ask("auth/token/renew-self", json::object(), token_);
      // A lease that has come to its longest life is given out shorter and shorter.
      if (renewed.ok() && renewed->lease_seconds * 2 >= first_lease_seconds_) {
        return Keep(*std::move(renewed));
      }
      renewable_ = false;
    }
    KS_ASSIGN_OR_RETURN(Lease lease, LogIn());
    first_lease_seconds_ = lease.lease_seconds;
    return Keep(std::move(lease));
  }

 private:
  struct Lease {
    Secret token;
    int64_t lease_seconds = 0;  // 0: for ever
    bool renewable = false;
    std::string name;
  };

  Token Keep(Lease lease) {
    token_ = lease.token;
    renewable_ = lease.renewable;
    return Token{std::move(lease.token),
                 lease.lease_seconds == 0
                     ? kNeverExpires
                     : clock_.NowNanos() + lease.lease_seconds * env::kNanosPerSecond,
                 lease.name.empty() ? "unknown" : lease.name};
  }

  absl::StatusOr<Lease> LogIn() {
    if (const std::string role = vault_.Variable("VAULT_ROLE_ID"); !role.empty()) {
      Secret secret(vault_.Variable("VAULT_SECRET_ID"));
      if (const std::string file = vault_.Variable("VAULT_SECRET_ID_FILE"); !file.empty()) {
        KS_ASSIGN_OR_RETURN(std::string text, vault_.ReadFile(file));
        secret = Secret(std::move(text));
      }
      return Ask(LoginPath("approle"), {{"role_id", role}, {"secret_id", secret.Reveal()}}, {});
    }
    if (const std::string role = vault_.Variable("VAULT_ROLE"); !role.empty()) {
      const std::string file = vault_.Variable("VAULT_JWT_FILE");
      KS_ASSIGN_OR_RETURN(std::string jwt,
                          vault_.ReadFile(file.empty() ? kOwnServiceAccount : file));
      return Ask(LoginPath(file.empty() ? "kubernetes" : "jwt"), {{"role", role}, {"jwt", jwt}},
                 {});
    }
    return GivenToken();
  }

  std::string LoginPath(std::string_view kind) const {
    return StrCat("auth/", vault_.Variable("VAULT_AUTH_MOUNT", kind), "/login");
  }

  absl::StatusOr<Lease> GivenToken() {
    Secret token(vault_.Variable("VAULT_TOKEN"));
    if (token.empty()) {
      auto file = vault_.ReadFile(StrCat(vault_.Variable("HOME"), "/.vault-token"));
      if (!file.ok()) return NoVaultCredentials();
      token = Secret(*std::move(file));
    }
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer,
                        vault_.Send("GET", "auth/token/lookup-self", token, json()));
    if (answer.status != 200) return VaultRefused("the token", answer.status, ReasonOf(answer));
    const json data = Member(ParseJson(answer.body), "data");
    const json ttl = Member(data, "ttl");
    const json renewable = Member(data, "renewable");
    return Lease{std::move(token), ttl.is_number() ? ttl.get<int64_t>() : 0,
                 renewable.is_boolean() && renewable.get<bool>(), TextOf(data, "display_name")};
  }

  // A login or a renewal: both answer with {"auth": {…}}.
  absl::StatusOr<Lease> Ask(const std::string& path, const json& body, const Secret& token) {
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, vault_.Send("POST", path, token, body));
    const json auth = Member(ParseJson(answer.body), "auth");
    const std::string value = TextOf(auth, "client_token");
    if (answer.status != 200 || value.empty()) {
      return VaultRefused(path, answer.status, ReasonOf(answer));
    }
    const json seconds = Member(auth, "lease_duration");
    const json renewable = Member(auth, "renewable");
    return Lease{Secret(value), seconds.is_number() ? seconds.get<int64_t>() : 0,
                 renewable.is_boolean() && renewable.get<bool>(),
                 TextOf(Member(auth, "metadata"), "role_name")};
  }

  Vault vault_;
  env::Clock& clock_;
  Secret token_;  // the last
  bool renewable_ = false;
  int64_t first_lease_seconds_ = 0;
};

class VaultStore : public SecretStore {
 public:
  VaultStore(const env::Environment& environment, HttpClient& http, env::Clock& clock)
      : vault_(environment, http),
        tokens_([&environment, &http, &clock] { return MakeVaultLogin(environment, http, clock); },
                clock) {}

  bool remote() const override { return true; }

  absl::StatusOr<SecretVersion> Fetch(const SecretReference& reference) override {
    auto secret = Read(reference);
    if (secret.ok() || !absl::IsPermissionDenied(secret.status())) return secret;
    // Was it our token that is not taken any more? Then a new login mends it.
    return tokens_.Drop() ? Read(reference) : secret;
  }

 private:
  absl::StatusOr<SecretVersion> Read(const SecretReference& reference) {
    const size_t slash = reference.path.find('/');
    if (slash == std::string::npos) return IncompleteSecret(reference.text, "vault");
    std::string path =
        StrCat(reference.path.substr(0, slash), "/data", reference.path.substr(slash));
    const std::string version = reference.Option("version");
    if (!version.empty()) path += "?version=" + PercentEncode(version);
    KS_ASSIGN_OR_RETURN(const Secret token, tokens_.Now());
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, vault_.Send("GET", path, token, json()));
    if (answer.status == 404) return SecretNotThere(reference.text);
    if (answer.status != 200) {
      return VaultRefused(reference.text, answer.status, ReasonOf(answer));
    }
    const json data = Member(ParseJson(answer.body), "data");
    const json metadata = Member(data, "metadata");
    // With its time: numbers begin again where a secret is deleted for good and made anew.
    return SecretVersion{
        Secret(Member(data, "data").dump()),
        StrCat(Member(metadata, "version").dump(), "@", TextOf(metadata, "created_time"))};
  }

  Vault vault_;
  LazyTokenCache tokens_;
};

}  // namespace

std::unique_ptr<SecretStore> MakeVaultStore(const env::Environment& environment, HttpClient& http,
                                            env::Clock& clock) {
  return std::make_unique<VaultStore>(environment, http, clock);
}

std::unique_ptr<TokenSource> MakeVaultLogin(const env::Environment& environment, HttpClient& http,
                                            env::Clock& clock) {
  return std::make_unique<VaultLogin>(environment, http, clock);
}

}  // namespace ks::identity
