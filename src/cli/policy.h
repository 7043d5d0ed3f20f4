// Reads the policy file that a command names.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "governance/policy/policy_file.h"

namespace ks::cli {

absl::StatusOr<governance::Policy> ReadPolicyFile(const std::string& path);

}  // namespace ks::cli
