// kafka-spanner replay: records of a range that are committed already, through the pipeline as it
// is now, into its tables (runtime/replay.h). Says first what would be written; --apply does it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "operations/replay.h"

namespace ks::cli {
namespace {

using nlohmann::ordered_json;
using operations::PartitionReplay;

struct ReplayOptions : operations::ReplayOptions {
  std::string file;
  std::string endpoint;
  bool apply = false;
};

absl::StatusOr<std::vector<PartitionReplay>> ReplayAll(const ReplayOptions& options,
                                                       const GlobalOptions& global) {
  KS_ASSIGN_OR_RETURN(const OpenedPipeline opened,
                      OpenPipeline(options.file, options.endpoint, global.connection_log.get()));
  const operations::Target target = TargetOn(opened.spec, opened.connection);
  KS_ASSIGN_OR_RETURN(auto replays, operations::PlanReplay(target, options));
  if (!options.apply) {
    KS_RETURN_IF_ERROR(operations::RunReplay(target, {}, true, &replays));
    return replays;
  }
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(opened.spec, opened.connection));
  nlohmann::json intent = {{"topic", replays.front().partition.topic},
                           {"ranges", nlohmann::json::array()}};
  for (const PartitionReplay& each : replays) {
    intent["ranges"].push_back(
        {{"partition", each.partition.partition.value()}, {"from", each.from}, {"to", each.to}});
  }
  KS_RETURN_IF_ERROR(governance::RunOnRecord(
      audit.get(), governance::Action::kReplay, intent, [&](governance::AuditLog::Step& step) {
        return operations::RunReplay(target, OnRecord(step), false, &replays);
      }));
  return replays;
}

int RunReplay(const ReplayOptions& options, const GlobalOptions& global) {
  const auto replays = ReplayAll(options, global);
  if (!replays.ok()) return Fail(global, replays.status());
  TextTable table{
      {"topic", "partition", "from", "to", options.apply ? "written" : "would be written",
       "newer there", "dead letters", "refused"},
      {false, true, true, true, true, true, true, true},
      {}};
  ordered_json all = ordered_json::array();
  std::string refusal;
  for (const auto& [partition, from, to, done] : *replays) {
    table.rows.push_back({partition.topic, StrCat(partition.partition.value())});
    for (const int64_t number :
         {done.from, done.to, done.written, done.older, done.dead_letters, done.refused})
      table.rows.back().push_back(WithThousands(number));
    all.push_back({{"topic", partition.topic},
                   {"partition", partition.partition.value()},
                   {"from", done.from},
                   {"to", done.to},
                   {"written", done.written},
                   {"newer_there", done.older},
                   {"dead_letters", done.dead_letters},
                   {"refused", done.refused},
                   {"first_refusal", done.first_refusal},
                   {"applied", options.apply}});
    if (refusal.empty() && done.refused > 0)
      refusal = StrCat(partition.topic, "/", partition.partition.value(), " ", done.first_refusal);
  }
  if (global.json) {
    std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    PrintTable(table, std::cout);
    if (!refusal.empty()) std::cout << "refused: " << refusal << "\n";
    std::cout << (options.apply ? "done\n" : "a dry run: nothing is changed without --apply\n");
  }
  return refusal.empty() ? kExitOk : kExitStoppedOnData;
}

}  // namespace

void AddReplayCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand(
      "replay", "write records that are committed already again, as the pipeline file is now");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--from", options->from, "the first: an offset, earliest, or a time")
      ->required();
  command->add_option("--to", options->to, "the first that is not: an offset, latest, or a time")
      ->capture_default_str();
  command->add_option("--topic", options->topic, "where the pipeline reads several");
  command->add_option("--partition", options->partition, "one partition (default: all)");
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  command->add_flag("--apply", options->apply, "do it; without, only say what would be written");
  command->footer(
      "A record is written where it is the last of its key; workers may run meanwhile.\n"
      "Exit codes: 0 done or said, 2 no such offset or topic, 3 out of reach,\n"
      "            4 some records are refused, or the tables cannot be written again");
  OnChosen(*command, global, [options, &global] { return RunReplay(*options, global); });
}

}  // namespace ks::cli
