// Keys as people read them in error messages: `[1,abc,2024-01-31]`, as production prints them.
#pragma once

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "local/spanner/storage/key_codec.h"

namespace ks::local {

std::string FormatKey(const KeyShape& shape, absl::Span<const sql::Datum> values);
// `key` is encoded; undecodable bytes print as `[?]`. The first `parts` parts; 0: all.
std::string FormatEncodedKey(const KeyShape& shape, std::string_view key, size_t parts = 0);

}  // namespace ks::local
