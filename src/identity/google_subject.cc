#include "identity/google_subject.h"

#include <openssl/pem.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/aws_credentials.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/limits.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

using nlohmann::json;

constexpr char kAwsVerification[] =
    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
constexpr char kJwt[] = "urn:ietf:params:oauth:token-type:jwt";
constexpr char kIdToken[] = "urn:ietf:params:oauth:token-type:id_token";
constexpr char kSaml[] = "urn:ietf:params:oauth:token-type:saml2";

int64_t NumberOf(const json& object, const char* name, int64_t otherwise) {
  const json number = Member(object, name);
  return number.is_number() ? number.get<int64_t>() : otherwise;
}

// https://…/serviceAccounts/EMAIL:generateAccessToken
std::string EmailOf(const std::string& impersonation) {
  const size_t name = impersonation.rfind('/') + 1;
  return impersonation.substr(name, impersonation.rfind(':') - name);
}

class Reader {
 public:
  Reader(const json& credentials, const std::string& file, const GoogleServices& services)
      : credentials_(credentials),
        source_(Member(credentials, "credential_source")),
        file_(file),
        services_(services),
        environment_(*services.environment) {}

  absl::StatusOr<GoogleSubject> Read() {
    if (!Member(source_, "certificate").is_null()) return FromCertificate();
    GoogleSubject subject;
    if (TextOf(source_, "environment_id").starts_with("aws")) {
      KS_ASSIGN_OR_RETURN(subject.token, FromAws());
    } else if (!Member(source_, "executable").is_null()) {
      KS_ASSIGN_OR_RETURN(subject.token, FromProgram());
    } else {
      KS_ASSIGN_OR_RETURN(subject.token, FromText());
    }
    return subject;
  }

 private:
  absl::StatusOr<std::string> Allowed(const std::string& address) const {
    return CheckGoogleAddress({file_, address, /*subject=*/true}, environment_);
  }

  absl::StatusOr<Secret> FromText() {
    Secret content;
    if (const std::string path = TextOf(source_, "file"); !path.empty()) {
      KS_ASSIGN_OR_RETURN(std::string text, environment_.ReadFile(path));
      content = Secret(std::move(text));
    } else {
      KS_ASSIGN_OR_RETURN(content, FromUrl(TextOf(source_, "url")));
    }
    const json format = Member(source_, "format");
    if (TextOf(format, "type") != "json") return content;
    const std::string field = TextOf(format, "subject_token_field_name");
    const std::string token = TextOf(ParseJson(content.Reveal()), field.c_str());
    if (token.empty()) return SecretHasNoField(file_, field);
    return Secret(token);
  }

  absl::StatusOr<Secret> FromUrl(const std::string& address) {
    KS_ASSIGN_OR_RETURN(const std::string host, Allowed(address));
    HttpRequest request{.url = address, .service = "google-subject", .direct = true};
    const json headers = Member(source_, "headers");
    for (const auto& [name, value] : headers.items()) {
      if (value.is_string()) request.headers.emplace_back(name, value.get<std::string>());
    }
    KS_ASSIGN_OR_RETURN(HttpAnswer answer, services_.http->Send(request));
    if (answer.status != 200) return TokenRefused(host, answer.status, "", "");
    return Secret(std::move(answer.body));
  }

  // A request to AWS that only its owner could have signed, for Google to send.
  absl::StatusOr<Secret> FromAws() {
    for (const char* name : {"url", "region_url", "imdsv2_session_token_url"}) {
      const std::string address = TextOf(source_, name);
      if (!address.empty()) KS_RETURN_IF_ERROR(Allowed(address).status());
    }
    const std::string region = AwsRegion(environment_);
    if (region.empty()) return NoAwsRegion(file_);
    AwsCredentialChain chain(environment_, *services_.http, *services_.clock);
    KS_ASSIGN_OR_RETURN(const AwsCredentials credentials, chain.Find({region, "", ""}));
    std::string address = TextOf(source_, "regional_cred_verification_url", kAwsVerification);
    if (const size_t at = address.find("{region}"); at != std::string::npos) {
      address.replace(at, std::string_view("{region}").size(), region);
    }
    HttpRequest request{.method = "POST", .url = address};
    request.headers.emplace_back("x-goog-cloud-target-resource", TextOf(credentials_, "audience"));
    KS_RETURN_IF_ERROR(ParseUrl(address).status());
    SignRequest({region, "sts"}, credentials, services_.clock->NowNanos(), &request);
    json headers = json::array();
    for (const auto& [name, value] : request.headers) {
      headers.push_back({{"key", name}, {"value", value}});
    }
    const json described = {{"url", address}, {"method", "POST"}, {"headers", headers}};
    return Secret(PercentEncode(described.dump()));
  }

  // https://google.aip.dev/auth/4117#determining-the-subject-token-in-executable-sourced-credentials
  absl::StatusOr<Secret> FromProgram() {
    if (environment_.Variable("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") != "1") {
      return ProgramNotAllowed(file_);
    }
    const json executable = Member(source_, "executable");
    const std::string kept = TextOf(executable, "output_file");
    if (!kept.empty()) {
      // What an earlier run left there, as long as it says until when it is good and still is.
      const auto text = environment_.ReadFile(kept);
      const json said = text.ok() ? ParseJson(*text) : json();
      if (NumberOf(said, "expiration_time", 0) > NowSeconds()) {
        if (auto token = TokenIn(said); token.ok()) return token;
      }
    }
    const std::string command = TextOf(executable, "command");
    env::ProgramRun run{.command = absl::StrSplit(command, ' ', absl::SkipEmpty()),
                        .timeout_ms = NumberOf(executable, "timeout_millis", kProgramMillis)};
    if (run.command.empty()) return BadProgram(file_, "there is no `command`");
    if (run.timeout_ms < kProgramMillisMin || run.timeout_ms > kProgramMillisMax) {
      return BadProgram(file_, "`timeout_millis` is not between 5000 and 120000");
    }
    run.variables = {
        {"GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", TextOf(credentials_, "audience")},
        {"GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", TextOf(credentials_, "subject_token_type")},
        {"GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0"}};
    if (const auto url = TextOf(credentials_, "service_account_impersonation_url"); !url.empty()) {
      run.variables["GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL"] = EmailOf(url);
    }
    if (!kept.empty()) run.variables["GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE"] = kept;
    auto printed = environment_.Run(run);
    if (!printed.ok()) return ProgramFailed(file_, printed.status());
    const Secret said(*std::move(printed));
    if (!said.empty() || kept.empty()) return TokenIn(ParseJson(said.Reveal()));
    KS_ASSIGN_OR_RETURN(const std::string text, environment_.ReadFile(kept));
    return TokenIn(ParseJson(text));
  }

  int64_t NowSeconds() const { return services_.clock->NowNanos() / env::kNanosPerSecond; }

  // What a program said: {"version": 1, "success": true, "token_type": …, "id_token": …}.
  absl::StatusOr<Secret> TokenIn(const json& said) const {
    if (NumberOf(said, "version", 0) != 1) return BadProgram(file_, "its answer has no version 1");
    if (Member(said, "success") != true) {
      return BadProgram(file_, StrCat("it says: ", TextOf(said, "code"), " ",
                                      TextOf(said, "message").substr(0, kErrorExcerptBytes)));
    }
    const int64_t expires = NumberOf(said, "expiration_time", NowSeconds() + 1);
    if (expires <= NowSeconds()) return BadProgram(file_, "its token has expired");
    const std::string type = TextOf(said, "token_type");
    const char* field = type == kJwt || type == kIdToken ? "id_token"
                        : type == kSaml                  ? "saml_response"
                                                         : nullptr;
    const std::string token = field == nullptr ? "" : TextOf(said, field);
    if (token.empty()) return BadProgram(file_, "its answer has no token that we know");
    return Secret(token);
  }

  // The subject is the certificate and what leads from it to an authority, as DER in base64.
  absl::StatusOr<GoogleSubject> FromCertificate() {
    const json certificate = Member(source_, "certificate");
    std::string config = TextOf(certificate, "certificate_config_location");
    const bool standard = Member(certificate, "use_default_certificate_config") == true;
    if (config.empty() != standard) {
      return BadCertificateConfig(file_,
                                  "it wants either certificate_config_location or "
                                  "use_default_certificate_config: true");
    }
    if (standard) {
      const std::string home = environment_.Variable("HOME").value_or("");
      config = environment_.Variable("GOOGLE_API_CERTIFICATE_CONFIG")
                   .value_or(StrCat(home, "/.config/gcloud/certificate_config.json"));
    }
    KS_ASSIGN_OR_RETURN(const std::string text, environment_.ReadFile(config));
    const json workload = Member(Member(ParseJson(text), "cert_configs"), "workload");
    const std::string shown = TextOf(workload, "cert_path");
    const std::string key = TextOf(workload, "key_path");
    if (shown.empty() || key.empty()) {
      return BadCertificateConfig(config, "it has no cert_configs.workload.cert_path and key_path");
    }
    KS_ASSIGN_OR_RETURN(const auto leaf, Certificates(shown));
    json chain = json::array({leaf.front()});
    if (const std::string path = TextOf(certificate, "trust_chain_path"); !path.empty()) {
      KS_ASSIGN_OR_RETURN(const auto more, Certificates(path));
      for (size_t i = 0; i < more.size(); ++i) {
        if (more[i] != leaf.front())
          chain.push_back(more[i]);
        else if (i > 0)
          return BadCertificateConfig(path, "the workload's own comes first in it");
      }
    }
    GoogleSubject subject{.token = Secret(chain.dump())};
    KS_ASSIGN_OR_RETURN(subject.certificate.chain, environment_.ReadFile(shown));
    KS_ASSIGN_OR_RETURN(std::string pem, environment_.ReadFile(key));
    subject.certificate.key = Secret(std::move(pem));
    return subject;
  }

  // Of a PEM file, each in base64; never none.
  absl::StatusOr<std::vector<std::string>> Certificates(const std::string& path) const {
    KS_ASSIGN_OR_RETURN(const std::string pem, environment_.ReadFile(path));
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    std::vector<std::string> all;
    while (X509* each = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
      unsigned char* der = nullptr;
      const int size = i2d_X509(each, &der);
      all.push_back(absl::Base64Escape(
          std::string_view(reinterpret_cast<char*>(der), static_cast<size_t>(size))));
      OPENSSL_free(der);
      X509_free(each);
    }
    if (all.empty()) return BadCertificateConfig(path, "there is no certificate in it");
    return all;
  }

  const json& credentials_;
  const json source_;
  const std::string& file_;
  const GoogleServices& services_;
  const env::Environment& environment_;
};

}  // namespace

absl::StatusOr<std::string> CheckGoogleAddress(const NamedAddress& named,
                                               const env::Environment& environment) {
  KS_ASSIGN_OR_RETURN(const Url url, ParseUrl(named.address));
  const std::string hosts = environment.Variable("KAFKA_SPANNER_CREDENTIAL_HOSTS").value_or("");
  for (const std::string_view host : absl::StrSplit(hosts, ',', absl::SkipEmpty())) {
    if (host == url.host || host == StrCat(url.host, ":", url.port)) return url.host;
  }
  const bool google = url.scheme == "https" && url.port == 443 &&
                      std::string_view(url.host).ends_with(".googleapis.com");
  const bool metadata =
      named.subject && (url.host == "169.254.169.254" || url.host == "fd00:ec2::254");
  if (!google && !metadata) return ForeignCredentialUrl(named.file, url.host);
  return url.host;
}

absl::StatusOr<GoogleSubject> ReadGoogleSubject(const json& credentials, const std::string& file,
                                                const GoogleServices& services) {
  return Reader(credentials, file, services).Read();
}

}  // namespace ks::identity
