// Partition tokens: which rows one partition of a PartitionRead or PartitionQuery reads.
//
// A token says all that is needed. It is for the very request it was made for (`fingerprint`), in
// the very transaction. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "local/spanner/storage/key_codec.h"

namespace google::spanner::v1 {
class ExecuteSqlRequest;
class PartitionQueryRequest;
class PartitionReadRequest;
class ReadRequest;
}  // namespace google::spanner::v1

namespace ks::local {

struct PartitionToken {
  uint64_t fingerprint = 0;
  std::string transaction;     // its id: all partitions are of one snapshot
  std::string table;           // queries: whose rows are divided
  std::vector<KeySpan> spans;  // none: no rows
};

std::string PrintPartitionToken(const PartitionToken& token);
// INVALID_ARGUMENT.
absl::StatusOr<PartitionToken> ParsePartitionToken(std::string_view text);

// The token of a request with a partition. INVALID_ARGUMENT where it is of another request, or of
// another transaction.
absl::StatusOr<PartitionToken> TokenOf(const google::spanner::v1::ReadRequest& request);
absl::StatusOr<PartitionToken> TokenOf(const google::spanner::v1::ExecuteSqlRequest& request);

uint64_t FingerprintRead(const google::spanner::v1::ReadRequest& request);
uint64_t FingerprintRead(const google::spanner::v1::PartitionReadRequest& request);
uint64_t FingerprintQuery(const google::spanner::v1::ExecuteSqlRequest& request);
uint64_t FingerprintQuery(const google::spanner::v1::PartitionQueryRequest& request);

// Of what a stream's rows depend on, its partition too: resume tokens carry it.
uint64_t FingerprintStream(const google::spanner::v1::ReadRequest& request);
uint64_t FingerprintStream(const google::spanner::v1::ExecuteSqlRequest& request);

}  // namespace ks::local
