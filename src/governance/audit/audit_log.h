// AuditLog: the record of governed actions, in the table kafka_spanner.AuditLog of the database
// they change.
//
// Every action is wrapped in Run(): its intent is on record, and a signed checkpoint that covers it
// is outside, before anything happens; a change that is a transaction has its entry in that
// transaction; the result follows. What cannot be put on record is not done (fail closed).
//
// The table, newest first, so that appending reads one row:
//   Seq     INT64          from 0 without gaps; the primary key, descending
//   Id      STRING(36)     the entry's
//   Entry   STRING(MAX)    canonical JSON (entry.h): the bytes that are hashed
//   Peaks   BYTES(2048)    the tree's frontier (merkle.h) with this entry in it
// It is only ever read and inserted into, so a role needs SELECT and INSERT on it and no more.
//
// Invariants:
//   1. Entries are appended one at a time: an append reads the newest row in its own transaction.
//   2. No checkpoint is signed unless the last one published is a beginning of what is signed
//      (tests/conformance/go/audit_test.go).
// Blocks; one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "env/clock.h"
#include "governance/audit/checkpoint.h"
#include "governance/audit/checkpoint_sink.h"
#include "governance/audit/entry.h"
#include "spanner/admin.h"
#include "spanner/client.h"

namespace ks::governance {

struct AuditLogOptions {
  spanner::Client* client = nullptr;
  std::string pipeline;
  Actor actor;
  env::Clock* clock = &env::RealClock();
  env::Random* random = &env::RealRandom();
};

class AuditLog {
 public:
  // An action that is under way, for what its body puts on record itself.
  class Step {
   public:
    // To be committed with a change: appends an entry's mutation to `wire`, the other mutations of
    // `transaction`. At most once in a transaction.
    absl::Status Append(spanner::Client::Transaction& transaction, const nlohmann::json& details,
                        std::string* wire);
    // What the result's entry says beside the outcome.
    nlohmann::json result = nlohmann::json::object();

   private:
    friend class AuditLog;
    AuditLog* log_ = nullptr;  // null: nothing is put on record
    Action action_ = Action::kLogOpen;
    std::string intent_;
  };
  using Body = std::function<absl::Status(Step&)>;

  AuditLog(AuditLogOptions options, AuditKey key, std::vector<std::shared_ptr<CheckpointSink>> out);

  absl::Status Run(Action action, const nlohmann::json& intent, const Body& body);
  // The two halves of Run(), where the action takes longer than the log may be held for: the intent
  // is on record and signed; what came of it is. The log outlives the step.
  absl::StatusOr<Step> Begin(Action action, const nlohmann::json& intent);
  absl::Status End(const Step& step, const absl::Status& result);
  // An action that is only a result: one that was refused.
  absl::Status Record(Action action, const nlohmann::json& details, const absl::Status& result);
  // Signs what is there, and publishes it.
  absl::Status Sign();
  // The first entry, after CreateAuditTable() made the table.
  absl::Status Open();

 private:
  Entry MakeEntry(Action action, Phase phase) const;
  absl::StatusOr<std::string> AppendMutation(spanner::Client::Transaction& transaction,
                                             Entry entry);
  absl::Status Write(const Entry& entry);
  absl::StatusOr<Frontier> FrontierSince(const Checkpoint& last);
  absl::StatusOr<Checkpoint> LastPublished();

  const AuditLogOptions options_;
  const AuditKey key_;
  const std::vector<std::shared_ptr<CheckpointSink>> sinks_;
};

// As AuditLog::Run, and without a log just the body.
absl::Status RunOnRecord(AuditLog* log, Action action, const nlohmann::json& intent,
                         const AuditLog::Body& body);

// Makes the table where it is missing, and says whether it did.
absl::StatusOr<bool> CreateAuditTable(spanner::Client& client, spanner::Admin& admin);

// Entries from `from` on, oldest first; whether one is missing is the caller's to notice.
absl::Status ReadEntries(
    spanner::Client& client, uint64_t from,
    const std::function<void(uint64_t seq, const std::string& entry)>& consume);
// All entries, oldest first, as lines of an export.
absl::Status ExportEntries(spanner::Client& client,
                           const std::function<void(std::string_view line)>& consume);

}  // namespace ks::governance
