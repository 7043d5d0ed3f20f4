#include "formats/registry.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/string_map.h"
#include "formats/errors.h"
#include "formats/limits.h"
#include "identity/oauth.h"
#include "identity/proved_secret.h"
#include "identity/token_cache.h"
#include "identity/url.h"

namespace ks::formats {
namespace {

using nlohmann::json;

class Registry : public SchemaStore {
 public:
  Registry(RegistrySettings settings, RegistryServices services)
      : settings_(std::move(settings)),
        services_(services),
        proved_(StrCat("the credential for the schema registry at ", settings_.url)) {
    while (settings_.url.ends_with('/')) settings_.url.pop_back();
    if (!settings_.oauth.has_value()) return;
    tokens_ = std::make_unique<identity::LazyTokenCache>(
        [this] {
          return absl::StatusOr<std::unique_ptr<identity::TokenSource>>(
              identity::MakeOauthTokenSource(
                  *settings_.oauth,
                  {services_.http, services_.secrets, services_.clock, services_.random}));
        },
        *services_.clock);
  }

  ~Registry() override {
    {
      const std::lock_guard lock(mu_);
      ending_ = true;
    }
    wake_.notify_all();
    if (fetcher_.joinable()) fetcher_.join();
  }

  absl::StatusOr<RegisteredSchemaPtr> ById(int32_t id) override {
    {
      const std::lock_guard lock(mu_);
      if (const auto* answer = AtHand(id)) return *answer;
    }
    auto schema = Fetch(StrCat("/schemas/ids/", id), StrCat(id), {kRegistryAttempts, nullptr});
    const std::lock_guard lock(mu_);
    Remember(id, schema);
    return schema;
  }

  absl::StatusOr<RegisteredSchemaPtr> Latest(std::string_view subject) override {
    return Fetch(StrCat("/subjects/", identity::PercentEncode(subject), "/versions/latest"),
                 subject, {kRegistryAttempts, nullptr});
  }

  bool Prepare(int32_t id, const Told& told) override {
    const std::lock_guard lock(mu_);
    if (AtHand(id) != nullptr) return true;
    auto& waiting = wanted_[id];
    waiting.push_back(told);
    if (!fetcher_.joinable()) fetcher_ = std::thread([this] { FetchWanted(); });
    if (waiting.size() == 1) wake_.notify_all();
    return false;
  }

 private:
  struct Attempts {
    int count = 0;
    Told failed;  // of each but the last; null: nobody is told
  };
  struct Answer {
    absl::StatusOr<RegisteredSchemaPtr> schema;
    int64_t at = 0;
  };

  // With mu_ held. Null: it is to be asked for.
  const absl::StatusOr<RegisteredSchemaPtr>* AtHand(int32_t id) {
    const auto found = answers_.find(id);
    if (found == answers_.end()) return nullptr;
    const Answer& answer = found->second;
    const int64_t age = services_.clock->MonotonicNanos() - answer.at;
    return answer.schema.ok() || age < kNoSchemaMillis * 1000000 ? &answer.schema : nullptr;
  }

  // With mu_ held.
  void Remember(int32_t id, const absl::StatusOr<RegisteredSchemaPtr>& schema) {
    if (!schema.ok() && ++failures_ > kNoSchemasMax) {
      std::erase_if(answers_, [](const auto& entry) { return !entry.second.schema.ok(); });
      failures_ = 1;
    }
    answers_.insert_or_assign(id, Answer{schema, services_.clock->MonotonicNanos()});
  }

  // The fetcher's thread: one number after the other, until the end.
  void FetchWanted() {
    std::unique_lock lock(mu_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !wanted_.empty(); });
      if (ending_) return;
      const int32_t id = wanted_.begin()->first;
      lock.unlock();
      const auto schema = Fetch(StrCat("/schemas/ids/", id), StrCat(id),
                                {kRegistryPatientAttempts,
                                 [this, id](const absl::Status& failed) { TellOf(id, failed); }});
      lock.lock();
      Remember(id, schema);
      const auto waiting = wanted_.extract(id);
      lock.unlock();
      for (const Told& told : waiting.mapped()) told(absl::OkStatus());
      lock.lock();
    }
  }

  void TellOf(int32_t id, const absl::Status& failed) {
    std::vector<Told> waiting;
    {
      const std::lock_guard lock(mu_);
      waiting = wanted_[id];
    }
    for (const Told& told : waiting) told(failed);
  }

  // Until it is time for an attempt again; false: there is no more time.
  bool Pause(int attempt) {
    std::unique_lock lock(mu_);
    return !wake_.wait_for(lock, std::chrono::milliseconds(kRegistryRetryMillis << attempt),
                           [this] { return ending_; });
  }

  absl::StatusOr<RegisteredSchemaPtr> Fetch(const std::string& path, std::string_view what,
                                            const Attempts& attempts) {
    KS_ASSIGN_OR_RETURN(const json answer, Get(path, what, attempts));
    auto schema = std::make_shared<RegisteredSchema>();
    if (!answer.contains("schema") || !answer["schema"].is_string())
      return RegistryAnswer(settings_.url, "it has no `schema`");
    schema->text = answer["schema"].get<std::string>();
    const auto type = answer.find("schemaType");
    if (type != answer.end() && type->is_string()) schema->type = type->get<std::string>();
    StringSet seen;
    KS_RETURN_IF_ERROR(AddReferences(answer, attempts, 0, &seen, schema.get()));
    return schema;
  }

  // What the schema of `answer` uses, the deepest first, each once.
  absl::Status AddReferences(const json& answer, const Attempts& attempts, size_t depth,
                             StringSet* seen, RegisteredSchema* schema) {
    const auto references = answer.find("references");
    if (references == answer.end() || !references->is_array()) return absl::OkStatus();
    if (depth > kReferenceDepthMax)
      return RegistryAnswer(settings_.url, "schemas refer to each other without end");
    for (const json& reference : *references) {
      if (!reference.is_object() || !reference.contains("name") || !reference["name"].is_string() ||
          !reference.contains("subject") || !reference["subject"].is_string() ||
          !reference.contains("version") || !reference["version"].is_number_integer())
        return RegistryAnswer(settings_.url, "a reference has no name, subject or version");
      const std::string name = reference["name"].get<std::string>();
      if (!seen->insert(name).second) continue;
      const std::string subject = reference["subject"].get<std::string>();
      KS_ASSIGN_OR_RETURN(const json referred,
                          Get(StrCat("/subjects/", identity::PercentEncode(subject), "/versions/",
                                     reference["version"].get<int64_t>()),
                              subject, attempts));
      KS_RETURN_IF_ERROR(AddReferences(referred, attempts, depth + 1, seen, schema));
      if (!referred.contains("schema") || !referred["schema"].is_string())
        return RegistryAnswer(settings_.url, "it has no `schema`");
      schema->references.emplace_back(name, referred["schema"].get<std::string>());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<json> Get(const std::string& path, std::string_view what,
                           const Attempts& attempts) {
    absl::Status failed;
    for (int attempt = 0; attempt < attempts.count; ++attempt) {
      if (attempt > 0 && attempts.failed != nullptr) attempts.failed(failed);
      if (attempt > 0 && !Pause(attempt)) break;
      const auto answer = Send(Request(path));
      const bool no_use =
          absl::IsUnauthenticated(answer.status()) || absl::IsInvalidArgument(answer.status());
      if (no_use || (answer.ok() && IsRefusal(*answer))) {
        failed = RegistryRefused(settings_.url, no_use ? std::string(answer.status().message())
                                                       : StrCat("HTTP status ", answer->status));
        // A pipeline that runs has been let in before: a person may mend it.
        if (attempts.failed == nullptr) return failed;
        continue;
      }
      if (!answer.ok()) {
        failed = RegistryUnreachable(settings_.url, View(answer.status().message()));
        continue;
      }
      if (answer->status == 404) return absl::NotFoundError(NoSuchSchema(what));
      if (answer->status == 200) {
        json parsed = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
        if (parsed.is_object()) return parsed;
        return RegistryAnswer(settings_.url, "it is no JSON object");
      }
      failed = RegistryUnreachable(settings_.url, StrCat("HTTP status ", answer->status));
      if (answer->status < 500 && answer->status != 429) return failed;
    }
    return failed;
  }

  static bool IsRefusal(const identity::HttpAnswer& answer) {
    return answer.status == 401 || answer.status == 403;
  }

  identity::HttpRequest Request(const std::string& path) {
    identity::HttpRequest request{.url = settings_.url + path,
                                  .ca = settings_.ca,
                                  .service = "schema-registry",
                                  .who = settings_.username};
    request.headers.emplace_back("Accept", "application/vnd.schemaregistry.v1+json");
    request.headers.insert(request.headers.end(), settings_.headers.begin(),
                           settings_.headers.end());
    return request;
  }

  // All that proves who we are.
  struct Proof {
    identity::Secret authorization;  // the password or the token; empty: none, or one is fetched
    identity::CertificatePem certificate;
    std::string version;  // of them together
  };

  absl::StatusOr<Proof> ReadProof() {
    Proof proof;
    identity::Secret chain;
    const auto password = settings_.token.empty() ? settings_.password : settings_.token;
    for (const auto& [reference, secret] :
         {std::pair(password, &proof.authorization),
          std::pair(identity::FileReference(settings_.certificate), &chain),
          std::pair(settings_.private_key, &proof.certificate.key),
          std::pair(settings_.private_key_password, &proof.certificate.key_password)}) {
      if (reference.empty()) continue;
      KS_ASSIGN_OR_RETURN(identity::SecretVersion read, services_.secrets->Resolve(reference));
      *secret = std::move(read.value);
      StrAppend(&proof.version, proof.version.empty() ? "" : "+", read.version);
    }
    proof.certificate.chain = chain.Reveal();
    return proof;
  }

  // With what proves who we are. UNAUTHENTICATED where there is nothing to prove it with.
  absl::StatusOr<identity::HttpAnswer> Send(const identity::HttpRequest& request) {
    if (settings_.has_credential()) {
      KS_RETURN_IF_ERROR(identity::CheckCredentialUrl(settings_.url).status());
    }
    KS_ASSIGN_OR_RETURN(const Proof proof, ReadProof());
    const auto send = [&](const Proof& shown) {
      return tokens_ == nullptr ? SendOnce(request, shown) : SendWithToken(request, shown);
    };
    return proved_.Try(proof, send, [](const absl::StatusOr<identity::HttpAnswer>& answer) {
      return answer.ok() ? IsRefusal(*answer) : absl::IsUnauthenticated(answer.status());
    });
  }

  absl::StatusOr<identity::HttpAnswer> SendOnce(identity::HttpRequest request, const Proof& proof) {
    request.certificate = proof.certificate;
    request.credential_version = proof.version;
    if (!proof.authorization.empty()) {
      request.headers.emplace_back("Authorization", AuthorizationOf(proof.authorization));
    }
    return services_.http->Send(request);
  }

  absl::StatusOr<identity::HttpAnswer> SendWithToken(const identity::HttpRequest& request,
                                                     Proof proof) {
    const auto send = [&](const identity::Secret& token) {
      proof.authorization = token;
      proof.version = token.Fingerprint();
      return SendOnce(request, proof);
    };
    KS_ASSIGN_OR_RETURN(const identity::Secret token, tokens_->Now());
    auto answer = send(token);
    // One that was revoked before its time: a new one mends it.
    if (!answer.ok() || !IsRefusal(*answer) || !tokens_->Drop()) return answer;
    KS_ASSIGN_OR_RETURN(const identity::Secret next, tokens_->Now());
    return send(next);
  }

  std::string AuthorizationOf(const identity::Secret& proof) const {
    if (settings_.username.empty()) return "Bearer " + proof.Reveal();
    return "Basic " + absl::Base64Escape(StrCat(settings_.username, ":", proof.Reveal()));
  }

  RegistrySettings settings_;
  const RegistryServices services_;
  identity::ProvedSecret<Proof> proved_;
  std::unique_ptr<identity::LazyTokenCache> tokens_;  // null: none is fetched
  std::mutex mu_;
  std::condition_variable wake_;
  bool ending_ = false;                          // guarded by mu_, as all below
  std::map<int32_t, Answer> answers_;            // errors for a while only
  size_t failures_ = 0;                          // since errors were last forgotten
  std::map<int32_t, std::vector<Told>> wanted_;  // whom to tell of a number that is fetched
  std::thread fetcher_;
};

}  // namespace

std::shared_ptr<SchemaStore> MakeRegistry(RegistrySettings settings, RegistryServices services) {
  return std::make_shared<Registry>(std::move(settings), services);
}

}  // namespace ks::formats
