// The real Environment::Run (environment.h). Thread safety: any thread. Test: program_test.cc.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "env/environment.h"

namespace ks::env {

absl::StatusOr<std::string> RunProgram(const ProgramRun& run);

}  // namespace ks::env
