// Entry: one event of the audit log, as the canonical JSON that is hashed (RFC 8785: keys in order,
// no white space, integers only), and as the OCSF event that an export shows around it.
//
// An event is made of nothing but its entry, so that verifying can make it again and compare
// (https://schema.ocsf.io/1.3.0/classes/api_activity). Values of records are never in an entry.
// Thread safety: pure functions and plain data.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "governance/actor.h"
#include "governance/audit/events.h"

namespace ks::governance {

struct Entry {
  uint64_t seq = 0;
  std::string id;
  int64_t time_nanos = 0;  // since the Unix epoch
  Action action = Action::kLogOpen;
  Phase phase = Phase::kResult;
  Actor actor;
  std::string pipeline;
  std::string database;
  std::string intent;  // id; empty: none
  nlohmann::json details = nlohmann::json::object();
  std::optional<absl::Status> result = std::nullopt;
};

std::string CanonicalJson(const Entry& entry);

// One line of an export. Nothing where `entry` is no entry.
std::optional<nlohmann::json> EventOf(std::string_view entry);
// The same for a checkpoint (checkpoint.h) that was signed then, in nanoseconds since the Unix
// epoch: an event of OCSF's base class. The time is not part of what is signed.
nlohmann::json EventOfCheckpoint(std::string_view note, int64_t time_nanos);

// What a line of an export holds.
struct ExportedLine {
  bool is_checkpoint = false;
  std::string raw;  // the entry, or the note
  nlohmann::json event;
};
std::optional<ExportedLine> ParseExportedLine(std::string_view line);

}  // namespace ks::governance
