// Verifier: is an export of an audit log what was signed? Needs no database, only the lines of the
// export, the checkpoints, and the public key.
//
// Finds an entry that was changed, removed, exchanged, made up or doubled, an export whose end was
// cut off, and an event that says something else than its entry. What it cannot find: entries after
// the last checkpoint that it was given, removed together with every checkpoint that covers them.
// Therefore checkpoints are published outside of the database, at once, and given to it from there.
//
// Tests: verifier_test.cc, each attack with the check on and off. Thread safety: none.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/string_map.h"
#include "governance/audit/checkpoint.h"
#include "governance/audit/merkle.h"

namespace ks::governance {

// Only tests take one away, to show that they would notice.
struct Checks {
  bool order = true;   // entries count from 0
  bool around = true;  // the event says what its entry says
  bool tree = true;    // the hashes of the entries are those that were signed
  bool length = true;  // no entry is missing at the end
  bool end = true;     // no entry stands after what was signed
};

class Verifier {
 public:
  // `before`: the tree of the entries that need not be given, since they were verified.
  explicit Verifier(AuditKey key, Checks checks = {}, Frontier before = {})
      : key_(std::move(key)), checks_(checks), before_(std::move(before)) {}

  // The next line of a file: an entry's or a checkpoint's event, or nothing.
  absl::Status AddLine(std::string_view file, size_t number, std::string_view line);
  // An entry alone.
  absl::Status AddEntry(size_t number, const std::string& entry);
  // A checkpoint's note alone.
  absl::Status AddCheckpoint(const std::string& note);
  // The verdict over all lines.
  absl::Status Finish() const;

  // The log's name, as its first entry has it; empty before there is one.
  const std::string& origin() const { return origin_; }
  // After Finish() said OK:
  uint64_t entries() const { return before_.size() + leaves_.size(); }
  size_t checkpoints() const { return checkpoints_.size(); }
  const Checkpoint& last() const { return checkpoints_.rbegin()->second.checkpoint; }
  const std::string& last_note() const { return checkpoints_.rbegin()->second.note; }
  const Hashes& leaves() const { return leaves_; }  // after `before`
  Frontier tree() const;                            // of all
  // Where an entry stands; nothing where there is none.
  std::optional<uint64_t> IndexOf(std::string_view id) const;

 private:
  struct Signed {
    Checkpoint checkpoint;
    std::string note;
  };
  absl::Status AddEvent(size_t line, const std::string& entry, const nlohmann::json& made_again);
  absl::Status CheckOrder(size_t line, uint64_t seq) const;

  const AuditKey key_;
  const Checks checks_;
  const Frontier before_;
  std::string origin_;
  Hashes leaves_;
  StringMap<uint64_t> index_by_id_;
  std::multimap<uint64_t, Signed> checkpoints_;  // by size
};

}  // namespace ks::governance
