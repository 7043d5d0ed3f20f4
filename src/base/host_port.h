// HOST:PORT, as people write where to listen. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "base/str_cat.h"

namespace ks {

struct HostPort {
  std::string host;
  int port = 0;
};

// Nothing where there is no colon, or no port from 0 to 65535 after the last one.
inline std::optional<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  int port = -1;
  if (!absl::SimpleAtoi(AbslView(text.substr(colon + 1)), &port) || port < 0 || port > 65535)
    return std::nullopt;
  return HostPort{std::string(text.substr(0, colon)), port};
}

}  // namespace ks
