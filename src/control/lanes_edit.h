// LanesEdit: another number of lanes, put into a pipeline file's text, which stays as it is
// elsewhere. Thread safety: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace ks::control {

struct LanesEdit {
  int64_t lanes = 0;
  std::string source;  // its name under `from:`; empty: the only one
};

// {"lanes": 4, "source": "orders"}
absl::StatusOr<LanesEdit> LanesEditOf(const nlohmann::json& options);

// `name` is the pipeline's. INVALID_ARGUMENT where the file has several sources, or no such one.
absl::StatusOr<std::string> WithLanes(const std::string& name, const std::string& file,
                                      const LanesEdit& edit);

}  // namespace ks::control
