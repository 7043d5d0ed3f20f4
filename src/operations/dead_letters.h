// Dead letters, chosen by a condition: which they are, redriving them (runtime/redrive.h does it)
// and deleting them.
//
// A condition may come from people who may do no more than this: it is one expression of ours over
// the columns of a dead letter, without any table, and is only ever read with. What is done then is
// done to the places that were found, of this pipeline and no other.
//
// Blocks; one thread. Tested by tests/e2e/test_dead_letters.py and
// tests/control/test_operations.py.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/consumer.h"
#include "operations/target.h"
#include "runtime/redrive.h"

namespace google::spanner::v1 {
class ExecuteSqlRequest;
}

namespace ks::operations {

// The dead letters of `pipeline` for which `where` holds; empty: all. `select` is of us.
absl::StatusOr<google::spanner::v1::ExecuteSqlRequest> LettersQuery(std::string_view pipeline,
                                                                    std::string_view where,
                                                                    std::string_view select,
                                                                    std::string_view end);
// Their order in a list.
inline constexpr std::string_view kLettersInOrder = " ORDER BY Topic, KafkaPartition, KafkaOffset";

using Letters = std::map<kafka::TopicPartition, std::vector<int64_t>>;  // offsets, ascending
// At most `most` of them; OUT_OF_RANGE where there are more. 0: any number.
absl::StatusOr<Letters> ChooseLetters(const Target& target, std::string_view where, size_t most);
int64_t CountOf(const Letters& letters);

// How many were deleted. Each step's details: letters, how many.
absl::StatusOr<int64_t> DiscardLetters(const Target& target, const Letters& letters,
                                       const Steps& steps);

inline constexpr std::string_view kRedriveNames[] = {"written", "skipped", "failed", "older",
                                                     "gone"};
inline std::string_view NameOf(runtime::RedriveResult result) {
  return kRedriveNames[static_cast<size_t>(result)];
}
struct Redriven {
  kafka::TopicPartition partition;
  runtime::Redriven letter;
};
// How many had which end.
nlohmann::json ResultsOf(const std::vector<Redriven>& redriven);
// Each step's details: topic, partition, offsets of those that are done.
absl::Status RedriveLetters(const Target& target, const Letters& letters, bool dry_run,
                            const Steps& steps, std::vector<Redriven>* redriven);

}  // namespace ks::operations
