// What stands between the quotes of a literal, with its escapes undone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::sql {

struct EscapeRules {
  bool raw = false;    // backslashes stand for themselves
  bool bytes = false;  // \xHH and octals are bytes (else characters), \u is not allowed
};

// On an error `*error_at` is where in `body` the wrong escape begins. Line ends become \n.
absl::Status Unescape(std::string_view body, EscapeRules rules, std::string* out, size_t* error_at);

}  // namespace ks::sql
