// FarmHash's Fingerprint64 (the `na` variant): fixed for ever, the same everywhere.
// https://github.com/google/farmhash
#pragma once

#include <cstdint>
#include <string_view>

namespace ks::sql {

uint64_t FarmFingerprint(std::string_view bytes);

}  // namespace ks::sql
