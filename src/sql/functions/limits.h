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

// How far JSON_SET and JSON_ARRAY_INSERT pad an array with nulls.
inline constexpr size_t kJsonArrayEditMax = 1'000'000;

// Pairs of path and value in one JSON_SET, JSON_ARRAY_APPEND or JSON_ARRAY_INSERT.
inline constexpr int kJsonEditPairsMax = 32;

}  // namespace ks::sql
