// Limits of SQL text.
#pragma once

#include <cstddef>

namespace ks::sql {

// Deepest nesting of a syntax tree. Bounds the stack of everything that recurses over one: the
// parser takes about 2 KiB a level, so 1,000 levels fit a thread's 8 MiB with room for the
// analyzer. Spanner itself refuses expressions nested about a thousand deep.
inline constexpr int kTreeDepthMax = 500;

// Positions are 32 bits; Spanner takes statements of 1,000,000 characters and DDL batches of 10
// MiB. https://cloud.google.com/spanner/quotas
inline constexpr size_t kStatementBytesMax = 16u << 20;

// Source lines in error texts are cut to this many columns.
inline constexpr size_t kErrorLineColumnsMax = 80;

}  // namespace ks::sql
