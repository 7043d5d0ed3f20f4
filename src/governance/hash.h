// SHA-256 as people and JSON see it. Thread safety: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace ks::governance {

std::string Sha256Hex(std::string_view bytes);

}  // namespace ks::governance
