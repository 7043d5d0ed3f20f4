// kafka-spanner offsets set and skip: put a pipeline's partitions elsewhere. Says first what would
// be written again or never; --apply does it (operations/moves.h).
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "operations/moves.h"

namespace ks::cli {
namespace {

using operations::MoveEffect;
using operations::PartitionMove;

struct MoveOptions : operations::MoveOptions {
  std::string file;
  std::string endpoint;
  bool apply = false;
};

std::string Words(const PartitionMove& move) {
  const MoveEffect effect = move.Effect();
  const auto range = [](int64_t from, int64_t to) { return StrCat(from, " to ", to - 1); };
  if (move.recreated()) return "a new topic of the same name: nothing of it was written yet";
  std::vector<std::string> words;
  if (effect.again())
    words.push_back(StrCat("written again: ", range(effect.again_from, effect.again_to)));
  if (effect.never())
    words.push_back(StrCat("never written: ", range(effect.never_from, effect.never_to)));
  return words.empty() ? "nothing changes" : absl::StrJoin(words, "; ");
}

absl::Status Apply(const MoveOptions& options, const OpenedPipeline& opened,
                   std::vector<PartitionMove>* moves) {
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(opened.spec, opened.connection));
  nlohmann::json intent = {{"partitions", nlohmann::json::array()}};
  for (const PartitionMove& move : *moves)
    intent["partitions"].push_back(operations::OnRecord(move));
  if (options.skip) intent["records"] = options.records;
  using governance::Action;
  return governance::RunOnRecord(
      audit.get(), options.skip ? Action::kOffsetsSkip : Action::kOffsetsSet, intent,
      [&](governance::AuditLog::Step& step) -> absl::Status {
        const operations::Target target = TargetOn(opened.spec, opened.connection);
        for (PartitionMove& move : *moves)
          KS_RETURN_IF_ERROR(operations::MakeMove(target, OnRecord(step), false, &move));
        return absl::OkStatus();
      });
}

// Plans every partition before any is moved.
absl::StatusOr<std::vector<PartitionMove>> MoveAll(const MoveOptions& options,
                                                   const GlobalOptions& global) {
  KS_ASSIGN_OR_RETURN(const OpenedPipeline opened,
                      OpenPipeline(options.file, options.endpoint, global.connection_log.get()));
  KS_ASSIGN_OR_RETURN(auto moves,
                      operations::PlanMoves(TargetOn(opened.spec, opened.connection), options));
  if (options.apply) KS_RETURN_IF_ERROR(Apply(options, opened, &moves));
  return moves;
}

int RunMoves(const MoveOptions& options, const GlobalOptions& global) {
  const auto moves = MoveAll(options, global);
  if (!moves.ok()) return Fail(global, moves.status());
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  TextTable table{
      {"topic", "partition", "stands at", "to", "effect"}, {false, true, true, true, false}, {}};
  for (const PartitionMove& move : *moves) {
    const MoveEffect effect = move.Effect();
    const bool known = effect.known();
    const auto range = [](bool is, int64_t from, int64_t to) -> nlohmann::ordered_json {
      if (!is) return nullptr;
      return {{"from", from}, {"to", to}};
    };
    table.rows.push_back({move.key.topic, std::to_string(move.key.partition),
                          known ? WithThousands(effect.lowest_head) : "?",
                          WithThousands(move.move.to), Words(move)});
    all.push_back({{"topic", move.key.topic},
                   {"partition", move.key.partition},
                   {"stands_at", known ? nlohmann::ordered_json(effect.lowest_head) : nullptr},
                   {"to", move.move.to},
                   {"written_again", range(effect.again(), effect.again_from, effect.again_to)},
                   {"never_written", range(effect.never(), effect.never_from, effect.never_to)},
                   {"recreated", move.recreated()},
                   {"applied", options.apply}});
  }
  if (global.json) {
    std::cout << all.dump(2) << "\n";
    return kExitOk;
  }
  PrintTable(table, std::cout);
  std::cout << (options.apply ? "applied; workers that run go on from there\n"
                              : "a dry run: nothing is changed without --apply\n");
  return kExitOk;
}

CLI::App* AddMove(CLI::App& offsets, const char* name, const char* help,
                  const std::shared_ptr<MoveOptions>& options, GlobalOptions& global) {
  CLI::App* command = offsets.add_subcommand(name, help);
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--topic", options->topic, "where the pipeline reads several");
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  command->add_flag("--apply", options->apply, "do it; without, only say what would happen");
  command->footer(
      "Exit codes: 0 done or said, 2 no such offset, topic or chains, 3 out of reach,\n"
      "            4 refused: records would be counted twice");
  OnChosen(*command, global, [options, &global] { return RunMoves(*options, global); });
  return command;
}

}  // namespace

void AddOffsetsMoves(CLI::App& offsets, GlobalOptions& global) {
  auto set = std::make_shared<MoveOptions>();
  CLI::App* command = AddMove(offsets, "set", "put the pipeline at an offset", set, global);
  command->add_option("--to", set->to, "an offset, earliest, latest, or a time")->required();
  command->add_option("--partition", set->partition, "one partition (default: all)");
  auto skip = std::make_shared<MoveOptions>();
  skip->skip = true;
  command = AddMove(offsets, "skip", "pass over offsets of one partition unread", skip, global);
  command->add_option("--partition", skip->partition, "the partition")->required();
  command->add_option("--records", skip->records, "how many offsets")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
}

}  // namespace ks::cli
