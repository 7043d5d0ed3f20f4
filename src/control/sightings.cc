#include "control/sightings.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "identity/json.h"

namespace ks::control {
namespace {

using nlohmann::json;

double NumberOf(const json& object, const char* name) {
  const json value = identity::Member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

json PartitionJson(const observe::Metrics::Held& held) {
  return {{"topic", held.topic},
          {"partition", held.partition},
          {"lag_seconds", held.lag_seconds},
          {"lag_records", held.lag_records},
          {"next_offset", held.committed_offset}};
}

}  // namespace

SightingRow Sightings::See(const Running& running, int64_t now) {
  SightingRow row{.pipeline = running.pipeline,
                  .replica = replica_,
                  .running = running.running,
                  .error = running.error};
  json partitions = json::array();
  double records = 0;
  double dead_letters = 0;
  for (const auto& held : metrics_.HeldOf(running.pipeline)) {
    records += held.records;
    dead_letters += held.dead_letters;
    if (running.running && held.held) partitions.push_back(PartitionJson(held));
  }
  const Before before = std::exchange(before_[running.pipeline], Before{records, now});
  const double seconds =
      static_cast<double>(now - before.nanos) / static_cast<double>(env::kNanosPerSecond);
  const bool known = before.nanos != 0 && seconds > 0;
  row.seen = {{"partitions", std::move(partitions)},
              {"dead_letters", dead_letters},
              {"records_per_second", known ? (records - before.records) / seconds : 0.0}};
  return row;
}

absl::Status Sightings::Tell(const std::vector<Running>& pipelines) {
  if (pipelines.empty()) return absl::OkStatus();
  spanner::CommitCall call;
  for (const Running& running : pipelines)
    WriteSighting(See(running, clock_.MonotonicNanos()), &call.mutations);
  return client_.CommitNow(std::move(call)).status;
}

json StandingOf(const std::vector<SightingRow>& rows, std::string_view pipeline,
                std::string_view wanted, bool whole) {
  // While a partition changes hands two replicas may speak of it: the one further ahead is right.
  std::map<std::pair<std::string, int64_t>, json> partitions;
  json replicas = json::array();
  double rate = 0;
  double dead_letters = 0;
  bool runs = false;
  std::string error;
  for (const SightingRow& row : rows) {
    if (row.pipeline != pipeline) continue;
    runs |= row.running;
    if (!row.running && !row.error.empty()) error = row.error;
    rate += NumberOf(row.seen, "records_per_second");
    dead_letters += NumberOf(row.seen, "dead_letters");
    for (json each : identity::Member(row.seen, "partitions")) {
      each["replica"] = row.replica;
      json& known = partitions[{each["topic"], each["partition"]}];
      if (known.is_null() || NumberOf(known, "next_offset") <= NumberOf(each, "next_offset"))
        known = std::move(each);
    }
    replicas.push_back({{"replica", row.replica}, {"running", row.running}, {"error", row.error}});
  }
  const bool should = wanted == "running";  // what does not run is nobody's in a moment
  double lag_seconds = 0;
  double lag_records = 0;
  json list = json::array();
  for (auto& [name, partition] : partitions) {
    lag_seconds = std::max(lag_seconds, NumberOf(partition, "lag_seconds"));
    lag_records += NumberOf(partition, "lag_records");
    if (should) list.push_back(std::move(partition));
  }
  const bool known = should && !list.empty();
  json standing = {{"status", !should         ? std::string(wanted)
                              : runs          ? "running"
                              : error.empty() ? "starting"
                                              : "failed"},
                   {"lag_seconds", known ? json(lag_seconds) : json()},
                   {"lag_records", known ? json(lag_records) : json()},
                   {"records_per_second", known ? json(rate) : json()},
                   {"dead_letters_since_start", dead_letters},
                   {"partitions", list.size()}};
  if (!whole) return standing;
  standing["partitions"] = std::move(list);
  standing["replicas"] = std::move(replicas);
  return standing;
}

}  // namespace ks::control
