#include "identity/object_store.h"

#include <algorithm>
#include <cctype>

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
constexpr char kContentType[] = "application/octet-stream";

// The precondition that nothing is there yet did not hold.
constexpr int kPreconditionFailed = 412;

std::string PlaceOf(const BucketPlace& place) { return StrCat(place.scheme, "://", place.bucket); }

// What the services have in common: each says how a request of its own looks, and what is in an
// answer.
class Bucket : public ObjectStore {
 public:
  explicit Bucket(BucketPlace place) : place_(std::move(place)) {}

  absl::Status PutNew(const std::string& name, const std::string& body) override {
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, AskPut(name, body));
    if (answer.status == kPreconditionFailed) return ObjectIsThere(PlaceOf(place_), name);
    return answer.status == 200 ? absl::OkStatus() : Refused(answer);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& prefix, size_t count) override {
    Page page;
    do {
      const size_t most = std::min(count - page.names.size(), kObjectsListed);
      KS_ASSIGN_OR_RETURN(const HttpAnswer answer, AskPage(prefix, most, page.next));
      if (answer.status != 200) return Refused(answer);
      ReadPage(answer.body, &page);
    } while (!page.next.empty() && page.names.size() < count);
    if (page.names.size() > count) page.names.resize(count);
    return std::move(page.names);
  }

  absl::StatusOr<std::string> Get(const std::string& name) override {
    KS_ASSIGN_OR_RETURN(HttpAnswer answer, AskGet(name));
    if (answer.status != 200) return Refused(answer);
    return std::move(answer.body);
  }

 protected:
  struct Page {
    std::vector<std::string> names;  // of all pages so far
    std::string next;                // a token; empty: there are no more
  };
  using Answer = absl::StatusOr<HttpAnswer>;
  virtual Answer AskPut(const std::string& name, const std::string& body) = 0;
  virtual Answer AskGet(const std::string& name) = 0;
  virtual Answer AskPage(const std::string& prefix, size_t most, const std::string& token) = 0;
  virtual void ReadPage(const std::string& body, Page* page) const = 0;
  virtual std::string ReasonIn(const std::string& body) const = 0;

  const BucketPlace place_;

 private:
  absl::Status Refused(const HttpAnswer& answer) const {
    return BucketRefused(PlaceOf(place_), answer.status, ReasonIn(answer.body));
  }
};

class GoogleBucket : public Bucket {
 public:
  GoogleBucket(BucketPlace place, Services& services)
      : Bucket(std::move(place)),
        services_(services),
        emulator_(services.environment().Variable(kGoogleEmulator).value_or("")),
        tokens_(
            [this] {
              return FindGoogleCredentials(
                  kGoogleScope, {&services_.environment(), &services_.http(), &services_.clock()});
            },
            services.clock()) {}

 private:
  Answer AskPut(const std::string& name, const std::string& body) override {
    return Ask("POST", "/upload/storage/v1/b/", "/o",
               {{"ifGenerationMatch", "0"}, {"name", name}, {"uploadType", "media"}}, body);
  }

  Answer AskGet(const std::string& name) override {
    return Ask("GET", kObjects, StrCat("/o/", PercentEncode(name)), {{"alt", "media"}}, "");
  }

  Answer AskPage(const std::string& prefix, size_t most, const std::string& token) override {
    HttpHeaders query = {
        {"fields", "items(name),nextPageToken"}, {"maxResults", StrCat(most)}, {"prefix", prefix}};
    if (!token.empty()) query.emplace_back("pageToken", token);
    return Ask("GET", kObjects, "/o", query, "");
  }

  void ReadPage(const std::string& body, Page* page) const override {
    const nlohmann::json read = ParseJson(body);
    for (const nlohmann::json& item : Member(read, "items"))
      page->names.push_back(TextOf(item, "name"));
    page->next = TextOf(read, "nextPageToken");
  }

  std::string ReasonIn(const std::string& body) const override {
    return TextOf(Member(ParseJson(body), "error"), "message");
  }

  Answer Ask(const char* method, std::string_view before, std::string_view after,
             const HttpHeaders& query, std::string body) {
    std::string endpoint = emulator_.empty() ? kGoogleEndpoint : emulator_;
    if (endpoint.find("://") == std::string::npos) endpoint = StrCat("http://", endpoint);
    KS_RETURN_IF_ERROR(CheckCredentialUrl(endpoint).status());
    HttpRequest request{.method = method,
                        .url = WithQuery(StrCat(endpoint, before, place_.bucket, after), query),
                        .body = std::move(body),
                        .service = "google-cloud-storage"};
    if (*method == 'P') request.headers.emplace_back("Content-Type", kContentType);
    if (emulator_.empty()) {
      KS_ASSIGN_OR_RETURN(const Secret token, tokens_.Now());
      request.credential_version = token.Fingerprint();
      request.headers.emplace_back("Authorization", StrCat("Bearer ", token.Reveal()));
    }
    return services_.http().Send(request);
  }

  static constexpr char kObjects[] = "/storage/v1/b/";
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

std::string FirstElement(std::string_view xml, std::string_view name) {
  const auto found = Elements(xml, name);
  return found.empty() ? "" : found.front();
}

class AmazonBucket : public Bucket {
 public:
  AmazonBucket(BucketPlace place, Services& services)
      : Bucket(std::move(place)),
        services_(services),
        credentials_(services.environment(), services.http(), services.clock()) {}

 private:
  Answer AskPut(const std::string& name, const std::string& body) override {
    return Ask("PUT", StrCat("/", name), {}, body);
  }

  Answer AskGet(const std::string& name) override { return Ask("GET", StrCat("/", name), {}, ""); }

  Answer AskPage(const std::string& prefix, size_t most, const std::string& token) override {
    HttpHeaders query;  // sorted, as a signature wants them
    if (!token.empty()) query.emplace_back("continuation-token", token);
    query.emplace_back("list-type", "2");
    query.emplace_back("max-keys", StrCat(most));
    query.emplace_back("prefix", prefix);
    return Ask("GET", "", query, "");
  }

  void ReadPage(const std::string& body, Page* page) const override {
    for (std::string& name : Elements(body, "Key")) page->names.push_back(std::move(name));
    page->next = FirstElement(body, "NextContinuationToken");
  }

  std::string ReasonIn(const std::string& body) const override {
    return FirstElement(body, "Code");
  }

  Answer Ask(const char* method, std::string_view path, const HttpHeaders& query,
             std::string body) {
    const std::string region = AwsRegion(services_.environment());
    if (region.empty()) return NoBucketRegion(PlaceOf(place_));
    KS_ASSIGN_OR_RETURN(const std::string endpoint,
                        AwsEndpoint(services_.environment(), "S3", "s3", region));
    KS_ASSIGN_OR_RETURN(const AwsCredentials credentials, credentials_.Find(region));
    const std::string url = StrCat(endpoint, place_.bucket, path);
    HttpRequest request{.method = method,
                        .url = query.empty() ? url : WithQuery(url, query),
                        .body = std::move(body),
                        .service = "amazon-s3",
                        .who = credentials.access_key_id,
                        .credential_version = credentials.access_key_id};
    request.headers.emplace_back("X-Amz-Content-Sha256", ContentSha256(request.body));
    if (*method == 'P') {
      request.headers.emplace_back("Content-Type", kContentType);
      request.headers.emplace_back("If-None-Match", "*");
    }
    SignRequest({region, "s3"}, credentials, services_.clock().NowNanos(), &request);
    return services_.http().Send(request);
  }

  Services& services_;
  AwsCredentialCache credentials_;
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
  if (place.scheme == "gs") return std::make_unique<GoogleBucket>(place, services);
  return std::make_unique<AmazonBucket>(place, services);
}

}  // namespace ks::identity
