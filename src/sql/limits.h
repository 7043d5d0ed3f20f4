// Limits of the engine itself. What Spanner refuses for its size: local/spanner/limits.h.
#pragma once

#include <cstdint>

namespace ks::sql {

inline constexpr int64_t kQueryMemoryBytesMax =
    int64_t{2} << 30;                         // sorts, hash tables, WITH tables of one query
inline constexpr uint32_t kBatchRows = 1024;  // rows an operator hands on at once
inline constexpr int kViewDepthMax = 16;        // views in views
inline constexpr int kLookupRangesMax = 10000;  // key ranges that a predicate may become

}  // namespace ks::sql
