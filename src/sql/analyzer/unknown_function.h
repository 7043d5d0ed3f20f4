// The error for a function that Spanner does not have. Thread safety: a free function.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace ks::sql {

// UNIMPLEMENTED for one that GoogleSQL has elsewhere, as Spanner says it; else INVALID_ARGUMENT at
// `position`.
absl::Status UnknownFunction(uint32_t position, std::string_view written);

}  // namespace ks::sql
