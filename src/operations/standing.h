// Standing: where a pipeline stands in its topics, as its database says. Thread safety: pure
// functions; they block for Spanner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spanner/client.h"

namespace ks::operations {

struct Head {
  std::string topic;
  int64_t partition = 0;
  std::string lane;  // a number, or `all`
  int64_t next_offset = 0;
  std::string committed_at;
  std::string last_timestamp;
  int64_t generation = 0;
  int64_t lanes = 0;
};

// Whether the database has a table of ours: it may never have seen a pipeline.
absl::StatusOr<bool> HasTable(spanner::Client& client, std::string_view table);
// Of each lane, in order.
absl::StatusOr<std::vector<Head>> ReadHeads(spanner::Client& client, std::string_view pipeline);
// A partition is complete up to the lowest head of its lanes.
std::vector<Head> Together(const std::vector<Head>& lanes);

}  // namespace ks::operations
