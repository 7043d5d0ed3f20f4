#include "identity/object_store.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/aws_credentials.h"
#include "identity/errors.h"
#include "identity/google_credentials.h"
#include "identity/json.h"
#include "identity/limits.h"
#include "identity/sigv4.h"
#include "identity/token_cache.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

constexpr char kGoogleScope[] = "https://www.googleapis.com/auth/devstorage.read_write";
constexpr char kGoogleEndpoint[] = "https://storage.googleapis.com";
constexpr char kGoogleEmulator[] = "STORAGE_EMULATOR_HOST";

// The precondition that nothing is there yet did not hold.
constexpr int kPreconditionFailed = 412;

std::string PlaceOf(const BucketPlace& place) { return StrCat(place.scheme, "://", place.bucket); }

class GoogleStore : public ObjectStore {
 public:
  GoogleStore(BucketPlace place, Services& services)
      : place_(std::move(place)),
        services_(services),
        emulator_(services.environment().Variable(kGoogleEmulator).value_or("")),
        tokens_(
            [this] {
              return FindGoogleCredentials(
                  kGoogleScope, {&services_.environment(), &services_.http(), &services_.clock()});
            },
            services.clock()) {}

  absl::Status PutNew(const std::string& name, const std::string& body) override {
    KS_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        Ask("POST", "/upload/storage/v1/b/", "/o",
            {{"ifGenerationMatch", "0"}, {"name", name}, {"uploadType", "media"}}, body));
    if (answer.status == kPreconditionFailed) return ObjectIsThere(PlaceOf(place_), name);
    return answer.status == 200 ? absl::OkStatus() : Refused(answer);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& prefix, size_t count) override {
    std::vector<std::string> names;
    std::string page;
    do {
      HttpHeaders query = {{"fields", "items(name),nextPageToken"},
                           {"maxResults", StrCat(count - names.size())},
                           {"prefix", prefix}};
      if (!page.empty()) query.emplace_back("pageToken", page);
      KS_ASSIGN_OR_RETURN(const HttpAnswer answer, Ask("GET", "/storage/v1/b/", "/o", query, ""));
      if (answer.status != 200) return Refused(answer);
      const nlohmann::json body = ParseJson(answer.body);
      for (const nlohmann::json& item : Member(body, "items"))
        names.push_back(TextOf(item, "name"));
      page = TextOf(body, "nextPageToken");
    } while (!page.empty() && names.size() < count);
    if (names.size() > count) names.resize(count);
    return names;
  }

  absl::StatusOr<std::string> Get(const std::string& name) override {
    KS_ASSIGN_OR_RETURN(
        HttpAnswer answer,
        Ask("GET", "/storage/v1/b/", StrCat("/o/", PercentEncode(name)), {{"alt", "media"}}, ""));
    if (answer.status != 200) return Refused(answer);
    return std::move(answer.body);
  }

 private:
  absl::StatusOr<HttpAnswer> Ask(const char* method, std::string_view before,
                                 std::string_view after, const HttpHeaders& query,
                                 std::string body) {
    std::string endpoint = emulator_.empty() ? kGoogleEndpoint : emulator_;
    if (endpoint.find("://") == std::string::npos) endpoint = StrCat("http://", endpoint);
    KS_RETURN_IF_ERROR(CheckCredentialUrl(endpoint).status());
    HttpRequest request{.method = method,
                        .url = WithQuery(StrCat(endpoint, before, place_.bucket, after), query),
                        .body = std::move(body),
                        .service = "google-cloud-storage"};
    if (*method == 'P') request.headers.emplace_back("Content-Type", "application/octet-stream");
    if (emulator_.empty()) {
      KS_ASSIGN_OR_RETURN(const Secret token, tokens_.Now());
      request.credential_version = token.Fingerprint();
      request.headers.emplace_back("Authorization", StrCat("Bearer ", token.Reveal()));
    }
    return services_.http().Send(request);
  }

  absl::Status Refused(const HttpAnswer& answer) const {
    const nlohmann::json error = Member(ParseJson(answer.body), "error");
    return BucketRefused(PlaceOf(place_), answer.status, TextOf(error, "message"));
  }

  const BucketPlace place_;
  Services& services_;
  const std::string emulator_;
  LazyTokenCache tokens_;
};

// What stands between <name> and </name>, each. Names and tokens of ours need no unescaping.
std::vector<std::string> Elements(std::string_view xml, std::string_view name) {
  const std::string open = StrCat("<", name, ">"), close = StrCat("</", name, ">");
  std::vector<std::string> found;
  for (size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at)) {
    at += open.size();
    const size_t end = xml.find(close, at);
    if (end == std::string_view::npos) break;
    found.emplace_back(xml.substr(at, end - at));
  }
  return found;
}

class AmazonStore : public ObjectStore {
 public:
  AmazonStore(BucketPlace place, Services& services)
      : place_(std::move(place)),
        services_(services),
        chain_(services.environment(), services.http(), services.clock()) {}

  absl::Status PutNew(const std::string& name, const std::string& body) override {
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, Ask("PUT", StrCat("/", name), {}, body));
    if (answer.status == kPreconditionFailed) return ObjectIsThere(PlaceOf(place_), name);
    return answer.status == 200 ? absl::OkStatus() : Refused(answer);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& prefix, size_t count) override {
    std::vector<std::string> names;
    std::string page;
    do {
      HttpHeaders query;  // sorted, as a signature wants them
      if (!page.empty()) query.emplace_back("continuation-token", page);
      query.emplace_back("list-type", "2");
      query.emplace_back("max-keys", StrCat(std::min(count - names.size(), kObjectsListed)));
      query.emplace_back("prefix", prefix);
      KS_ASSIGN_OR_RETURN(const HttpAnswer answer, Ask("GET", "", query, ""));
      if (answer.status != 200) return Refused(answer);
      for (std::string& name : Elements(answer.body, "Key")) names.push_back(std::move(name));
      const auto next = Elements(answer.body, "NextContinuationToken");
      page = next.empty() ? "" : next.front();
    } while (!page.empty() && names.size() < count);
    if (names.size() > count) names.resize(count);
    return names;
  }

  absl::StatusOr<std::string> Get(const std::string& name) override {
    KS_ASSIGN_OR_RETURN(HttpAnswer answer, Ask("GET", StrCat("/", name), {}, ""));
    if (answer.status != 200) return Refused(answer);
    return std::move(answer.body);
  }

 private:
  absl::StatusOr<HttpAnswer> Ask(const char* method, std::string_view path,
                                 const HttpHeaders& query, std::string body) {
    const auto& environment = services_.environment();
    const std::string region =
        environment.Variable("AWS_REGION")
            .value_or(environment.Variable("AWS_DEFAULT_REGION").value_or(""));
    if (region.empty()) return NoBucketRegion(PlaceOf(place_));
    KS_ASSIGN_OR_RETURN(const std::string endpoint, AwsEndpoint(environment, "S3", "s3", region));
    KS_ASSIGN_OR_RETURN(const AwsCredentials credentials, chain_.Find({region, "", ""}));
    const std::string url = StrCat(endpoint, place_.bucket, path);
    HttpRequest request{.method = method,
                        .url = query.empty() ? url : WithQuery(url, query),
                        .body = std::move(body),
                        .service = "amazon-s3",
                        .who = credentials.access_key_id,
                        .credential_version = credentials.access_key_id};
    request.headers.emplace_back("X-Amz-Content-Sha256", ContentSha256(request.body));
    if (*method == 'P') {
      request.headers.emplace_back("Content-Type", "application/octet-stream");
      request.headers.emplace_back("If-None-Match", "*");
    }
    SignRequest({region, "s3"}, credentials, services_.clock().NowNanos(), &request);
    return services_.http().Send(request);
  }

  absl::Status Refused(const HttpAnswer& answer) const {
    const auto code = Elements(answer.body, "Code");
    return BucketRefused(PlaceOf(place_), answer.status, code.empty() ? "" : code.front());
  }

  const BucketPlace place_;
  Services& services_;
  AwsCredentialChain chain_;
};

bool IsPlain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
         c == '/';
}

}  // namespace

bool IsBucketPlace(std::string_view text) {
  return text.starts_with("gs://") || text.starts_with("s3://");
}

absl::StatusOr<BucketPlace> ParseBucketPlace(std::string_view text) {
  BucketPlace place{std::string(text.substr(0, 2)), "", ""};
  const std::string_view path = text.substr(5);
  const size_t slash = std::min(path.find('/'), path.size());
  place.bucket = path.substr(0, slash);
  std::string_view prefix = path.substr(slash);
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  place.prefix = prefix;
  if (place.bucket.empty() || !std::all_of(path.begin(), path.end(), IsPlain))
    return NoBucketPlace(text);
  return place;
}

std::unique_ptr<ObjectStore> OpenObjectStore(const BucketPlace& place, Services& services) {
  if (place.scheme == "gs") return std::make_unique<GoogleStore>(place, services);
  return std::make_unique<AmazonStore>(place, services);
}

}  // namespace ks::identity
