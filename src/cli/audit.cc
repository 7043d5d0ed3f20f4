#include "cli/audit.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/audit/checkpoint_bucket.h"
#include "governance/audit/checkpoint_topic.h"

namespace ks::cli {
namespace {

// The account of this machine that runs the command.
governance::Actor LocalActor() {
  std::array<char, 256> host = {};
  gethostname(host.data(), host.size() - 1);
  const uid_t uid = getuid();
  std::array<char, 4096> buffer;
  passwd entry = {};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return {StrCat("os:", host.data()),
          found != nullptr ? std::string(found->pw_name) : StrCat("uid ", uid)};
}

}  // namespace

absl::StatusOr<std::vector<std::shared_ptr<governance::CheckpointSink>>> OpenCheckpointSinks(
    const pipeline::AuditSpec& spec, std::string_view database, identity::Services& identity) {
  std::vector<std::shared_ptr<governance::CheckpointSink>> sinks;
  if (identity::IsBucketPlace(spec.checkpoints)) {
    KS_ASSIGN_OR_RETURN(const auto place, identity::ParseBucketPlace(spec.checkpoints));
    sinks.push_back(governance::OpenCheckpointBucket(place, identity));
  } else if (!spec.checkpoints.empty()) {
    KS_ASSIGN_OR_RETURN(sinks.emplace_back(), governance::OpenCheckpointFile(spec.checkpoints));
  }
  if (spec.topic) {
    KS_ASSIGN_OR_RETURN(
        sinks.emplace_back(),
        governance::OpenCheckpointTopic(*spec.topic, governance::OriginOf(database), identity));
  }
  return sinks;
}

absl::StatusOr<std::unique_ptr<governance::AuditLog>> OpenAuditLog(
    const pipeline::PipelineSpec& spec, const Connection& connection) {
  if (!spec.audit) return nullptr;
  KS_ASSIGN_OR_RETURN(const auto secret, connection.identity->secrets().Resolve(spec.audit->key));
  KS_ASSIGN_OR_RETURN(auto key,
                      governance::AuditKey::Private(secret.value.Reveal(), spec.audit->key.text));
  KS_ASSIGN_OR_RETURN(auto sinks, OpenCheckpointSinks(*spec.audit, connection.client->database(),
                                                      *connection.identity));
  return std::make_unique<governance::AuditLog>(
      governance::AuditLogOptions{
          .client = connection.client.get(), .pipeline = spec.name, .actor = LocalActor()},
      std::move(key), std::move(sinks));
}

operations::Steps OnRecord(governance::AuditLog::Step& step) {
  return {.with = [&step](spanner::Client::Transaction& transaction, const nlohmann::json& details,
                          std::string* wire) { return step.Append(transaction, details, wire); }};
}

}  // namespace ks::cli
