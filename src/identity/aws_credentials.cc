#include "identity/aws_credentials.h"

#include <map>
#include <optional>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/limits.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

constexpr char kMetadataService[] = "http://169.254.169.254";
constexpr char kContainerService[] = "http://169.254.170.2";
constexpr char kSession[] = "kafka-spanner";

// The text between <name> and </name>: STS answers in XML, of which we need four leaves.
std::string Leaf(const std::string& xml, const std::string& name) {
  const size_t begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return "";
  const size_t from = begin + name.size() + 2;
  const size_t end = xml.find("</" + name + ">", from);
  return end == std::string::npos ? "" : xml.substr(from, end - from);
}

using Section = std::map<std::string, std::string>;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// One section of an INI file; empty where there is none.
Section ReadSection(std::string_view text, std::string_view wanted) {
  Section section;
  bool inside = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = Trim(line.substr(1, line.find(']') - 1)) == wanted;
    } else if (const size_t equals = line.find('='); inside && equals != std::string_view::npos) {
      section[std::string(Trim(line.substr(0, equals)))] =
          std::string(Trim(line.substr(equals + 1)));
    }
  }
  return section;
}

std::string ValueOf(const Section& section, const std::string& name) {
  const auto it = section.find(name);
  return it == section.end() ? "" : it->second;
}

HttpRequest StsRequest(const std::string& endpoint, HttpHeaders form) {
  form.emplace_back("Version", "2011-06-15");
  HttpRequest request{.method = "POST", .url = endpoint, .service = "aws-sts"};
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = FormEncode(form);
  return request;
}

}  // namespace

std::string AwsRegion(const env::Environment& environment) {
  return environment.Variable("AWS_REGION")
      .value_or(environment.Variable("AWS_DEFAULT_REGION").value_or(""));
}

absl::StatusOr<std::string> AwsEndpoint(const env::Environment& environment,
                                        std::string_view variable, std::string_view service,
                                        std::string_view region) {
  for (const std::string& name :
       {StrCat("AWS_ENDPOINT_URL_", variable), std::string("AWS_ENDPOINT_URL")}) {
    const auto address = environment.Variable(name);
    if (!address.has_value() || address->empty()) continue;
    KS_RETURN_IF_ERROR(CheckCredentialUrl(*address).status());
    return address->ends_with('/') ? *address : *address + "/";
  }
  return StrCat("https://", service, ".", region, ".amazonaws.com/");
}

std::string AwsCredentialChain::Variable(const char* name, std::string_view otherwise) const {
  return environment_.Variable(name).value_or(std::string(otherwise));
}

absl::StatusOr<AwsCredentials> AwsCredentialChain::Find(const AwsWish& wish) {
  std::optional<Found> found;
  // A profile that is asked for by name comes before what lies around.
  if (!wish.profile.empty()) {
    found = FromProfile(wish);
    if (!found.has_value()) return NoAwsProfile(wish.profile);
  }
  if (!found.has_value()) found = FromEnvironment();
  if (!found.has_value()) found = FromWebIdentity(wish);
  if (!found.has_value()) found = FromProfile(wish);
  if (!found.has_value()) found = FromContainer();
  if (!found.has_value()) found = FromMetadataService();
  if (!found->ok() || wish.role_arn.empty()) return *std::move(found);
  return AssumeRole(wish, **found);
}

std::optional<AwsCredentialChain::Found> AwsCredentialChain::FromEnvironment() {
  const std::string id = Variable("AWS_ACCESS_KEY_ID");
  const std::string key = Variable("AWS_SECRET_ACCESS_KEY");
  if (id.empty() || key.empty()) return std::nullopt;
  return AwsCredentials{id, Secret(key), Secret(Variable("AWS_SESSION_TOKEN"))};
}

std::optional<AwsCredentialChain::Found> AwsCredentialChain::FromWebIdentity(const AwsWish& wish) {
  const std::string file = Variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = Variable("AWS_ROLE_ARN");
  if (file.empty() || role.empty()) return std::nullopt;
  auto token = environment_.ReadFile(file);  // anew each time: the kubelet replaces it
  if (!token.ok()) return token.status();
  const auto endpoint = AwsEndpoint(environment_, "STS", "sts", wish.region);
  if (!endpoint.ok()) return endpoint.status();
  return AskSts(
      wish, StsRequest(*endpoint, {{"Action", "AssumeRoleWithWebIdentity"},
                                   {"RoleArn", role},
                                   {"RoleSessionName", Variable("AWS_ROLE_SESSION_NAME", kSession)},
                                   {"WebIdentityToken", *token}}));
}

std::optional<AwsCredentialChain::Found> AwsCredentialChain::FromProfile(const AwsWish& wish) {
  const std::string home = Variable("HOME");
  const std::string profile =
      wish.profile.empty() ? Variable("AWS_PROFILE", "default") : wish.profile;
  const auto credentials = environment_.ReadFile(
      Variable("AWS_SHARED_CREDENTIALS_FILE", StrCat(home, "/.aws/credentials")));
  const auto config =
      environment_.ReadFile(Variable("AWS_CONFIG_FILE", StrCat(home, "/.aws/config")));
  const std::string config_name = profile == "default" ? profile : StrCat("profile ", profile);
  Section section = credentials.ok() ? ReadSection(*credentials, profile) : Section();
  if (config.ok()) section.merge(ReadSection(*config, config_name));
  const std::string id = ValueOf(section, "aws_access_key_id");
  const std::string key = ValueOf(section, "aws_secret_access_key");
  const std::string role = ValueOf(section, "role_arn");
  const std::string source = ValueOf(section, "source_profile");
  if (!role.empty() && !source.empty() && source != profile) {
    auto base = FromProfile({wish.region, source, ""});
    if (!base.has_value()) return NoAwsProfile(source);
    if (!base->ok()) return base;
    return AssumeRole({wish.region, "", role}, **base);
  }
  if (id.empty() || key.empty()) return std::nullopt;
  return AwsCredentials{id, Secret(key), Secret(ValueOf(section, "aws_session_token"))};
}

std::optional<AwsCredentialChain::Found> AwsCredentialChain::FromContainer() {
  const std::string relative = Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return std::nullopt;
  HttpRequest request{.url = relative.empty() ? full : StrCat(kContainerService, relative),
                      .service = "aws-metadata",
                      .direct = true};
  const auto url = ParseUrl(request.url);
  if (!url.ok()) return url.status();
  // The addresses that AWS gives to its agents, beside this machine's own and TLS.
  const bool agent =
      url->host == "169.254.170.2" || url->host == "169.254.170.23" || url->host == "fd00:ec2::23";
  if (url->scheme != "https" && !agent && !IsLoopback(*url)) return CredentialInTheClear(url->host);
  std::string token = Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    auto content = environment_.ReadFile(file);
    if (!content.ok()) return content.status();
    token = std::string(Trim(*content));
  }
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  return AskJson(std::move(request), "the container's credential endpoint");
}

AwsCredentialChain::Found AwsCredentialChain::FromMetadataService() {
  if (Variable("AWS_EC2_METADATA_DISABLED") == "true") return NoAwsCredentials("");
  const std::string service = Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", kMetadataService);
  HttpRequest request{.method = "PUT",
                      .url = StrCat(service, "/latest/api/token"),
                      .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                      .service = "aws-metadata",
                      .direct = true,
                      .timeout_ms = kMetadataTimeoutMillis};
  const auto session = http_.Send(request);
  if (!session.ok() || session->status != 200) {
    return NoAwsCredentials(session.ok() ? StrCat("status ", session->status)
                                         : View(session.status().message()));
  }
  request.method = "GET";
  request.headers = {{"X-aws-ec2-metadata-token", session->body}};
  const std::string roles = StrCat(service, "/latest/meta-data/iam/security-credentials/");
  request.url = roles;
  KS_ASSIGN_OR_RETURN(const HttpAnswer role, http_.Send(request));
  if (role.status != 200) return NoAwsCredentials("the machine has no instance role");
  request.url = StrCat(roles, role.body.substr(0, role.body.find('\n')));
  return AskJson(std::move(request), "the instance metadata service");
}

AwsCredentialChain::Found AwsCredentialChain::AssumeRole(const AwsWish& wish,
                                                         const AwsCredentials& credentials) {
  KS_ASSIGN_OR_RETURN(const std::string endpoint,
                      AwsEndpoint(environment_, "STS", "sts", wish.region));
  HttpRequest request = StsRequest(
      endpoint,
      {{"Action", "AssumeRole"}, {"RoleArn", wish.role_arn}, {"RoleSessionName", kSession}});
  request.who = request.credential_version = credentials.access_key_id;
  SignRequest({wish.region, "sts"}, credentials, clock_.NowNanos(), &request);
  return AskSts(wish, std::move(request));
}

AwsCredentialChain::Found AwsCredentialChain::AskSts(const AwsWish& wish, HttpRequest request) {
  KS_ASSIGN_OR_RETURN(const HttpAnswer answer, http_.Send(request));
  AwsCredentials credentials{
      Leaf(answer.body, "AccessKeyId"), Secret(Leaf(answer.body, "SecretAccessKey")),
      Secret(Leaf(answer.body, "SessionToken")), NanosOf(Leaf(answer.body, "Expiration"))};
  if (answer.status != 200 || credentials.access_key_id.empty()) {
    return AwsRefused(StrCat("STS in ", wish.region), answer.status,
                      StrCat(Leaf(answer.body, "Code"), ": ", Leaf(answer.body, "Message")));
  }
  return credentials;
}

AwsCredentialChain::Found AwsCredentialChain::AskJson(HttpRequest request, std::string_view who) {
  KS_ASSIGN_OR_RETURN(const HttpAnswer answer, http_.Send(request));
  const nlohmann::json json = ParseJson(answer.body);
  const auto text = [&](const char* name) { return TextOf(json, name); };
  AwsCredentials credentials{text("AccessKeyId"), Secret(text("SecretAccessKey")),
                             Secret(text("Token")), NanosOf(text("Expiration"))};
  if (answer.status != 200 || credentials.access_key_id.empty()) {
    return AwsRefused(who, answer.status, text("Message"));
  }
  return credentials;
}

absl::StatusOr<AwsCredentials> AwsCredentialCache::Find(const std::string& region) {
  std::lock_guard lock(mu_);
  const AwsCredentials& kept = kept_[region];
  const int64_t good_until = kept.expires_at_nanos - kRefreshAheadSeconds * env::kNanosPerSecond;
  if (!kept.access_key_id.empty() && clock_.NowNanos() < good_until) return kept;
  KS_ASSIGN_OR_RETURN(kept_[region], chain_.Find({region, "", ""}));
  return kept_[region];
}

}  // namespace ks::identity
