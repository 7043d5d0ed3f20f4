#include "operations/operation.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "operations/dead_letters.h"
#include "operations/errors.h"
#include "operations/limits.h"
#include "operations/moves.h"
#include "operations/replay.h"
#include "operations/schema.h"

namespace ks::operations {
namespace {

using nlohmann::json;
using Answer = absl::StatusOr<json>;

// ---- Options, of which nothing is believed

constexpr char kOffsetsExample[] =
    R"({"topic": "t", "partition": 0, "to": "earliest"}, or "records": 5 to skip instead of "to", )"
    R"(or {"moves": [several of such]})";
constexpr char kReplayExample[] =
    R"({"topic": "t", "partition": 0, "from": "earliest", "to": "latest"}, )"
    R"(or {"ranges": [several of such]})";
constexpr char kLettersExample[] = R"({"where": "Stage = 'assert'"}, or {"all": true})";
constexpr char kSchemaExample[] = "no options";

bool OnlyHas(const json& options, std::initializer_list<const char*> names) {
  return options.is_object() &&
         std::all_of(options.items().begin(), options.items().end(), [&](const auto& item) {
           return std::find(names.begin(), names.end(), item.key()) != names.end();
         });
}

// A text, or a number that is one; false where it is something else.
bool TakeText(const json& options, const char* name, std::string* text) {
  const auto found = options.find(name);
  if (found == options.end()) return true;
  if (found->is_string()) *text = found->get<std::string>();
  if (found->is_number_integer()) *text = found->dump();
  return found->is_string() || found->is_number_integer();
}

template <typename Number>
bool TakeNumber(const json& options, const char* name, Number least, Number most, Number* number) {
  const auto found = options.find(name);
  if (found == options.end()) return true;
  if (!found->is_number_integer()) return false;
  if (found->is_number_unsigned() && found->get<uint64_t>() > static_cast<uint64_t>(most))
    return false;
  const auto value = found->get<int64_t>();
  *number = static_cast<Number>(value);
  return value >= least && value <= most;
}

// One of a kind, or a list of them under `name`.
Answer Several(const json& options, const char* name, const char* verb, const char* example) {
  if (!options.contains(name)) return json::array({options});
  const json& list = options[name];
  if (!list.is_array() || list.empty() || options.size() > 1) return ExpectedOptions(verb, example);
  if (list.size() > kPlannedPartitionsMax) return TooManyPartitions(kPlannedPartitionsMax);
  return list;
}

std::string PlaceOf(const json& item) {
  return StrCat(item["topic"].get<std::string>(), "/", item["partition"].get<int64_t>());
}

kafka::TopicPartition PartitionOf(const json& item) {
  return {item["topic"].get<std::string>(), PartitionId(item["partition"].get<int32_t>())};
}

json PlanOf(json effect, int64_t records, size_t partitions) {
  return {{"effect", std::move(effect)},
          {"facts", {{"records", records}, {"partitions", partitions}}}};
}

// ---- Offsets

json Range(bool is, int64_t from, int64_t to) {
  return is ? json{{"from", from}, {"to", to}} : json();
}

json ToJson(const PartitionMove& move) {
  const MoveEffect effect = move.Effect();
  json lanes = json::array();
  for (const auto& lane : move.plan.lanes)
    lanes.push_back({{"head", lane.head ? json(*lane.head) : json()}, {"begin", lane.begin}});
  return {{"topic", move.key.topic},
          {"partition", move.key.partition},
          {"stands_at", effect.known() ? json(effect.lowest_head) : json()},
          {"to", move.move.to},
          {"only_forward", move.move.only_forward},
          {"generation", move.plan.generation},
          {"topic_id", move.topic_id},
          {"topic_id_before", move.plan.topic_id},
          {"lanes", std::move(lanes)},
          {"written_again", Range(effect.again(), effect.again_from, effect.again_to)},
          {"never_written", Range(effect.never(), effect.never_from, effect.never_to)}};
}

PartitionMove MoveOf(const std::string& pipeline, const json& item) {
  PartitionMove move{{pipeline, item["topic"], item["partition"]},
                     {item["to"], item["only_forward"]},
                     item["topic_id"],
                     {}};
  move.plan.generation = item["generation"];
  move.plan.topic_id = item["topic_id_before"];
  for (const json& lane : item["lanes"]) {
    pipeline::LaneMove made;
    if (!lane["head"].is_null()) made.head = lane["head"].get<int64_t>();
    made.begin = lane["begin"];
    move.plan.lanes.push_back(made);
  }
  return move;
}

absl::StatusOr<MoveOptions> MoveOptionsOf(const json& options) {
  MoveOptions made;
  made.skip = options.contains("records");
  const bool good = OnlyHas(options, {"topic", "partition", "to", "records"}) &&
                    made.skip != options.contains("to") &&
                    TakeText(options, "topic", &made.topic) && TakeText(options, "to", &made.to) &&
                    TakeNumber(options, "partition", 0, INT32_MAX, &made.partition) &&
                    TakeNumber<int64_t>(options, "records", 1, INT64_MAX / 2, &made.records);
  if (!good || (made.skip && made.partition < 0))
    return ExpectedOptions("offsets", kOffsetsExample);
  return made;
}

Answer PlanOffsets(const Target& target, const json& options) {
  KS_ASSIGN_OR_RETURN(const json list, Several(options, "moves", "offsets", kOffsetsExample));
  json moves = json::array();
  std::set<std::string> places;
  int64_t records = 0;
  bool again = false;
  for (const json& each : list) {
    KS_ASSIGN_OR_RETURN(const MoveOptions one, MoveOptionsOf(each));
    KS_ASSIGN_OR_RETURN(const auto planned, PlanMoves(target, one));
    for (const PartitionMove& move : planned) {
      const MoveEffect effect = move.Effect();
      if (effect.again()) records += effect.again_to - effect.again_from;
      if (effect.never()) records += effect.never_to - effect.never_from;
      again |= effect.again();
      moves.push_back(ToJson(move));
      if (!places.insert(PlaceOf(moves.back())).second)
        return ExpectedOptions("offsets", "each partition once");
    }
  }
  if (moves.size() > kPlannedPartitionsMax) return TooManyPartitions(kPlannedPartitionsMax);
  json plan = PlanOf({{"moves", std::move(moves)}}, records, places.size());
  if (!again) plan["facts"]["rows"] = 0;
  return plan;
}

Answer RunOffsets(const Target& target, const json& effect, const json& done, const Steps& steps) {
  int64_t moved = 0;
  for (const json& item : effect["moves"]) {
    if (done.contains(PlaceOf(item))) continue;
    PartitionMove move = MoveOf(target.spec->name, item);
    KS_RETURN_IF_ERROR(MakeMove(target, steps, true, &move));
    ++moved;
  }
  return json{{"moved", moved}};
}

// ---- Replay

absl::StatusOr<ReplayOptions> ReplayOptionsOf(const json& options) {
  ReplayOptions made;
  const bool good = OnlyHas(options, {"topic", "partition", "from", "to"}) &&
                    TakeText(options, "topic", &made.topic) &&
                    TakeText(options, "from", &made.from) && TakeText(options, "to", &made.to) &&
                    TakeNumber(options, "partition", 0, INT32_MAX, &made.partition);
  if (!good || made.from.empty()) return ExpectedOptions("replay", kReplayExample);
  return made;
}

Answer PlanReplays(const Target& target, const json& options) {
  KS_ASSIGN_OR_RETURN(const json list, Several(options, "ranges", "replay", kReplayExample));
  json ranges = json::array();
  std::set<std::string> places;
  int64_t records = 0;
  for (const json& asked : list) {
    KS_ASSIGN_OR_RETURN(const ReplayOptions one, ReplayOptionsOf(asked));
    KS_ASSIGN_OR_RETURN(const auto replays, PlanReplay(target, one));
    for (const PartitionReplay& each : replays) {
      records += each.to - each.from;
      ranges.push_back({{"topic", each.partition.topic},
                        {"partition", each.partition.partition.value()},
                        {"from", each.from},
                        {"to", each.to}});
      if (!places.insert(PlaceOf(ranges.back())).second)
        return ExpectedOptions("replay", "each partition once");
    }
  }
  if (ranges.size() > kPlannedPartitionsMax) return TooManyPartitions(kPlannedPartitionsMax);
  return PlanOf({{"ranges", std::move(ranges)}}, records, places.size());
}

Answer RunReplays(const Target& target, const json& effect, const json& done, const Steps& steps) {
  std::vector<PartitionReplay> replays;
  for (const json& range : effect["ranges"]) {
    const auto to = range["to"].get<int64_t>();
    const auto from =
        std::max(range["from"].get<int64_t>(), done.value(PlaceOf(range), int64_t{0}));
    if (from < to) replays.push_back({PartitionOf(range), from, to});
  }
  KS_RETURN_IF_ERROR(RunReplay(target, steps, false, &replays));
  runtime::Replayed all;
  for (const PartitionReplay& each : replays) {
    all.written += each.replayed.written;
    all.older += each.replayed.older;
    all.dead_letters += each.replayed.dead_letters;
    all.refused += each.replayed.refused;
  }
  return json{{"written", all.written},
              {"newer_there", all.older},
              {"dead_letters", all.dead_letters},
              {"refused", all.refused}};
}

// ---- Dead letters

Answer PlanLetters(const Target& target, const char* verb, const json& options) {
  std::string where;
  const bool all = options.contains("all") && options["all"] == true;
  if (!OnlyHas(options, {"where", "all"}) || !TakeText(options, "where", &where))
    return ExpectedOptions(verb, kLettersExample);
  if (all != where.empty()) return WhichLetters();
  KS_ASSIGN_OR_RETURN(const Letters chosen, ChooseLetters(target, where, kPlannedLettersMax));
  json letters = json::array();
  for (const auto& [partition, offsets] : chosen) {
    letters.push_back({{"topic", partition.topic},
                       {"partition", partition.partition.value()},
                       {"offsets", offsets}});
  }
  return PlanOf({{"where", all ? "TRUE" : where}, {"letters", std::move(letters)}}, CountOf(chosen),
                chosen.size());
}

Letters LettersOf(const json& effect) {
  Letters letters;
  for (const json& item : effect["letters"])
    letters[PartitionOf(item)] = item["offsets"].get<std::vector<int64_t>>();
  return letters;
}

Answer RunRedrive(const Target& target, const json& effect, const Steps& steps) {
  std::vector<Redriven> redriven;
  KS_RETURN_IF_ERROR(RedriveLetters(target, LettersOf(effect), false, steps, &redriven));
  return ResultsOf(redriven);
}

Answer RunDiscard(const Target& target, const json& effect, const Steps& steps) {
  KS_ASSIGN_OR_RETURN(const int64_t count, DiscardLetters(target, LettersOf(effect), steps));
  return json{{"discarded", count}};
}

// ---- Schemas

Answer PlanStatements(const Target& target, const json& options) {
  if (!options.empty()) return ExpectedOptions("apply_schema", kSchemaExample);
  KS_ASSIGN_OR_RETURN(const auto statements, PlanSchema(target));
  if (statements.empty()) return NothingMissing();
  json plan = PlanOf({{"statements", statements}}, 0, 0);
  plan["facts"]["rows"] = 0;
  return plan;
}

Answer RunStatements(const Target& target, const json& effect) {
  const auto statements = effect["statements"].get<std::vector<std::string>>();
  KS_RETURN_IF_ERROR(ApplySchema(target, statements));
  return json{{"statements", statements.size()}};
}

}  // namespace

Answer PlanOperation(Kind kind, const Target& target, const json& options) {
  switch (kind) {
    case Kind::kOffsets:
      return PlanOffsets(target, options);
    case Kind::kReplay:
      return PlanReplays(target, options);
    case Kind::kRedrive:
      return PlanLetters(target, "redrive", options);
    case Kind::kDiscard: {
      KS_ASSIGN_OR_RETURN(json plan, PlanLetters(target, "discard", options));
      plan["facts"]["rows"] = 0;
      return plan;
    }
    case Kind::kApplySchema:
      return PlanStatements(target, options);
  }
  return ExpectedOptions("it", "an operation");
}

Answer RunOperation(Kind kind, const Target& target, const json& effect, const json& progress,
                    const Steps& steps) {
  const json done = progress.value("at", json::object());
  switch (kind) {
    case Kind::kOffsets:
      return RunOffsets(target, effect, done, steps);
    case Kind::kReplay:
      return RunReplays(target, effect, done, steps);
    case Kind::kRedrive:
      return RunRedrive(target, effect, steps);
    case Kind::kDiscard:
      return RunDiscard(target, effect, steps);
    case Kind::kApplySchema:
      return RunStatements(target, effect);
  }
  return ExpectedOptions("it", "an operation");
}

void Fold(const json& details, json* progress) {
  int64_t records = details.value("records", details.value("letters", int64_t{0}));
  if (details.contains("offsets")) records = static_cast<int64_t>(details["offsets"].size());
  (*progress)["records"] = progress->value("records", int64_t{0}) + records;
  if (details.contains("to")) (*progress)["at"][PlaceOf(details)] = details["to"];
}

}  // namespace ks::operations
