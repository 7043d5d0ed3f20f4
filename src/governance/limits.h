// Every limit of governance.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::governance {

// Of an entry's details as JSON; longer ones are kept as their hash. A cell of Spanner has 10 MiB.
inline constexpr size_t kDetailsBytesMax = size_t{256} << 10;
// Of an error's text in an entry: enough to know it, too little to carry a record.
inline constexpr size_t kErrorBytesMax = 500;
// Entries read at once for an export.
inline constexpr int64_t kExportPage = 1000;
// Entries that a server reads to verify a log; longer ones are verified offline.
inline constexpr uint64_t kVerifiedAtOnceMax = 100'000;
// A line of an export or of a file of checkpoints.
inline constexpr size_t kExportLineBytesMax = size_t{16} << 20;
// Checkpoints of a bucket that are read one by one.
inline constexpr size_t kCheckpointsReadMax = 10'000;
// The topic of checkpoints has to take one within this time.
inline constexpr int kPublishTimeoutMs = 30'000;
// How long a review counts, where its rule does not say, and at most.
inline constexpr int64_t kReviewMillisDefault = int64_t{24} * 3'600'000;
inline constexpr int64_t kReviewMillisMax = int64_t{90} * 24 * 3'600'000;
// Of one need of a rule.
inline constexpr int64_t kReviewersMax = 20;

}  // namespace ks::governance
