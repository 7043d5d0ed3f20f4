// Opens the audit log that a pipeline file asks for.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "cli/connect.h"
#include "governance/audit/audit_log.h"
#include "pipeline/spec.h"

namespace ks::cli {

// Null where the file has no `audit:`. `connection` outlives the log. Fails where the key or the
// file of checkpoints cannot be used: then nothing may be done.
absl::StatusOr<std::unique_ptr<governance::AuditLog>> OpenAuditLog(
    const pipeline::PipelineSpec& spec, const Connection& connection);

}  // namespace ks::cli
