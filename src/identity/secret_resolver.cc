#include "identity/secret_resolver.h"

#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/credential_metrics.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/limits.h"
#include "observe/log.h"

namespace ks::identity {
namespace {

class EnvStore : public SecretStore {
 public:
  explicit EnvStore(const env::Environment& environment) : environment_(environment) {}

  absl::StatusOr<SecretVersion> Fetch(const SecretReference& reference) override {
    std::optional<std::string> value = environment_.Variable(reference.path);
    if (!value.has_value()) return VariableNotSet(reference.text, reference.path);
    Secret secret{*std::move(value)};
    std::string version = secret.Fingerprint();
    return SecretVersion{std::move(secret), std::move(version)};
  }

 private:
  const env::Environment& environment_;
};

// Files, and Kubernetes mounts: there the kubelet swaps the whole directory by one link, `..data`,
// whose target is a time, so that is the version.
// https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically
class FileStore : public SecretStore {
 public:
  explicit FileStore(const env::Environment& environment) : environment_(environment) {}

  absl::StatusOr<SecretVersion> Fetch(const SecretReference& reference) override {
    auto content = environment_.ReadFile(reference.path);
    if (!content.ok()) return SecretNotRead(reference.text, content.status());
    Secret secret{WithoutLineEnd(*std::move(content))};
    std::string version = secret.Fingerprint();
    if (reference.place == SecretPlace::kKubernetes) {
      const std::string mount = reference.path.substr(0, reference.path.rfind('/'));
      const auto generation = environment_.ReadLink(StrCat(mount, "/..data"));
      if (generation.ok()) version = *generation;
    }
    return SecretVersion{std::move(secret), std::move(version)};
  }

 private:
  const env::Environment& environment_;
};

absl::StatusOr<Secret> FieldOf(const SecretReference& reference, const Secret& whole) {
  const nlohmann::json field = Member(ParseJson(whole.Reveal()), reference.field.c_str());
  if (!field.is_string()) return SecretHasNoField(reference.text, reference.field);
  return Secret(field.get<std::string>());
}

}  // namespace

SecretResolver::SecretResolver(const env::Environment& environment, env::Clock& clock,
                               observe::Metrics* metrics)
    : clock_(clock), metrics_(metrics) {
  Add(SecretPlace::kEnv, std::make_unique<EnvStore>(environment));
  Add(SecretPlace::kFile, std::make_unique<FileStore>(environment));
  Add(SecretPlace::kKubernetes, std::make_unique<FileStore>(environment));
}

void SecretResolver::Add(SecretPlace place, std::unique_ptr<SecretStore> store) {
  stores_[place] = std::move(store);
}

absl::StatusOr<SecretVersion> SecretResolver::FetchRemote(SecretStore& store,
                                                          const SecretReference& reference) {
  const std::string name = reference.text.substr(0, reference.text.find('#'));
  const int64_t now = clock_.MonotonicNanos();
  {
    std::lock_guard lock(mu_);
    const auto known = answers_.find(name);
    if (known != answers_.end() &&
        now - known->second.asked_at_nanos < kSecretKeepSeconds * env::kNanosPerSecond) {
      return known->second.secret;
    }
  }
  auto secret = store.Fetch(reference);
  std::lock_guard lock(mu_);
  answers_.insert_or_assign(name, Answer{secret, now});
  return secret;
}

absl::StatusOr<SecretVersion> SecretResolver::Read(const SecretReference& reference) {
  const auto store = stores_.find(reference.place);
  KS_CHECK(store != stores_.end());  // Services adds all that the parser knows
  const bool remote = store->second->remote();
  KS_ASSIGN_OR_RETURN(SecretVersion secret, remote ? FetchRemote(*store->second, reference)
                                                   : store->second->Fetch(reference));
  if (!reference.field.empty()) {
    KS_ASSIGN_OR_RETURN(secret.value, FieldOf(reference, secret.value));
  }
  if (secret.value.empty()) return EmptySecret(reference.text);
  return secret;
}

// The environment is never asked in vain.
observe::Series* SecretResolver::Told(const SecretReference& reference) {
  const bool told = metrics_ != nullptr && reference.place != SecretPlace::kEnv;
  return told ? &metrics_->Credential(reference.text) : nullptr;
}

void SecretResolver::Remember(const SecretReference& reference, const SecretVersion& secret) {
  std::lock_guard lock(mu_);
  const auto [found, first] = good_.try_emplace(reference.text);
  Good& good = found->second;
  if (first || good.secret.version != secret.version) {
    TellCredential(Told(reference), clock_.NowNanos(), kNeverExpires);
  }
  if (good.failing) observe::LogInfo(StrCat(reference.text, " can be read again"));
  good = {.secret = secret};
}

absl::StatusOr<SecretVersion> SecretResolver::LastGood(const SecretReference& reference,
                                                       const absl::Status& why_not) {
  std::lock_guard lock(mu_);
  const auto found = good_.find(reference.text);
  if (found == good_.end()) return why_not;
  Good& good = found->second;
  const int64_t now = clock_.MonotonicNanos();
  if (!good.failing || now - good.told_at_nanos >= kSecretKeepSeconds * env::kNanosPerSecond) {
    TellFailure(Told(reference));
    good.told_at_nanos = now;
  }
  if (!std::exchange(good.failing, true)) {
    observe::LogWarning(
        StrCat(reference.text,
               " cannot be read anew, and what it was stays in use: ", View(why_not.message())));
  }
  return good.secret;
}

absl::StatusOr<SecretVersion> SecretResolver::Resolve(const SecretReference& reference) {
  auto secret = Read(reference);
  if (!secret.ok()) return LastGood(reference, secret.status());
  Remember(reference, *secret);
  return secret;
}

}  // namespace ks::identity
