// CommitRequest in wire form, taken apart without copying: mutations stay bytes until their table
// is known. Thread safety: as for any value; views into the request's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::local {

struct CommitRequestView {
  std::string_view session;
  std::optional<std::string_view> transaction_id;
  std::optional<std::string_view> single_use;  // TransactionOptions
  std::vector<std::string_view> mutations;     // Mutation
  bool return_commit_stats = false;
  int64_t max_commit_delay_micros = 0;
  int32_t precommit_seq_num = 0;  // of the MultiplexedSessionPrecommitToken; 0: it has none
  std::string_view request_options;  // RequestOptions
};

// INVALID_ARGUMENT when the bytes are no CommitRequest.
absl::Status ParseCommitRequest(std::string_view bytes, CommitRequestView* request);

}  // namespace ks::local
