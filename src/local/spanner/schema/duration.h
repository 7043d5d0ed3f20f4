// Durations as options write them: `1d`, `36h`, `90m`, `30s`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ks::local {

// In microseconds; nothing when `text` is no duration or does not fit.
std::optional<int64_t> ParseDuration(std::string_view text);

}  // namespace ks::local
