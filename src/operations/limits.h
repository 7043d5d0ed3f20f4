// Every limit of this module.
#pragma once

#include <cstddef>

namespace ks::operations {

// Dead letters that a transaction deletes.
inline constexpr size_t kDiscardedAtOnce = 1'000;
// Dead letters of an operation that is planned as data: their places are in its plan.
inline constexpr size_t kPlannedLettersMax = 10'000;
// Partitions of an operation that is planned as data.
inline constexpr size_t kPlannedPartitionsMax = 10'000;

}  // namespace ks::operations
