// Actions that take long: what they would do is found out before they are judged, and a replica
// does it afterwards. operations/operation.h says what each does, and why twice is harmless.
#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/governor.h"
#include "control/limits.h"
#include "identity/json.h"
#include "observe/log.h"
#include "operations/standing.h"

namespace ks::control {
namespace {

using governance::Action;
using governance::Actor;
using governance::Verb;
using nlohmann::json;
using operations::Kind;
using Transaction = spanner::Client::Transaction;

struct JobKind {
  Verb verb;
  Kind kind;
  Action action;  // that it goes on record as while it is done
};
constexpr JobKind kJobs[] = {
    {Verb::kOffsets, Kind::kOffsets, Action::kOffsetsSet},
    {Verb::kReplay, Kind::kReplay, Action::kReplay},
    {Verb::kRedrive, Kind::kRedrive, Action::kRedrive},
    {Verb::kDiscard, Kind::kDiscard, Action::kDiscard},
    {Verb::kApplySchema, Kind::kApplySchema, Action::kSchemaApply},
};

const JobKind* JobOf(Verb verb) {
  const auto* const found = std::find_if(std::begin(kJobs), std::end(kJobs),
                                         [&](const JobKind& each) { return each.verb == verb; });
  return found == std::end(kJobs) ? nullptr : found;
}

// It may be better later, or on another replica.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsCancelled(status);
}

absl::Status StatusOf(const json& result) {
  const json code = identity::Member(result, "code");
  return {code.is_number_integer() ? static_cast<absl::StatusCode>(code.get<int>())
                                   : absl::StatusCode::kInternal,
          identity::TextOf(result, "error")};
}

}  // namespace

absl::StatusOr<operations::Target> Governor::TargetOf(const std::string& name,
                                                      const std::string& file, bool admin) const {
  KS_ASSIGN_OR_RETURN(auto spec, MakeServable(name, file, options_.connections));
  return options_.open_target(std::move(spec), admin);
}

absl::StatusOr<Call> Governor::Resolve(const Actor& actor, const Call& call) {
  const JobKind* const job = JobOf(call.verb);
  if (job == nullptr) return call;
  Call resolved{call.verb, call.pipeline, json::object()};  // nothing planned by somebody else
  json options = call.options;
  for (const char* name : {"reason", "plan_sha256"}) {
    if (!options.contains(name)) continue;
    resolved.options[name] = options[name];
    options.erase(name);
  }
  governance::Request request;
  request.verb = call.verb;
  request.pipeline = call.pipeline;
  request.actor = actor;
  if (!governance::HasRoleFor(options_.policy, request)) return resolved;  // it will be denied
  KS_ASSIGN_OR_RETURN(const auto row, ReadPipeline(ReaderOf(*options_.client), call.pipeline));
  if (!row) return NoSuchPipeline(call.pipeline);
  KS_ASSIGN_OR_RETURN(const auto target, TargetOf(row->name, row->file, false));
  KS_ASSIGN_OR_RETURN(resolved.options["planned"],
                      operations::PlanOperation(job->kind, target, options));
  resolved.options["revision"] = row->revision;
  return resolved;
}

// ---- Looking at jobs

// Mostly it is done at once, and who asked wants to know that.
Governor::Answer Governor::AwaitJob(Answer begun) {
  if (!begun.ok() || !begun->contains("job")) return begun;
  const std::string id = (*begun)["job"];
  jobs_.Wake();
  const int64_t until = options_.clock->MonotonicNanos() + kJobAnswerMillis * 1'000'000;
  for (;;) {
    const auto row = ReadJob(ReaderOf(*options_.client), id);
    // It is decided and on its way, whatever can be read at this moment.
    (*begun)["state"] = row.ok() && *row ? (*row)->state : "running";
    if (row.ok() && *row) {
      if ((*row)->state == "failed") return StatusOf((*row)->result);
      (*begun)["progress"] = (*row)->progress;
      (*begun)["result"] = (*row)->result;
    }
    if ((*begun)["state"] != "running" || options_.clock->MonotonicNanos() >= until) return begun;
    env::SleepFor(kJobAnswerEveryMillis * 1'000'000);
  }
}

json Governor::JobJson(const Actor& actor, const JobRow& row) {
  return {{"job", row.id},
          {"pipeline", row.pipeline},
          {"verb", governance::NameOf(row.verb)},
          {"state", row.state},
          {"progress", row.progress},
          {"result", row.result},
          {"by", {{"issuer", row.actor.issuer}, {"subject", row.actor.subject}}},
          {"begun_at", identity::Rfc3339Of(row.created_nanos)},
          {"plan_sha256", row.plan_hash},
          {"replica", row.state == "running" ? row.held_by : ""},
          {"may_cancel", row.state == "running" && AskFor(Verb::kStop, actor, row.pipeline).ok()}};
}

Governor::Answer Governor::Jobs(const Actor& actor, const std::string& name) {
  KS_RETURN_IF_ERROR(AskFor(Verb::kSee, actor, name));
  KS_ASSIGN_OR_RETURN(const auto rows, ReadJobs(ReaderOf(*options_.client), name));
  json list = json::array();
  for (const JobRow& row : rows) list.push_back(JobJson(actor, row));
  return json{{"jobs", std::move(list)}};
}

Governor::Answer Governor::Job(const Actor& actor, const std::string& id) {
  KS_ASSIGN_OR_RETURN(const auto row, ReadJob(ReaderOf(*options_.client), id));
  if (!row) return NoSuchJob(id);
  KS_RETURN_IF_ERROR(AskFor(Verb::kSee, actor, row->pipeline));
  return JobJson(actor, *row);
}

Governor::Answer Governor::CancelJob(const Actor& actor, const std::string& id) {
  KS_ASSIGN_OR_RETURN(const auto found, ReadJob(ReaderOf(*options_.client), id));
  if (!found) return NoSuchJob(id);
  KS_RETURN_IF_ERROR(AskFor(Verb::kStop, actor, found->pipeline));
  const absl::MutexLock lock(&mu_);
  const json details = {{"job", id}, {"verb", governance::NameOf(found->verb)}};
  governance::AuditLog log = LogOf(actor, found->pipeline);
  KS_RETURN_IF_ERROR(log.Run(Action::kJobCancel, details, [&](governance::AuditLog::Step& step) {
    return options_.client
        ->RunTransaction([&](Transaction& transaction) -> absl::StatusOr<std::string> {
          KS_ASSIGN_OR_RETURN(auto row, ReadJob(ReaderOf(transaction), id));
          if (!row || row->state != "running") return JobIsOver(id, row ? row->state : "gone");
          row->state = "cancelled";
          json change = details;
          change["progress"] = row->progress;
          std::string wire;
          WriteJobEnd(*row, &wire);
          KS_RETURN_IF_ERROR(step.Append(transaction, change, &wire));
          return wire;
        })
        .status;
  }));
  return json{{"state", "done"}};
}

Governor::Answer Governor::Offsets(const Actor& actor, const std::string& name) {
  KS_RETURN_IF_ERROR(AskFor(Verb::kSee, actor, name));
  KS_ASSIGN_OR_RETURN(const auto row, ReadPipeline(ReaderOf(*options_.client), name));
  if (!row) return NoSuchPipeline(name);
  KS_ASSIGN_OR_RETURN(const auto target, TargetOf(name, row->file, false));
  json partitions = json::array();
  KS_ASSIGN_OR_RETURN(const bool there, operations::HasTable(*target.client, "Checkpoints"));
  if (!there) return json{{"partitions", std::move(partitions)}};
  KS_ASSIGN_OR_RETURN(const auto heads, operations::ReadHeads(*target.client, name));
  for (const auto& head : operations::Together(heads)) {
    partitions.push_back(
        {{"topic", head.topic}, {"partition", head.partition}, {"next_offset", head.next_offset}});
  }
  return json{{"partitions", std::move(partitions)}};
}

// ---- Doing them

void Governor::RunJob(const JobRow& row, const std::stop_token& stop) {
  governance::AuditLog log = LogOf(row.actor, row.pipeline);
  const auto run = [&]() -> absl::StatusOr<json> {
    absl::StatusOr<governance::AuditLog::Step> step;
    {
      const absl::MutexLock lock(&mu_);
      step = log.Begin(JobOf(row.verb)->action, {{"job", row.id},
                                                 {"plan_sha256", row.plan_hash},
                                                 {"replica", options_.replica},
                                                 {"progress", row.progress}});
    }
    KS_RETURN_IF_ERROR(step.status());
    absl::StatusOr<json> outcome = Operate(row, *step, stop);
    if (outcome.ok()) step->result = *outcome;
    const absl::MutexLock lock(&mu_);
    const absl::Status ended = log.End(*step, outcome.status());
    // Done, and its end is not on record: once more, which changes nothing but that.
    if (outcome.ok() && !ended.ok()) return StepNotRecorded(ended);
    return outcome;
  };
  absl::StatusOr<json> outcome = run();
  if (!outcome.ok() && MayPass(outcome.status())) {
    const int64_t age = options_.clock->NowNanos() - row.created_nanos;
    if (age > kJobSecondsMax * env::kNanosPerSecond) outcome = TriedTooLong(outcome.status());
  }
  const absl::Status ended = EndJob(row, outcome);
  if (!ended.ok())
    observe::LogWarning(StrCat("job ", row.id, " of ", row.pipeline,
                               " is taken up again: ", View(ended.message())));
}

absl::Status Governor::EndJob(const JobRow& row, const absl::StatusOr<json>& outcome) {
  return options_.client
      ->RunTransaction([&](Transaction& transaction) -> absl::StatusOr<std::string> {
        KS_ASSIGN_OR_RETURN(auto now, ReadJob(ReaderOf(transaction), row.id));
        std::string wire;
        if (!now || now->state != "running" || now->held_by != options_.replica) return wire;
        if (outcome.ok()) {
          now->state = "done";
          now->result = *outcome;
          WriteJobEnd(*now, &wire);
        } else if (MayPass(outcome.status())) {
          const int64_t pause = absl::IsCancelled(outcome.status()) ? 0 : kJobRetrySeconds;
          WriteJobPause(row.id, options_.clock->NowNanos() + pause * env::kNanosPerSecond, &wire);
        } else {
          now->state = "failed";
          now->result = {{"code", static_cast<int>(outcome.status().code())},
                         {"error", View(outcome.status().message())}};
          WriteJobEnd(*now, &wire);
        }
        return wire;
      })
      .status;
}

absl::StatusOr<json> Governor::Operate(const JobRow& row, governance::AuditLog::Step& step,
                                       const std::stop_token& stop) {
  KS_ASSIGN_OR_RETURN(const auto now, ReadPipeline(ReaderOf(*options_.client), row.pipeline));
  if (!now || now->file != row.file) return PlanChanged();
  if (row.verb == Verb::kOffsets && now->state == "running") return OffsetsWhileItRuns();
  KS_ASSIGN_OR_RETURN(const auto target,
                      TargetOf(row.pipeline, row.file, row.verb == Verb::kApplySchema));
  operations::Steps steps{.stop = stop};
  const bool ours =
      target.client->database() == options_.client->database() && target.spec->target.role.empty();
  if (ours) {
    steps.with = [&](Transaction& transaction, const json& details, std::string* wire) {
      return TakeStep(transaction, row.id, step, details, wire);
    };
  } else {
    steps.after = [&](const json& details) -> absl::Status {
      const auto answer = options_.client->RunTransaction(
          [&](Transaction& transaction) -> absl::StatusOr<std::string> {
            std::string wire;
            KS_RETURN_IF_ERROR(TakeStep(transaction, row.id, step, details, &wire));
            return wire;
          });
      if (answer.status.ok() || absl::IsCancelled(answer.status)) return answer.status;
      return StepNotRecorded(answer.status);
    };
  }
  return operations::RunOperation(JobOf(row.verb)->kind, target, row.effect, row.progress, steps);
}

absl::Status Governor::TakeStep(Transaction& transaction, const std::string& job,
                                governance::AuditLog::Step& step, const json& details,
                                std::string* wire) {
  KS_ASSIGN_OR_RETURN(auto row, ReadJob(ReaderOf(transaction), job));
  if (!row || row->state != "running" || row->held_by != options_.replica) return JobIsAnothers();
  operations::Fold(details, &row->progress);
  WriteJobProgress(*row, wire);
  return step.Append(transaction, details, wire);
}

}  // namespace ks::control
