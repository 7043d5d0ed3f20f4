// Limits of functions, with where each comes from.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::sql {

// GENERATE_ARRAY, GENERATE_DATE_ARRAY: "Cannot generate arrays with more than 16000 elements."
inline constexpr int64_t kGeneratedElementsMax = 16000;

// REPEAT, LPAD, RPAD, REPLACE …: "exceeds max allowed output size of 1MB".
inline constexpr size_t kStringOutputBytesMax = 1 << 20;

// Memory that one compiled regular expression may take; RE2 answers "pattern too large" beyond it.
inline constexpr int64_t kRegexpMemoryBytesMax = 8 << 20;

// How many compiled patterns that are no constants a batch keeps.
inline constexpr size_t kRegexpsKeptMax = 64;

}  // namespace ks::sql
