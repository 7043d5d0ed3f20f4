// kafka-spanner status and offsets show: where pipelines stand, read from their checkpoints.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "identity/services.h"
#include "kafka/admin.h"
#include "operations/standing.h"
#include "operations/topic_reader.h"

namespace ks::cli {
namespace {

using operations::Head;

struct StatusOptions {
  std::vector<std::string> files;
  std::string endpoint;
  bool lanes = false;  // offsets show: each lane by itself
};

// Where the partitions of the pipeline's topics end; a broker that does not answer leaves them out.
std::map<kafka::TopicPartition, Offset> TopicEnds(const pipeline::PipelineSpec& spec,
                                                  const std::vector<Head>& heads,
                                                  identity::Services& identity) {
  std::map<kafka::TopicPartition, Offset> ends;
  for (const auto& source : spec.sources) {
    std::vector<kafka::TopicPartition> partitions;
    for (const Head& head : heads) {
      if (std::count(source.topics.begin(), source.topics.end(), head.topic) > 0)
        partitions.push_back({head.topic, PartitionId(static_cast<int32_t>(head.partition))});
    }
    const auto consumer = operations::KafkaReader(spec, source, "status", identity);
    if (!consumer.ok()) continue;
    const auto found = kafka::ListOffsets((*consumer)->handle(), partitions, kafka::kEndOffset);
    if (found.ok()) ends.insert(found->begin(), found->end());
  }
  return ends;
}

absl::Status ShowOne(const std::string& file, const StatusOptions& options,
                     const GlobalOptions& global, nlohmann::ordered_json& all) {
  KS_ASSIGN_OR_RETURN(const pipeline::PipelineSpec spec,
                      ReadPipelineFile(file, global.connection_log.get()));
  KS_ASSIGN_OR_RETURN(const Connection connection,
                      Connect(TargetOf(spec, options.endpoint, global.connection_log.get())));
  KS_ASSIGN_OR_RETURN(std::vector<Head> heads,
                      operations::ReadHeads(*connection.client, spec.name));
  if (!options.lanes) heads = operations::Together(heads);
  const auto ends = TopicEnds(spec, heads, *connection.identity);
  bool all_known = true;
  TextTable table{
      {"topic", "partition", "lane", "next offset", "end", "lag", "last record", "committed at"},
      {false, true, true, true, true, true, false, false},
      {}};
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Head& head : heads) {
    const auto found = ends.find({head.topic, PartitionId(static_cast<int32_t>(head.partition))});
    const auto end =
        found == ends.end() ? std::nullopt : std::optional<int64_t>(found->second.value());
    all_known &= end.has_value();
    const auto lag =
        end ? std::optional(std::max<int64_t>(0, *end - head.next_offset)) : std::nullopt;
    table.rows.push_back({head.topic, std::to_string(head.partition), head.lane,
                          WithThousands(head.next_offset), end ? WithThousands(*end) : "?",
                          lag ? WithThousands(*lag) : "?", head.last_timestamp, head.committed_at});
    rows.push_back({{"topic", head.topic},
                    {"partition", head.partition},
                    {"lane", head.lane},
                    {"next_offset", head.next_offset},
                    {"end_offset", end ? nlohmann::ordered_json(*end) : nullptr},
                    {"lag_records", lag ? nlohmann::ordered_json(*lag) : nullptr},
                    {"generation", head.generation},
                    {"lanes", head.lanes},
                    {"last_record_at", head.last_timestamp},
                    {"committed_at", head.committed_at}});
  }
  all.push_back(
      {{"pipeline", spec.name}, {"database", spec.target.database}, {"partitions", rows}});
  if (global.json) return absl::OkStatus();
  std::cout << "pipeline " << spec.name << " -> " << spec.target.database << "\n";
  if (heads.empty()) {
    std::cout << "  no checkpoints yet: it has not run against this database\n";
  } else {
    PrintTable(table, std::cout);
  }
  if (!all_known)
    std::cerr << "Kafka could not be asked for the ends of its topics, so lag is unknown\n";
  return absl::OkStatus();
}

int Show(const StatusOptions& options, const GlobalOptions& global) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& file : options.files) {
    const absl::Status status = ShowOne(file, options, global, all);
    if (!status.ok()) return Fail(global, status);
  }
  if (global.json) std::cout << all.dump(2) << "\n";
  return kExitOk;
}

void AddShow(CLI::App& parent, const char* name, const char* help, bool lanes,
             GlobalOptions& global) {
  CLI::App* command = parent.add_subcommand(name, help);
  auto options = std::make_shared<StatusOptions>();
  options->lanes = lanes;
  command->add_option("FILE", options->files, "pipeline files")->required();
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  OnChosen(*command, global, [options, &global] { return Show(*options, global); });
}

}  // namespace

void AddStatusCommand(CLI::App& app, GlobalOptions& global) {
  AddShow(app, "status", "where pipelines stand: offsets and lag per partition", false, global);
}

void AddOffsetsCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* offsets = app.add_subcommand("offsets", "the offsets that a pipeline keeps in Spanner");
  offsets->require_subcommand(1);
  AddShow(*offsets, "show", "the head of each lane's chain", true, global);
  AddOffsetsMoves(*offsets, global);
}

}  // namespace ks::cli
