// JSON text as Spanner prints it: pieces for whoever builds JSON, and what NormalizeJson is made
// of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ks::sql {

enum class WideNumbers : uint8_t {
  kExact,  // a number that fits neither 64 bits nor a double exactly is an error
  kRound,  // it becomes the nearest double
};

// "text" with the escapes Spanner uses: quote, backslash, \b \f \n \r \t, \u00xx for other control
// characters.
void AppendJsonString(std::string_view text, std::string* out);
// 1.0, 0.1, 1e+20: the shortest digits that read back, always with a point or an exponent; "NaN",
// "Infinity" and
// "-Infinity" in quotes.
void AppendJsonFloat64(double v, std::string* out);
// Like NormalizeJson of value.h, with a choice for wide numbers; `out` gets the text appended.
absl::Status AppendNormalizedJson(std::string_view text, WideNumbers wide, std::string* out);

}  // namespace ks::sql
