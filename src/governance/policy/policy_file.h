// Reads a policy file. The form of the file is docs/guide/policy.md.
//
// Errors point into the file, as a pipeline file's do. What would silently never apply is an error:
// an environment, a label, a role, an issuer or a function that nobody knows. Thread safety: a pure
// function.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "governance/policy/policy.h"

namespace ks::governance {

absl::StatusOr<Policy> ParsePolicy(std::string file_name, std::string text);

}  // namespace ks::governance
