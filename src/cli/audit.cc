#include "cli/audit.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

#include "base/status_macros.h"
#include "base/str_cat.h"

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

absl::StatusOr<std::unique_ptr<governance::AuditLog>> OpenAuditLog(
    const pipeline::PipelineSpec& spec, const Connection& connection) {
  if (!spec.audit) return nullptr;
  KS_ASSIGN_OR_RETURN(const auto secret, connection.identity->secrets().Resolve(spec.audit->key));
  KS_ASSIGN_OR_RETURN(auto key,
                      governance::AuditKey::Private(secret.value.Reveal(), spec.audit->key.text));
  std::vector<std::shared_ptr<governance::CheckpointSink>> sinks(1);
  KS_ASSIGN_OR_RETURN(sinks[0], governance::OpenCheckpointFile(spec.audit->checkpoints));
  return std::make_unique<governance::AuditLog>(
      governance::AuditLogOptions{
          .client = connection.client.get(), .pipeline = spec.name, .actor = LocalActor()},
      std::move(key), std::move(sinks));
}

}  // namespace ks::cli
