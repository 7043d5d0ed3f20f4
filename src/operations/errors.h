// Every error of this module that a person reads, one function each: what is wrong, what to do
// next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::operations {

// ---- Places in topics
absl::Status WhichTopic(std::string_view topic, std::string_view pipeline,
                        const std::vector<std::string>& known);
absl::Status NoSuchPartition(std::string_view topic, int partitions, int partition);
absl::Status PartitionsDoNotAnswer(std::string_view topic);
absl::Status NoPosition(std::string_view option, std::string_view position);
absl::Status NotInPartition(std::string_view topic, int32_t partition, int64_t offset, int64_t low,
                            int64_t high);

// ---- Moves
absl::Status RewindRefused(std::string_view topic, int64_t partition,
                           const std::vector<std::string>& tables);
absl::Status NothingToSkipFrom();
absl::Status MovedMeanwhile(std::string_view topic, int64_t partition);

// ---- Replays
absl::Status ReplayRefused(const std::vector<std::string>& tables);

// ---- Dead letters
absl::Status NoCondition(std::string_view reason);
absl::Status WhichLetters();
absl::Status TooManyLetters(size_t most);

// ---- Schemas
absl::Status SchemaChangedMeanwhile();
absl::Status NothingMissing();

// ---- Of any
absl::Status ExpectedOptions(std::string_view verb, std::string_view example);
absl::Status TooManyPartitions(size_t most);
absl::Status ToldToStop();

}  // namespace ks::operations
