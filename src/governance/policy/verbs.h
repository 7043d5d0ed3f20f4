// What can be done to a pipeline, and what is counted of doing it. Two tables: a policy file writes
// these names, and docs/guide/policy.md explains them.
//
// Thread safety: constants and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ks::governance {

enum class Verb : uint8_t {
  kSee,
  kPlan,
  kAudit,
  kStop,
  kPause,
  kStart,
  kResume,
  kRestart,
  kConfigure,
  kOffsets,
  kReplay,
  kRedrive,
  kDiscard,
  kApplySchema,
  kChangeLanes,
  kBreakGlass,
};

// Rules that name no verbs are about those that change something: whoever freezes production must
// still be able to stop what runs wild there.
enum class VerbKind : uint8_t { kReads, kHalts, kChanges, kBreaksGlass };

struct VerbInfo {
  Verb verb;
  const char* name;
  VerbKind kind;
  const char* what;
};

inline constexpr VerbInfo kVerbs[] = {
    {Verb::kSee, "see", VerbKind::kReads, "its state, lag and configuration"},
    {Verb::kPlan, "plan", VerbKind::kReads, "ask what an action would do"},
    {Verb::kAudit, "audit", VerbKind::kReads, "read the record"},
    {Verb::kStop, "stop", VerbKind::kHalts, "stop it"},
    {Verb::kPause, "pause", VerbKind::kHalts, "stop it for a while"},
    {Verb::kStart, "start", VerbKind::kChanges, "start it"},
    {Verb::kResume, "resume", VerbKind::kChanges, "end a pause"},
    {Verb::kRestart, "restart", VerbKind::kChanges, "stop and start it"},
    {Verb::kConfigure, "configure", VerbKind::kChanges, "give it another pipeline file"},
    {Verb::kOffsets, "offsets", VerbKind::kChanges, "put it elsewhere in its topics"},
    {Verb::kReplay, "replay", VerbKind::kChanges, "write a range of offsets again"},
    {Verb::kRedrive, "redrive", VerbKind::kChanges, "put dead letters through it again"},
    {Verb::kDiscard, "discard", VerbKind::kChanges, "delete dead letters"},
    {Verb::kApplySchema, "apply_schema", VerbKind::kChanges, "create what is missing in Spanner"},
    {Verb::kChangeLanes, "change_lanes", VerbKind::kChanges, "another number of lanes"},
    {Verb::kBreakGlass, "break_glass", VerbKind::kBreaksGlass,
     "act without approval and in a freeze, for some minutes, and explain it afterwards"},
};

// Of an action, before it is done. A fact may be unknown; then a limit on it is exceeded.
enum class Fact : uint8_t { kRecords, kRows, kPartitions, kLanes, kMutationsPerSecond, kMinutes };

struct FactInfo {
  Fact fact;
  const char* name;
  const char* what;
};

inline constexpr FactInfo kFacts[] = {
    {Fact::kRecords, "records", "records that are written again, passed over or redriven"},
    {Fact::kRows, "rows", "rows that will be written again"},
    {Fact::kPartitions, "partitions", "partitions of a topic that are moved"},
    {Fact::kLanes, "lanes", "lanes that it will have"},
    {Fact::kMutationsPerSecond, "mutations_per_second", "what it may write at most"},
    {Fact::kMinutes, "minutes", "how long the glass stays broken"},
};

const VerbInfo& InfoOf(Verb verb);
std::string_view NameOf(Verb verb);
std::optional<Verb> VerbOf(std::string_view name);
std::vector<std::string> VerbNames();

std::string_view NameOf(Fact fact);
std::optional<Fact> FactOf(std::string_view name);
std::vector<std::string> FactNames();

}  // namespace ks::governance
