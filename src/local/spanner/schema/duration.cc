#include "local/spanner/schema/duration.h"

#include <charconv>

namespace ks::local {

std::optional<int64_t> ParseDuration(std::string_view text) {
  int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || unit + 1 != end || count < 0) return std::nullopt;
  int64_t seconds = 0;
  switch (*unit) {
    case 's':
      seconds = 1;
      break;
    case 'm':
      seconds = 60;
      break;
    case 'h':
      seconds = 3600;
      break;
    case 'd':
      seconds = 86'400;
      break;
    default:
      return std::nullopt;
  }
  if (count > INT64_MAX / (seconds * 1'000'000)) return std::nullopt;
  return count * seconds * 1'000'000;
}

}  // namespace ks::local
