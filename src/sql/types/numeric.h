// NUMERIC literals. Thread safety: pure functions. Parsing and printing stand in value.h.
#pragma once

#include <string_view>

namespace ks::sql {

// False when `text` has more than 9 digits after the point: a literal may not be rounded.
bool FitsNumericExactly(std::string_view text);

}  // namespace ks::sql
