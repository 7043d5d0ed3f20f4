// Cuts a read into partitions of about the same number of rows, by looking at the first
// kPartitionSampleRows keys. Thread safety: a free function.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "local/spanner/query/row_source.h"

namespace ks::local {

// `spec`: table or index and spans; columns are not looked at. At most `most` parts (0:
// kPartitionsDefault), at least one; together they are the spans.
absl::StatusOr<std::vector<std::vector<KeySpan>>> CutIntoPartitions(RowSource& source,
                                                                    const ScanSpec& spec,
                                                                    int64_t most);

}  // namespace ks::local
