// Opens the audit log that a pipeline file asks for.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/connect.h"
#include "governance/audit/audit_log.h"
#include "pipeline/spec.h"

namespace ks::cli {

// Null where the file has no `audit:`. `connection` outlives the log. Fails where the key or a
// place of checkpoints cannot be used: then nothing may be done.
absl::StatusOr<std::unique_ptr<governance::AuditLog>> OpenAuditLog(
    const pipeline::PipelineSpec& spec, const Connection& connection);

// Where checkpoints of that database's log go; a path is as it stands in `spec`. `identity`
// outlives them.
absl::StatusOr<std::vector<std::shared_ptr<governance::CheckpointSink>>> OpenCheckpointSinks(
    const pipeline::AuditSpec& spec, std::string_view database, identity::Services& identity);

// Steps that go on record as changes of `step`, which outlives them.
operations::Steps OnRecord(governance::AuditLog::Step& step);

}  // namespace ks::cli
