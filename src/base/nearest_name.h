// NearestName: the known name that a mistyped one was probably meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ks {

// The candidate with the smallest edit distance from `name` (letter case does not count), or an
// empty string when none is nearer than a third of the name's length (at least one edit is always
// allowed).
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace ks
