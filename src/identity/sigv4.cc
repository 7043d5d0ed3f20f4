#include "identity/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/str_cat.h"
#include "identity/jwt.h"
#include "identity/limits.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string HexSha256(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return absl::BytesToHexString(
      std::string(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

struct When {
  std::string date;  // 20261126
  std::string time;  // 20261126T222524Z
};

When At(int64_t now_nanos) {
  const absl::Time time = absl::FromUnixNanos(now_nanos);
  return {absl::FormatTime("%Y%m%d", time, absl::UTCTimeZone()),
          absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone())};
}

std::string ScopeText(const When& when, const AwsScope& scope) {
  return StrCat(when.date, "/", scope.region, "/", scope.service, "/aws4_request");
}

std::string Signature(const When& when, const AwsScope& scope, const AwsCredentials& credentials,
                      std::string_view canonical_request) {
  const std::string text = StrCat(kAlgorithm, "\n", when.time, "\n", ScopeText(when, scope), "\n",
                                  HexSha256(canonical_request));
  std::string key = Hmac(StrCat("AWS4", credentials.secret_access_key.Reveal()), when.date);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = Hmac(key, part);
  }
  return absl::BytesToHexString(Hmac(key, text));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string ContentSha256(std::string_view body) { return HexSha256(body); }

Secret PresignUrl(std::string_view host, std::string_view query, const AwsScope& scope,
                  const AwsCredentials& credentials, int64_t now_nanos, int64_t seconds) {
  const When when = At(now_nanos);
  std::string signed_query =
      StrCat(query, "&X-Amz-Algorithm=", kAlgorithm, "&X-Amz-Credential=",
             PercentEncode(StrCat(credentials.access_key_id, "/", ScopeText(when, scope))),
             "&X-Amz-Date=", when.time, "&X-Amz-Expires=", seconds, "&X-Amz-SignedHeaders=host");
  // What is signed is sorted by name (Security-Token before SignedHeaders); what is sent keeps the
  // order in which AWS's own signer writes it.
  std::string sorted_query = signed_query;
  if (!credentials.session_token.empty()) {
    const std::string token =
        StrCat("&X-Amz-Security-Token=", PercentEncode(credentials.session_token.Reveal()));
    signed_query += token;
    sorted_query.insert(sorted_query.rfind("&X-Amz-SignedHeaders"), token);
  }
  const std::string canonical =
      StrCat("GET\n/\n", sorted_query, "\nhost:", host, "\n\nhost\n", HexSha256(""));
  return Secret(StrCat("https://", host, "/?", signed_query,
                       "&X-Amz-Signature=", Signature(when, scope, credentials, canonical)));
}

void SignRequest(const AwsScope& scope, const AwsCredentials& credentials, int64_t now_nanos,
                 HttpRequest* request) {
  const When when = At(now_nanos);
  const auto url = ParseUrl(request->url);
  KS_CHECK(url.ok());  // made by us
  const bool usual_port = url->port == (url->scheme == "https" ? 443 : 80);
  request->headers.emplace_back("Host", usual_port ? url->host : StrCat(url->host, ":", url->port));
  request->headers.emplace_back("X-Amz-Date", when.time);
  if (!credentials.session_token.empty()) {
    request->headers.emplace_back("X-Amz-Security-Token", credentials.session_token.Reveal());
  }
  HttpHeaders headers;
  for (const auto& [name, value] : request->headers) headers.emplace_back(Lower(name), value);
  std::sort(headers.begin(), headers.end());
  std::string names, lines;
  for (const auto& [name, value] : headers) {
    StrAppend(&names, names.empty() ? "" : ";", name);
    StrAppend(&lines, name, ":", value, "\n");
  }
  const std::string canonical = StrCat(request->method, "\n", url->path, "\n", url->query, "\n",
                                       lines, "\n", names, "\n", HexSha256(request->body));
  request->headers.emplace_back(
      "Authorization", StrCat(kAlgorithm, " Credential=", credentials.access_key_id, "/",
                              ScopeText(when, scope), ", SignedHeaders=", names,
                              ", Signature=", Signature(when, scope, credentials, canonical)));
}

Secret MskToken(std::string_view region, const AwsCredentials& credentials, int64_t now_nanos,
                std::string_view user_agent) {
  const Secret url =
      PresignUrl(StrCat("kafka.", region, ".amazonaws.com"), "Action=kafka-cluster%3AConnect",
                 {std::string(region), "kafka-cluster"}, credentials, now_nanos, kMskTokenSeconds);
  return Secret(Base64Url(StrCat(url.Reveal(), "&User-Agent=", PercentEncode(user_agent))));
}

}  // namespace ks::identity
