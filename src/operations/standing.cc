#include "operations/standing.h"

#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"

namespace ks::operations {
namespace {

// The head of each lane's chain is its newest checkpoint of the partition's generation.
constexpr char kHeads[] =
    "SELECT c.Topic, c.KafkaPartition, c.Lane, MAX(c.EndOffset) AS NextOffset, MAX(c.CommittedAt) "
    "AS CommittedAt, "
    "MAX(c.LastTimestamp) AS LastTimestamp, p.Generation, p.Lanes "
    "FROM kafka_spanner.Partitions AS p JOIN kafka_spanner.Checkpoints AS c "
    "ON c.Pipeline = p.Pipeline AND c.Topic = p.Topic AND c.KafkaPartition = p.KafkaPartition "
    "AND c.Generation = p.Generation "
    "WHERE p.Pipeline = @pipeline "
    "GROUP BY c.Topic, c.KafkaPartition, c.Lane, p.Generation, p.Lanes "
    "ORDER BY c.Topic, c.KafkaPartition, c.Lane";

int64_t ToInt(const std::string& text) {
  int64_t value = 0;
  (void)absl::SimpleAtoi(text, &value);
  return value;
}

}  // namespace

absl::StatusOr<bool> HasTable(spanner::Client& client, std::string_view table) {
  google::spanner::v1::ExecuteSqlRequest request;
  request.set_sql(
      "SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'kafka_spanner' AND TABLE_NAME "
      "= @table");
  (*request.mutable_params()->mutable_fields())["table"].set_string_value(std::string(table));
  (*request.mutable_param_types())["table"].set_code(google::spanner::v1::STRING);
  KS_ASSIGN_OR_RETURN(const auto found, client.QueryNow(request));
  return found->rows_size() > 0;
}

absl::StatusOr<std::vector<Head>> ReadHeads(spanner::Client& client, std::string_view pipeline) {
  google::spanner::v1::ExecuteSqlRequest request;
  request.set_sql(kHeads);
  (*request.mutable_params()->mutable_fields())["pipeline"].set_string_value(std::string(pipeline));
  (*request.mutable_param_types())["pipeline"].set_code(google::spanner::v1::STRING);
  KS_ASSIGN_OR_RETURN(const auto result, client.QueryNow(request));
  std::vector<Head> heads;
  for (const auto& row : result->rows()) {
    const auto text = [&](int i) { return row.values(i).string_value(); };
    heads.push_back({text(0), ToInt(text(1)), text(2), ToInt(text(3)), text(4), text(5),
                     ToInt(text(6)), ToInt(text(7))});
  }
  return heads;
}

// A partition is complete up to the lowest head of its lanes.
std::vector<Head> Together(const std::vector<Head>& lanes) {
  std::vector<Head> partitions;
  for (const Head& lane : lanes) {
    const bool same = !partitions.empty() && partitions.back().topic == lane.topic &&
                      partitions.back().partition == lane.partition;
    if (!same) {
      partitions.push_back(lane);
      partitions.back().lane = "all";
      continue;
    }
    Head& whole = partitions.back();
    whole.next_offset = std::min(whole.next_offset, lane.next_offset);
    whole.committed_at = std::max(whole.committed_at, lane.committed_at);
    whole.last_timestamp = std::max(whole.last_timestamp, lane.last_timestamp);
  }
  return partitions;
}

}  // namespace ks::operations
