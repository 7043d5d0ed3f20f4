#include "control/governor.h"

#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/lanes_edit.h"
#include "control/limits.h"
#include "governance/hash.h"
#include "governance/policy/personal_data.h"
#include "identity/json.h"
#include "observe/log.h"
#include "pipeline/ddl.h"
#include "pipeline/plan.h"

namespace ks::control {
namespace {

using governance::Action;
using governance::Actor;
using governance::Decision;
using governance::Fact;
using governance::Verb;
using governance::Verdict;
using nlohmann::json;
using Transaction = spanner::Client::Transaction;

// What each verb makes of a pipeline. Those that are not here are not served.
struct Served {
  Verb verb;
  Action action;
  const char* state = nullptr;  // null: as it is
  bool job = false;
};
constexpr Served kServed[] = {
    {Verb::kConfigure, Action::kPipelineConfigure},
    {Verb::kChangeLanes, Action::kPipelineLanes},
    {Verb::kStart, Action::kPipelineStart, "running"},
    {Verb::kStop, Action::kPipelineStop, "stopped"},
    {Verb::kPause, Action::kPipelinePause, "paused"},
    {Verb::kResume, Action::kPipelineResume, "running"},
    {Verb::kRestart, Action::kPipelineRestart},
    {Verb::kBreakGlass, Action::kGlassBreak},
    {Verb::kOffsets, Action::kJobBegin, nullptr, true},
    {Verb::kReplay, Action::kJobBegin, nullptr, true},
    {Verb::kRedrive, Action::kJobBegin, nullptr, true},
    {Verb::kDiscard, Action::kJobBegin, nullptr, true},
    {Verb::kApplySchema, Action::kJobBegin, nullptr, true},
};

const Served* ServedOf(Verb verb) {
  for (const Served& each : kServed) {
    if (each.verb == verb) return &each;
  }
  return nullptr;
}

bool EditsFile(Verb verb) { return verb == Verb::kConfigure || verb == Verb::kChangeLanes; }

// Runs `body` in a transaction, and gives its own error back as it was.
absl::Status InTransaction(spanner::Client& client,
                           const std::function<absl::Status(Transaction&, std::string*)>& body) {
  return client
      .RunTransaction([&](Transaction& transaction) -> absl::StatusOr<std::string> {
        std::string wire;
        KS_RETURN_IF_ERROR(body(transaction, &wire));
        return wire;
      })
      .status;
}

// A change that needs no second judgement: intent, change and result on record.
absl::Status Recorded(spanner::Client& client, governance::AuditLog log, Action action,
                      const json& details, const std::function<void(std::string*)>& write) {
  return log.Run(action, details, [&](governance::AuditLog::Step& step) {
    return InTransaction(client, [&](Transaction& transaction, std::string* wire) {
      write(wire);
      return step.Append(transaction, details, wire);
    });
  });
}

}  // namespace

Governor::Governor(GovernorOptions options, governance::AuditKey key)
    : options_(std::move(options)),
      key_(std::move(key)),
      verified_(key_),
      jobs_(*options_.client, options_.replica,
            [this](const JobRow& job, const std::stop_token& stop) { RunJob(job, stop); }) {}

bool Governor::Serves(Verb verb) { return ServedOf(verb) != nullptr; }

governance::AuditLog Governor::LogOf(const Actor& actor, const std::string& pipeline) const {
  return {{.client = options_.client,
           .pipeline = pipeline,
           .actor = actor,
           .clock = options_.clock,
           .random = options_.random},
          key_,
          options_.sinks};
}

void Governor::RecordRefusal(const Actor& actor, const json& details, const absl::Status& why) {
  const absl::MutexLock lock(&mu_);
  // It is refused either way; that it is not on record is in the server's own log.
  const absl::Status recorded = LogOf(actor, "").Record(Action::kRefused, details, why);
  if (!recorded.ok()) observe::LogError(StrCat("a refusal is not on record: ", recorded.message()));
}

// ---- Judging

// What the tables would be made with for the file that a pipeline has now.
json Governor::DdlOf(const PipelineRow& row) const {
  const auto spec = MakeServable(row.name, row.file, options_.connections);
  if (!spec.ok()) return json::array();
  const auto plan = pipeline::MakePlan(*spec, nullptr);
  return plan.ok() ? json(pipeline::TablesDdl(*plan)) : json::array();
}

// The plan has all that the reviewers of it decide about: what is there, and what will be.
absl::Status Governor::PlanInto(const Call& call, Case* made) const {
  const Served* served = ServedOf(call.verb);
  json& plan = made->plan;
  plan = {{"verb", governance::NameOf(call.verb)}, {"pipeline", call.pipeline}};
  auto& effect = made->request.effect;
  for (const Fact fact : {Fact::kRecords, Fact::kRows, Fact::kPartitions, Fact::kMinutes})
    effect.facts[fact] = 0;
  if (made->row) {
    plan["revision"] = made->row->revision;
    plan["state"] = made->row->state;
    plan["file"] = made->row->file;
  }
  if (call.verb == Verb::kBreakGlass) {
    const json minutes = identity::Member(call.options, "minutes");
    const std::string reason = identity::TextOf(call.options, "reason");
    if (!minutes.is_number_unsigned() || minutes == 0 || reason.empty() ||
        reason.size() > kReasonBytesMax || minutes > kGlassMinutesMax)
      return BadBody(R"({"minutes": 30, "reason": "what has happened"})");
    plan["minutes"] = effect.facts[Fact::kMinutes] = minutes.get<int64_t>();
    plan["reason"] = reason;
    return absl::OkStatus();
  }
  const std::string reason = identity::TextOf(call.options, "reason");
  if (reason.size() > kReasonBytesMax) return BadBody(R"({"reason": "at most 2,000 bytes"})");
  if (!reason.empty()) plan["reason"] = reason;
  if (served == nullptr) return absl::OkStatus();  // see, audit: about nothing but the pipeline
  if (EditsFile(call.verb)) KS_RETURN_IF_ERROR(FileInto(call, made));
  if (served->job) KS_RETURN_IF_ERROR(OperationInto(call, made));
  if (served->state != nullptr) plan["new_state"] = served->state;
  // What halts needs no look into the file: that must always work.
  if (governance::InfoOf(call.verb).kind == governance::VerbKind::kHalts) return absl::OkStatus();
  const std::string file = EditsFile(call.verb) ? plan["new_file"].get<std::string>()
                           : made->row          ? made->row->file
                                                : "";
  KS_ASSIGN_OR_RETURN(const auto spec, MakeServable(call.pipeline, file, options_.connections));
  KS_ASSIGN_OR_RETURN(const pipeline::Plan found, pipeline::MakePlan(spec, nullptr));
  if (EditsFile(call.verb)) {
    plan["new_ddl"] = pipeline::TablesDdl(found);
    plan["ddl"] = made->row ? DdlOf(*made->row) : json::array();
  }
  effect.personal = governance::WrittenAsTheyAre(options_.policy, found);
  for (const auto& source : spec.sources)
    effect.facts[Fact::kLanes] = std::max<int64_t>(effect.facts[Fact::kLanes], source.lanes);
  return absl::OkStatus();
}

absl::Status Governor::FileInto(const Call& call, Case* made) const {
  json& plan = made->plan;
  if (call.verb == Verb::kChangeLanes) {
    KS_ASSIGN_OR_RETURN(const LanesEdit edit, LanesEditOf(call.options));
    plan["lanes"] = edit.lanes;
    KS_ASSIGN_OR_RETURN(plan["new_file"], WithLanes(call.pipeline, made->row->file, edit));
    return absl::OkStatus();
  }
  plan["new_file"] = identity::TextOf(call.options, "file");
  return plan["new_file"] == "" ? BadBody(R"({"file": "the pipeline file's text"})")
                                : absl::OkStatus();
}

// It was resolved before: nothing is asked of Kafka in a transaction, and what was approved stays
// what it is.
absl::Status Governor::OperationInto(const Call& call, Case* made) const {
  const json planned = identity::Member(call.options, "planned");
  if (planned.is_null() || call.options["revision"] != made->row->revision) return PlanChanged();
  if (call.verb == Verb::kOffsets && made->row->state == "running") return OffsetsWhileItRuns();
  made->plan["effect"] = planned["effect"];
  made->plan["facts"] = planned["facts"];
  auto& effect = made->request.effect;
  effect.facts.erase(Fact::kRows);  // unless it is known
  for (const auto& [name, value] : planned["facts"].items()) {
    if (const auto fact = governance::FactOf(name)) effect.facts[*fact] = value.get<int64_t>();
  }
  if (call.verb == Verb::kApplySchema) effect.ddl = "create";
  return absl::OkStatus();
}

absl::Status Governor::GlassInto(const Reader& reader, Case* made) const {
  governance::Request& request = made->request;
  KS_ASSIGN_OR_RETURN(const auto rows, ReadGlassOf(reader, request.actor.subject));
  for (const GlassRow& row : rows) {
    if (!row.glass.actor.SameAs(request.actor)) continue;
    const bool over = row.glass.until_nanos <= request.now_nanos;
    if (over && row.reviewer.empty()) ++request.glass_not_reviewed;
    if (!over && row.glass.pipeline == request.pipeline) request.glass = row.glass;
  }
  return absl::OkStatus();
}

absl::StatusOr<Governor::Case> Governor::Judge(const Reader& reader, const Actor& actor,
                                               const Call& call, const std::string& approval) {
  Case made;
  made.request.verb = call.verb;
  made.request.pipeline = call.pipeline;
  made.request.actor = actor;
  made.request.now_nanos = options_.clock->NowNanos();
  KS_ASSIGN_OR_RETURN(made.row, ReadPipeline(reader, call.pipeline));
  if (made.row) made.request.last_editor = made.row->editor;
  KS_RETURN_IF_ERROR(GlassInto(reader, &made));
  // What nobody may do is denied before anybody learns what it would do.
  if (!governance::HasRoleFor(options_.policy, made.request)) {
    made.decision = governance::Decide(options_.policy, made.request, {});
    return made;
  }
  if (!made.row && call.verb != Verb::kConfigure) return NoSuchPipeline(call.pipeline);
  KS_RETURN_IF_ERROR(PlanInto(call, &made));
  made.request.plan_hash = governance::PlanHash(made.plan);
  if (!approval.empty()) {
    KS_ASSIGN_OR_RETURN(made.reviews, ReadReviews(reader, approval));
  }
  made.decision = governance::Decide(options_.policy, made.request, made.reviews);
  return made;
}

nlohmann::json Governor::OnRecord(const Case& found, const std::string& approval) const {
  json details = {{"plan", found.plan},
                  {"plan_sha256", found.request.plan_hash},
                  {"decision", governance::ToJson(found.decision)},
                  {"policy_sha256", options_.policy_sha256}};
  if (!approval.empty()) details["request"] = approval;
  return details;
}

// ---- Acting

absl::Status Governor::Change(const Call& call, const Case& found, const std::string& job,
                              std::string* wire) {
  if (!job.empty()) {
    WriteJob({.id = job,
              .pipeline = call.pipeline,
              .verb = call.verb,
              .file = found.row->file,
              .effect = found.plan["effect"],
              .progress = json::object(),
              .plan_hash = found.request.plan_hash,
              .state = "running",
              .result = json::object(),
              .actor = found.request.actor,
              .created_nanos = found.request.now_nanos},
             wire);
    return absl::OkStatus();
  }
  if (call.verb == Verb::kBreakGlass) {
    const int64_t now = found.request.now_nanos;
    const int64_t minutes = found.plan["minutes"];
    WriteGlass(
        {env::NewUuid(*options_.random),
         {found.request.actor, call.pipeline, now, now + minutes * 60 * env::kNanosPerSecond},
         found.plan["reason"],
         ""},
        wire);
    return absl::OkStatus();
  }
  PipelineRow row = found.row.value_or(PipelineRow{call.pipeline, "", "stopped", 0, 0, {}});
  ++row.revision;
  if (const char* state = ServedOf(call.verb)->state; state != nullptr) row.state = state;
  if (call.verb == Verb::kRestart) ++row.restarts;
  if (EditsFile(call.verb)) {
    row.file = found.plan["new_file"];
    row.editor = found.request.actor;
    WriteVersion(row.name, {row.revision, row.file, row.editor, found.request.now_nanos}, wire);
  }
  WritePipeline(row, wire);
  return absl::OkStatus();
}

Governor::Answer Governor::Perform(const Actor& actor, const Call& call, const Case& found,
                                   const std::string& approval) {
  governance::AuditLog log = LogOf(actor, call.pipeline);
  const std::string job = ServedOf(call.verb)->job ? env::NewUuid(*options_.random) : "";
  const auto on_record = [&](const Case& of) {
    json details = OnRecord(of, approval);
    if (!job.empty()) details["job"] = job;
    return details;
  };
  KS_RETURN_IF_ERROR(
      log.Run(ServedOf(call.verb)->action, on_record(found), [&](governance::AuditLog::Step& step) {
        return InTransaction(
            *options_.client, [&](Transaction& transaction, std::string* wire) -> absl::Status {
              const Reader reader = ReaderOf(transaction);
              // Both again, over what this transaction sees: nothing comes in between any more.
              KS_ASSIGN_OR_RETURN(const Case now, Judge(reader, actor, call, approval));
              if (now.request.plan_hash != found.request.plan_hash) return PlanChanged();
              if (now.decision.verdict != Verdict::kAllowed)
                return Denied(governance::Sentence(now.decision));
              if (!approval.empty()) {
                KS_ASSIGN_OR_RETURN(const auto request, ReadRequest(reader, approval));
                if (!request || request->state != "open") return AlreadyDone(approval);
                CloseRequest(approval, wire);
              }
              KS_RETURN_IF_ERROR(Change(call, now, job, wire));
              return step.Append(transaction, on_record(now), wire);
            });
      }));
  json answer = {{"state", "done"},
                 {"plan_sha256", found.request.plan_hash},
                 {"decision", governance::ToJson(found.decision)}};
  if (!job.empty()) answer["job"] = job;
  return answer;
}

Governor::Answer Governor::Ask(const Actor& actor, const Call& call, const Case& found) {
  RequestRow row{env::NewUuid(*options_.random),
                 call.pipeline,
                 call.verb,
                 call.options,
                 found.plan.dump(),
                 found.request.plan_hash,
                 "open",
                 actor,
                 found.request.now_nanos};
  KS_RETURN_IF_ERROR(Recorded(*options_.client, LogOf(actor, call.pipeline), Action::kApprovalAsk,
                              OnRecord(found, row.id),
                              [&](std::string* wire) { WriteRequest(row, wire); }));
  return json{{"state", "needs_approval"},
              {"request", row.id},
              {"plan", found.plan},
              {"plan_sha256", row.plan_hash},
              {"decision", governance::ToJson(found.decision)}};
}

Governor::Answer Governor::Act(const Actor& actor, const Call& asked) {
  KS_ASSIGN_OR_RETURN(const Call call, Resolve(actor, asked));
  return AwaitJob(ActResolved(actor, call));
}

namespace {

// Whoever looked at a plan first says which; their reason came after it.
absl::Status CheckSeen(const Call& call, json plan) {
  const std::string seen = identity::TextOf(call.options, "plan_sha256");
  if (seen.empty() || !plan.is_object()) return absl::OkStatus();
  plan.erase("reason");
  return governance::PlanHash(plan) == seen ? absl::OkStatus() : PlanChanged();
}

}  // namespace

Governor::Answer Governor::ActResolved(const Actor& actor, const Call& call) {
  const absl::MutexLock lock(&mu_);
  KS_ASSIGN_OR_RETURN(const Case found, Judge(ReaderOf(*options_.client), actor, call, ""));
  KS_RETURN_IF_ERROR(CheckSeen(call, found.plan));
  switch (found.decision.verdict) {
    case Verdict::kDenied:
      return Denied(governance::Sentence(found.decision));
    case Verdict::kNeedsApproval:
      return Ask(actor, call, found);
    case Verdict::kAllowed:
      return Perform(actor, call, found, "");
  }
  return Denied("");
}

Governor::Answer Governor::Plan(const Actor& actor, const Call& asked) {
  KS_RETURN_IF_ERROR(AskFor(Verb::kPlan, actor, asked.pipeline));
  KS_ASSIGN_OR_RETURN(const Call call, Resolve(actor, asked));
  const absl::MutexLock lock(&mu_);
  KS_ASSIGN_OR_RETURN(const Case found, Judge(ReaderOf(*options_.client), actor, call, ""));
  return json{{"plan", found.plan},
              {"plan_sha256", found.request.plan_hash},
              {"personal", found.request.effect.personal},
              {"decision", governance::ToJson(found.decision)}};
}

Governor::Answer Governor::RunRequest(const Actor& actor, const std::string& id) {
  return AwaitJob(PerformRequest(actor, id));
}

Governor::Answer Governor::PerformRequest(const Actor& actor, const std::string& id) {
  const absl::MutexLock lock(&mu_);
  const Reader reader = ReaderOf(*options_.client);
  KS_ASSIGN_OR_RETURN(const auto row, ReadRequest(reader, id));
  if (!row) return NoSuchRequest(id);
  if (!row->actor.SameAs(actor)) return NotYours();
  if (row->state != "open") return AlreadyDone(id);
  const Call call{row->verb, row->pipeline, row->options};
  KS_ASSIGN_OR_RETURN(const Case found, Judge(reader, actor, call, id));
  if (found.request.plan_hash != row->plan_hash) return PlanChanged();
  if (found.decision.verdict == Verdict::kDenied)
    return Denied(governance::Sentence(found.decision));
  if (found.decision.verdict == Verdict::kNeedsApproval)
    return StillNeedsApproval(governance::Sentence(found.decision));
  return Perform(actor, call, found, id);
}

Governor::Answer Governor::ReviewRequest(const Actor& actor, const std::string& id,
                                         const std::string& plan_hash, bool approves) {
  const absl::MutexLock lock(&mu_);
  const Reader reader = ReaderOf(*options_.client);
  KS_ASSIGN_OR_RETURN(const auto row, ReadRequest(reader, id));
  if (!row) return NoSuchRequest(id);
  KS_ASSIGN_OR_RETURN(const auto pipeline, ReadPipeline(reader, row->pipeline));
  if (row->state != "open") return AlreadyDone(id);
  // What they looked at is what they approve.
  if (plan_hash != row->plan_hash) return PlanChanged();
  if (actor.SameAs(row->actor)) return OwnRequest();
  if (pipeline && actor.SameAs(pipeline->editor)) return OwnEdit();
  if (!MayReview(actor, *row)) return NoReviewer();
  const governance::Review review{actor, plan_hash, approves, options_.clock->NowNanos()};
  const json details = {{"request", id}, {"plan_sha256", plan_hash}, {"approves", approves}};
  KS_RETURN_IF_ERROR(Recorded(*options_.client, LogOf(actor, row->pipeline),
                              Action::kApprovalReview, details,
                              [&](std::string* wire) { WriteReview(id, review, wire); }));
  return json{{"state", "done"}};
}

bool Governor::MayReview(const Actor& actor, const RequestRow& row) const {
  if (row.state != "open" || row.actor.SameAs(actor)) return false;
  return std::any_of(options_.policy.rules.begin(), options_.policy.rules.end(),
                     [&](const auto& rule) {
                       return std::any_of(rule.needs.begin(), rule.needs.end(),
                                          [&](const auto& need) { return need.from.Has(actor); });
                     });
}

Governor::Answer Governor::ReviewGlass(const Actor& actor, const std::string& id,
                                       const std::string& verdict) {
  KS_ASSIGN_OR_RETURN(auto row, ReadOneGlass(ReaderOf(*options_.client), id));
  if (!row) return NoSuchGlass(id);
  KS_RETURN_IF_ERROR(AskFor(Verb::kAudit, actor, row->glass.pipeline));
  if (row->glass.actor.SameAs(actor)) return OwnGlass();
  if (verdict.empty() || verdict.size() > kReasonBytesMax)
    return BadBody(R"({"verdict": "what you make of it"})");
  row->reviewer = StrCat(actor.subject, " of ", actor.issuer);
  const absl::MutexLock lock(&mu_);
  const json details = {{"glass", id}, {"verdict", verdict}};
  KS_RETURN_IF_ERROR(Recorded(*options_.client, LogOf(actor, row->glass.pipeline),
                              Action::kGlassReview, details,
                              [&](std::string* wire) { WriteGlass(*row, wire); }));
  return json{{"state", "done"}};
}

// ---- Sessions

absl::Status Governor::BeginSession(const SessionRow& session) {
  KS_ASSIGN_OR_RETURN(const auto others, ReadSessionsOf(ReaderOf(*options_.client), session.actor));
  for (size_t i = 0; i + kSessionsPerPerson <= others.size(); ++i)
    KS_RETURN_IF_ERROR(EndSession(others[i], "a newer one"));
  const absl::MutexLock lock(&mu_);
  const json details = {{"session", session.id},
                        {"until", identity::Rfc3339Of(session.expires_nanos)}};
  return LogOf(session.actor, "").Run(Action::kSessionBegin, details, [&](auto& step) {
    return InTransaction(
        *options_.client, [&](Transaction& transaction, std::string* wire) -> absl::Status {
          // Others may have begun since, on other replicas.
          KS_ASSIGN_OR_RETURN(const auto now, ReadSessionsOf(ReaderOf(transaction), session.actor));
          json changed = details;
          for (size_t i = 0; i + kSessionsPerPerson <= now.size(); ++i) {
            DeleteSession(now[i].id, wire);
            changed["ended"].push_back(now[i].id);
          }
          WriteSession(session, wire);
          return step.Append(transaction, changed, wire);
        });
  });
}

absl::Status Governor::EndSession(const SessionRow& session, const char* by) {
  const absl::MutexLock lock(&mu_);
  const json details = {{"session", session.id}, {"by", by}};
  return Recorded(*options_.client, LogOf(session.actor, ""), Action::kSessionEnd, details,
                  [&](std::string* wire) { DeleteSession(session.id, wire); });
}

}  // namespace ks::control
