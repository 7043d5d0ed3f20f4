// Governor: what people and machines may do through the control plane. Every action goes the same
// way: plan → decide → intent on record → one transaction that plans and decides again, over what
// it read itself, and takes the change and its audit entry along → result on record.
//
// Invariants (tests/control):
//   1. Nothing is done that Decide() does not allow in the transaction that does it.
//   2. What was approved is what is done: a request runs only while its plan has the same hash.
//   3. A request runs once, whoever asks for it at the same time.
//   4. What takes long (moving offsets, replay, redrive, discard, DDL) is a job: the transaction
//      above takes the job's row along, with all that is to be done as it was approved, and a
//      replica does it (job_runner.h, governor_jobs.cc). Its intent and its end are in this log. So
//      is each step: in the step's own transaction where the pipeline writes to this very database
//      with no role of its own; else after it, and a replica that dies between the two leaves a
//      step that only the job's end tells of.
// Answers are what the API sends. Thread safety: any thread; actions of this process come one after
// the other, those of several processes are Spanner's to order.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "control/job_runner.h"
#include "control/servable.h"
#include "control/store.h"
#include "env/clock.h"
#include "governance/actor.h"
#include "governance/audit/audit_log.h"
#include "governance/audit/verified_log.h"
#include "governance/policy/decide.h"
#include "governance/policy/policy.h"
#include "operations/operation.h"
#include "operations/target.h"
#include "spanner/client.h"

namespace ks::control {

struct GovernorOptions {
  spanner::Client* client = nullptr;  // of the control plane's database
  governance::Policy policy;
  std::string policy_sha256;
  ServedConnections connections;
  std::vector<std::shared_ptr<governance::CheckpointSink>> sinks;
  // What a pipeline works on, as the pipeline; `admin`: with the right to change schemas.
  std::function<absl::StatusOr<operations::Target>(pipeline::PipelineSpec, bool admin)> open_target;
  std::string replica;  // this process' name
  env::Clock* clock = &env::RealClock();
  env::Random* random = &env::RealRandom();
};

// An action on a pipeline. `options`: of configure, {"file": text}; of break_glass, {"minutes":
// 30}; of change_lanes, {"lanes": 4, "topic": t}; of what is a job, as operations/operation.cc
// says; and of each {"reason": text}, which only break_glass has to have, and {"plan_sha256": of
// the plan without its reason}, by whoever wants what they have looked at and nothing else.
struct Call {
  governance::Verb verb = governance::Verb::kSee;
  std::string pipeline;
  nlohmann::json options = nlohmann::json::object();
};

class Governor {
 public:
  Governor(GovernorOptions options, governance::AuditKey key);

  // Whether the control plane does such a thing at all.
  static bool Serves(governance::Verb verb);

  using Answer = absl::StatusOr<nlohmann::json>;
  // {"state": "done"}, {"state": "needs_approval", "request": id, …}, or of a job that takes longer
  // {"state": "running", "job": id}.
  Answer Act(const governance::Actor& actor, const Call& call);
  // What it would do and whether it may; changes nothing.
  Answer Plan(const governance::Actor& actor, const Call& call);
  Answer RunRequest(const governance::Actor& actor, const std::string& id);
  Answer ReviewRequest(const governance::Actor& actor, const std::string& id,
                       const std::string& plan_hash, bool approves);
  Answer ReviewGlass(const governance::Actor& actor, const std::string& id,
                     const std::string& verdict);

  std::vector<std::string> RolesOf(const governance::Actor& actor) const {
    return options_.policy.RolesOf(actor);
  }
  // Only what the actor may see.
  Answer Pipelines(const governance::Actor& actor);
  Answer Pipeline(const governance::Actor& actor, const std::string& name);
  Answer Versions(const governance::Actor& actor, const std::string& name);
  Answer Requests(const governance::Actor& actor);
  Answer Glass(const governance::Actor& actor);
  // Names of people who signed in, for whoever has a role.
  Answer People(const governance::Actor& actor);
  Answer DeadLetters(const governance::Actor& actor, const std::string& name);
  Answer Jobs(const governance::Actor& actor, const std::string& name);
  Answer Job(const governance::Actor& actor, const std::string& id);
  // Whoever may stop the pipeline may.
  Answer CancelJob(const governance::Actor& actor, const std::string& id);
  // Where it stands in its topics: {"partitions": [{topic, partition, next_offset}]}.
  Answer Offsets(const governance::Actor& actor, const std::string& name);
  // The newest first, at most kAuditListed; those before entry `before`.
  Answer Audit(const governance::Actor& actor, int64_t before);
  // Signs the log as it is, and checks that all of it is what was signed; `whole`: without what is
  // remembered of the last time (verified_log.h).
  Answer VerifyAudit(const governance::Actor& actor, bool whole);
  // Of what is about no pipeline: OK where a role has the verb on every one.
  absl::Status AskForAll(governance::Verb verb, const governance::Actor& actor) const;

  // People who sign in with a browser, and out: sessions.h.
  absl::Status BeginSession(const SessionRow& session);
  absl::Status EndSession(const SessionRow& session, const char* by);

  // An attempt that was refused, on record.
  void RecordRefusal(const governance::Actor& actor, const nlohmann::json& details,
                     const absl::Status& why);

 private:
  // An action with everything that judging it takes, as one reader found it.
  struct Case {
    std::optional<PipelineRow> row;
    nlohmann::json plan;
    governance::Request request;
    std::vector<governance::Review> reviews;
    governance::Decision decision;
  };
  absl::StatusOr<Case> Judge(const Reader& reader, const governance::Actor& actor, const Call& call,
                             const std::string& approval);
  absl::Status PlanInto(const Call& call, Case* made) const;
  absl::Status GlassInto(const Reader& reader, Case* made) const;
  nlohmann::json DdlOf(const PipelineRow& row) const;
  nlohmann::json MayDo(const governance::Actor& actor, const std::string& pipeline) const;
  bool MayReview(const governance::Actor& actor, const RequestRow& row) const;
  bool MaySee(const governance::Actor& actor, const std::string& pipeline);
  absl::Status AskFor(governance::Verb verb, const governance::Actor& actor,
                      const std::string& pipeline);
  absl::Status FileInto(const Call& call, Case* made) const;
  absl::Status OperationInto(const Call& call, Case* made) const;
  absl::Status Change(const Call& call, const Case& found, const std::string& job,
                      std::string* wire);
  // What it would do exactly, before it is judged: this asks Kafka and the pipeline's database.
  absl::StatusOr<Call> Resolve(const governance::Actor& actor, const Call& call);
  absl::StatusOr<operations::Target> TargetOf(const std::string& name, const std::string& file,
                                              bool admin) const;
  Answer ActResolved(const governance::Actor& actor, const Call& call);
  Answer PerformRequest(const governance::Actor& actor, const std::string& id);
  Answer AwaitJob(Answer begun);
  nlohmann::json JobJson(const governance::Actor& actor, const JobRow& row);
  void RunJob(const JobRow& row, const std::stop_token& stop);
  absl::StatusOr<nlohmann::json> Operate(const JobRow& row, governance::AuditLog::Step& step,
                                         const std::stop_token& stop);
  absl::Status TakeStep(spanner::Client::Transaction& transaction, const std::string& job,
                        governance::AuditLog::Step& step, const nlohmann::json& details,
                        std::string* wire);
  absl::Status EndJob(const JobRow& row, const absl::StatusOr<nlohmann::json>& outcome);
  Answer Perform(const governance::Actor& actor, const Call& call, const Case& found,
                 const std::string& approval) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Answer Ask(const governance::Actor& actor, const Call& call, const Case& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  governance::AuditLog LogOf(const governance::Actor& actor, const std::string& pipeline) const;
  nlohmann::json OnRecord(const Case& found, const std::string& approval) const;

  const GovernorOptions options_;
  const governance::AuditKey key_;
  governance::VerifiedLog verified_;
  absl::Mutex mu_;  // the log's sinks, and one action at a time
  JobRunner jobs_;  // the last, so that it ends first
};

}  // namespace ks::control
