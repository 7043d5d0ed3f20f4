// What limits the tokens that others bring to us (jwt_check.h); apart from limits.h, which
// everything includes. Thread safety: constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::identity {

// A token that is brought to us: groups make them long.
inline constexpr size_t kJwtBytesMax = size_t{16} << 10;
// How far the clocks of an issuer and of this machine may be apart.
inline constexpr int64_t kClockLeewaySeconds = 30;
// Of an issuer.
inline constexpr size_t kKeysMax = 64;

}  // namespace ks::identity
