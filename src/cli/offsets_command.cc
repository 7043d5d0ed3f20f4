// kafka-spanner offsets set and skip: put a pipeline's partitions elsewhere. Says first what would
// be written again or never; --apply does it, in one read-write transaction per partition that
// raises the generation, so that workers may run meanwhile: what they have on its way no longer
// fits.
#include <google/spanner/v1/spanner.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/kafka_reader.h"
#include "cli/pipeline_file.h"
#include "cli/pipeline_process.h"
#include "cli/result_table.h"
#include "kafka/admin.h"
#include "pipeline/checkpoint.h"
#include "pipeline/plan.h"
#include "runtime/spanner_port.h"

namespace ks::cli {
namespace {

using pipeline::ChainMove;

struct MoveOptions {
  std::string file;
  std::string endpoint;
  std::string topic;
  int partition = -1;   // -1: all
  std::string to;       // set
  int64_t records = 1;  // skip
  bool skip = false;
  bool apply = false;
};

// One partition's move, and what the topic has.
struct PartitionMove {
  pipeline::ChainKey key;
  pipeline::Move move;
  std::string topic_id;  // that the topic has now
  ChainMove plan;
  bool recreated() const {
    return !topic_id.empty() && !plan.topic_id.empty() && topic_id != plan.topic_id;
  }
};

// Offsets that all lanes of a partition together will write again, or never.
struct Effect {
  int64_t again_from = INT64_MAX, again_to = INT64_MIN;
  int64_t never_from = INT64_MAX, never_to = INT64_MIN;
  int64_t lowest_head = INT64_MAX;
  bool again() const { return again_from < again_to; }
  bool never() const { return never_from < never_to; }
};

Effect EffectOf(const PartitionMove& move) {
  Effect effect;
  for (const auto& lane : move.plan.lanes) {
    if (!lane.head) continue;
    effect.lowest_head = std::min(effect.lowest_head, *lane.head);
    if (move.recreated()) continue;  // its offsets mean other records
    if (lane.begin < *lane.head) {
      effect.again_from = std::min(effect.again_from, lane.begin);
      effect.again_to = std::max(effect.again_to, *lane.head);
    } else if (lane.begin > *lane.head) {
      effect.never_from = std::min(effect.never_from, *lane.head);
      effect.never_to = std::max(effect.never_to, lane.begin);
    }
  }
  return effect;
}

std::string Words(const PartitionMove& move) {
  const Effect effect = EffectOf(move);
  const auto range = [](int64_t from, int64_t to) { return StrCat(from, " to ", to - 1); };
  if (move.recreated()) return "a new topic of the same name: nothing of it was written yet";
  std::vector<std::string> words;
  if (effect.again())
    words.push_back(StrCat("written again: ", range(effect.again_from, effect.again_to)));
  if (effect.never())
    words.push_back(StrCat("never written: ", range(effect.never_from, effect.never_to)));
  return words.empty() ? "nothing changes" : absl::StrJoin(words, "; ");
}

// Tables that would be wrong if records were written to them again.
std::vector<std::string> CountTwice(const pipeline::Plan& plan,
                                    const pipeline::SourceSpec& source) {
  std::vector<std::string> tables;
  for (const auto& planned : plan.sources) {
    if (planned.spec != &source) continue;
    for (const auto& table : planned.tables) {
      if (table.mode != pipeline::TableMode::kSnapshot)
        tables.push_back(StrCat(table.spec->name, " (", pipeline::ModeName(table.mode), ")"));
    }
  }
  return tables;
}

absl::Status RewindRefused(const pipeline::ChainKey& key, const std::vector<std::string>& tables) {
  return absl::FailedPreconditionError(StrCat(
      "partition ", key.partition, " of ", key.topic,
      " would go back, and records that are written already would be counted or inserted twice in ",
      absl::StrJoin(tables, ", "),
      ". Refused. The way to replay them: a copy of the pipeline file with another name after "
      "`pipeline:` and other tables (`plan --apply` makes them), which reads the topic from where "
      "its `start:` says."));
}

// What a move goes on record with.
nlohmann::json OnRecord(const PartitionMove& move) {
  return {{"topic", move.key.topic}, {"partition", move.key.partition}, {"to", move.move.to}};
}

// Reads and plans again inside a transaction, and commits with `step`: null is a dry run.
absl::Status RunMove(spanner::Client& client, governance::AuditLog::Step* step,
                     const std::vector<std::string>& twice, PartitionMove* move) {
  const absl::Status only_planned = absl::CancelledError("not applied");
  const std::string batch = env::NewUuid(env::RealRandom());
  const auto answer = client.RunTransaction(
      [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
        KS_ASSIGN_OR_RETURN(const auto rows,
                            runtime::ReadRows(pipeline::ChainReads(move->key), transaction));
        KS_ASSIGN_OR_RETURN(move->plan, pipeline::PlanMove(move->key, move->move, rows));
        if (EffectOf(*move).again() && !twice.empty()) return RewindRefused(move->key, twice);
        if (step == nullptr) return only_planned;
        std::string wire =
            pipeline::MoveMutations(move->key, move->plan, move->topic_id, {WriterName(), batch});
        nlohmann::json details = OnRecord(*move);
        details["generation"] = move->plan.generation;
        KS_RETURN_IF_ERROR(step->Append(transaction, details, &wire));
        return wire;
      });
  return answer.status == only_planned ? absl::OkStatus() : answer.status;
}

absl::Status Apply(const MoveOptions& options, const pipeline::PipelineSpec& spec,
                   const Connection& connection, const std::vector<std::string>& twice,
                   std::vector<PartitionMove>* moves) {
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(spec, connection));
  nlohmann::json intent = {{"partitions", nlohmann::json::array()}};
  for (const PartitionMove& move : *moves) intent["partitions"].push_back(OnRecord(move));
  if (options.skip) intent["records"] = options.records;
  using governance::Action;
  return governance::RunOnRecord(
      audit.get(), options.skip ? Action::kOffsetsSkip : Action::kOffsetsSet, intent,
      [&](governance::AuditLog::Step& step) -> absl::Status {
        for (PartitionMove& move : *moves)
          KS_RETURN_IF_ERROR(RunMove(*connection.client, &step, twice, &move));
        return absl::OkStatus();
      });
}

// Plans every partition before any is moved.
absl::StatusOr<std::vector<PartitionMove>> MoveAll(const MoveOptions& asked,
                                                   const GlobalOptions& global) {
  MoveOptions options = asked;
  KS_ASSIGN_OR_RETURN(const OpenedPipeline opened,
                      OpenPipeline(options.file, options.endpoint, global.connection_log.get()));
  const auto& [spec, connection] = opened;
  KS_ASSIGN_OR_RETURN(const auto* source, SourceOfTopic(spec, &options.topic));
  KS_ASSIGN_OR_RETURN(const pipeline::Plan plan, pipeline::MakePlan(spec, nullptr));
  KS_ASSIGN_OR_RETURN(const auto reader,
                      KafkaReader(spec, *source, "offsets", *connection.identity));
  KS_ASSIGN_OR_RETURN(const auto topic, kafka::DescribeTopic(reader->handle(), options.topic));
  KS_ASSIGN_OR_RETURN(const auto partitions, ChoosePartitions(topic, options.partition));
  KS_ASSIGN_OR_RETURN(const Ends ends, EndsOf(reader->handle(), partitions));
  KS_ASSIGN_OR_RETURN(auto chosen, ResolvePosition(reader->handle(), ends, "--to",
                                                   options.skip ? "earliest" : options.to));
  const std::vector<std::string> twice = CountTwice(plan, *source);
  std::vector<PartitionMove> moves;
  for (const auto& partition : partitions) {
    PartitionMove move{{spec.name, options.topic, partition.partition.value()},
                       {chosen[partition].value(), options.skip},
                       topic.topic_id,
                       {}};
    KS_RETURN_IF_ERROR(RunMove(*connection.client, nullptr, twice, &move));
    if (options.skip) {
      const int64_t head = EffectOf(move).lowest_head;
      if (move.recreated() || head == INT64_MAX)
        return absl::FailedPreconditionError(
            "the topic was created again, or its checkpoints are damaged: use `offsets set`");
      move.move.to =
          std::min(std::max(head, move.move.to) + options.records, ends.high.at(partition).value());
      KS_RETURN_IF_ERROR(RunMove(*connection.client, nullptr, twice, &move));
    }
    moves.push_back(std::move(move));
  }
  if (options.apply) KS_RETURN_IF_ERROR(Apply(options, spec, connection, twice, &moves));
  return moves;
}

int RunMoves(const MoveOptions& options, const GlobalOptions& global) {
  const auto moves = MoveAll(options, global);
  if (!moves.ok()) return Fail(global, moves.status());
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  TextTable table{
      {"topic", "partition", "stands at", "to", "effect"}, {false, true, true, true, false}, {}};
  for (const PartitionMove& move : *moves) {
    const Effect effect = EffectOf(move);
    const bool known = effect.lowest_head != INT64_MAX;
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
