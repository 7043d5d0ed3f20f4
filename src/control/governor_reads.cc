// What people may look at through the control plane: nothing here changes anything.
#include <google/spanner/v1/spanner.pb.h>

#include <optional>
#include <string>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/governor.h"
#include "control/limits.h"
#include "control/sightings.h"
#include "identity/json.h"
#include "operations/standing.h"

namespace ks::control {
namespace {

using governance::Actor;
using governance::Decision;
using governance::Verb;
using governance::Verdict;
using nlohmann::json;

json ActorJson(const Actor& actor) {
  return {{"issuer", actor.issuer}, {"subject", actor.subject}};
}

json LetterJson(const google::protobuf::ListValue& row, bool with_reason) {
  const auto text = [&](int i) { return row.values(i).string_value(); };
  json letter = {{"topic", text(0)},
                 {"partition", identity::ParseJson(text(1))},
                 {"offset", identity::ParseJson(text(2))},
                 {"stage", text(3)},
                 {"failed_at", text(5)}};
  if (with_reason) letter["reason"] = text(4);
  return letter;
}

}  // namespace

absl::Status Governor::AskFor(Verb verb, const Actor& actor, const std::string& pipeline) {
  governance::Request request;
  request.verb = verb;
  request.pipeline = pipeline;
  request.actor = actor;
  request.now_nanos = options_.clock->NowNanos();
  for (const governance::FactInfo& info : governance::kFacts) request.effect.facts[info.fact] = 0;
  const Decision decision = governance::Decide(options_.policy, request, {});
  return decision.verdict == Verdict::kAllowed ? absl::OkStatus()
                                               : Denied(governance::Sentence(decision));
}

bool Governor::MaySee(const Actor& actor, const std::string& pipeline) {
  return AskFor(Verb::kSee, actor, pipeline).ok();
}

Governor::Answer Governor::Pipelines(const Actor& actor) {
  KS_ASSIGN_OR_RETURN(const auto rows, ReadPipelines(ReaderOf(*options_.client)));
  KS_ASSIGN_OR_RETURN(const auto sightings, ReadSightings(ReaderOf(*options_.client)));
  json list = json::array();
  for (const PipelineRow& row : rows) {
    if (!MaySee(actor, row.name)) continue;
    json each = {{"name", row.name},
                 {"state", row.state},
                 {"revision", row.revision},
                 {"environment", options_.policy.Find(row.name)->environment}};
    each.update(StandingOf(sightings, row.name, row.state, false));
    list.push_back(std::move(each));
  }
  return json{{"pipelines", std::move(list)}};
}

Governor::Answer Governor::Pipeline(const Actor& actor, const std::string& name) {
  KS_RETURN_IF_ERROR(AskFor(Verb::kSee, actor, name));
  KS_ASSIGN_OR_RETURN(const auto row, ReadPipeline(ReaderOf(*options_.client), name));
  if (!row) return NoSuchPipeline(name);
  KS_ASSIGN_OR_RETURN(const auto sightings, ReadSightings(ReaderOf(*options_.client)));
  const auto* facts = options_.policy.Find(name);
  json answer = {{"name", row->name},
                 {"state", row->state},
                 {"revision", row->revision},
                 {"file", row->file},
                 {"editor", ActorJson(row->editor)},
                 {"environment", facts->environment},
                 {"labels", facts->labels},
                 {"may", MayDo(actor, name)}};
  answer.update(StandingOf(sightings, name, row->state, true));
  return answer;
}

// Whether they may at this moment, with or without approval, only the plan tells.
json Governor::MayDo(const Actor& actor, const std::string& pipeline) const {
  json verbs = json::array();
  governance::Request request;
  request.pipeline = pipeline;
  request.actor = actor;
  for (const governance::VerbInfo& info : governance::kVerbs) {
    request.verb = info.verb;
    if (governance::HasRoleFor(options_.policy, request)) verbs.push_back(info.name);
  }
  return verbs;
}

Governor::Answer Governor::Versions(const Actor& actor, const std::string& name) {
  KS_RETURN_IF_ERROR(AskFor(Verb::kSee, actor, name));
  KS_ASSIGN_OR_RETURN(const auto rows, ReadVersions(ReaderOf(*options_.client), name));
  json list = json::array();
  for (const VersionRow& row : rows) {
    list.push_back({{"revision", row.revision},
                    {"file", row.file},
                    {"editor", ActorJson(row.editor)},
                    {"configured_at", identity::Rfc3339Of(row.configured_nanos)}});
  }
  return json{{"versions", std::move(list)}};
}

Governor::Answer Governor::Requests(const Actor& actor) {
  const Reader reader = ReaderOf(*options_.client);
  KS_ASSIGN_OR_RETURN(const auto rows, ReadRequests(reader));
  KS_ASSIGN_OR_RETURN(auto reviews, ReadListedReviews(reader));
  json list = json::array();
  for (const RequestRow& row : rows) {
    if (!MaySee(actor, row.pipeline)) continue;
    json given = json::array();
    for (const auto& review : reviews[row.id]) {
      given.push_back({{"by", ActorJson(review.reviewer)},
                       {"approves", review.approves},
                       {"plan_sha256", review.plan_hash}});
    }
    list.push_back({{"request", row.id},
                    {"pipeline", row.pipeline},
                    {"verb", governance::NameOf(row.verb)},
                    {"state", row.state},
                    {"by", ActorJson(row.actor)},
                    {"plan", identity::ParseJson(row.plan)},
                    {"plan_sha256", row.plan_hash},
                    {"asked_at", identity::Rfc3339Of(row.created_nanos)},
                    {"yours", row.actor.SameAs(actor)},
                    {"may_review", MayReview(actor, row)},
                    {"reviews", std::move(given)}});
  }
  return json{{"requests", std::move(list)}};
}

Governor::Answer Governor::Glass(const Actor& actor) {
  KS_ASSIGN_OR_RETURN(const auto rows, ReadGlass(ReaderOf(*options_.client)));
  json list = json::array();
  for (const GlassRow& row : rows) {
    if (!AskFor(Verb::kAudit, actor, row.glass.pipeline).ok()) continue;
    list.push_back({{"glass", row.id},
                    {"by", ActorJson(row.glass.actor)},
                    {"pipeline", row.glass.pipeline},
                    {"reason", row.reason},
                    {"over", row.glass.until_nanos <= options_.clock->NowNanos()},
                    {"reviewer", row.reviewer}});
  }
  return json{{"glass", std::move(list)}};
}

Governor::Answer Governor::People(const Actor& actor) {
  if (options_.policy.RolesOf(actor).empty()) return NotEverywhere(Verb::kSee);
  KS_ASSIGN_OR_RETURN(const auto rows, ReadPeople(ReaderOf(*options_.client)));
  json list = json::array();
  for (const PersonRow& row : rows) {
    json each = ActorJson(row.actor);
    each["name"] = row.name;
    list.push_back(std::move(each));
  }
  return json{{"people", std::move(list)}};
}

// ---- Dead letters

// A reason may quote a record, so it is for those who may read the record of what was done.
Governor::Answer Governor::DeadLetters(const Actor& actor, const std::string& name) {
  KS_RETURN_IF_ERROR(AskFor(Verb::kSee, actor, name));
  KS_ASSIGN_OR_RETURN(const auto row, ReadPipeline(ReaderOf(*options_.client), name));
  if (!row) return NoSuchPipeline(name);
  KS_ASSIGN_OR_RETURN(const operations::Target target, TargetOf(name, row->file, false));
  const bool with_reason = AskFor(Verb::kAudit, actor, name).ok();
  KS_ASSIGN_OR_RETURN(const bool there, operations::HasTable(*target.client, "DeadLetters"));
  json letters = json::array();
  int64_t count = 0;
  if (there) {
    KS_ASSIGN_OR_RETURN(count, CountDeadLetters(*target.client, name));
    KS_ASSIGN_OR_RETURN(const auto found, ReadDeadLetters(*target.client, name));
    for (const auto& letter : found->rows()) letters.push_back(LetterJson(letter, with_reason));
  }
  return json{{"count", count}, {"dead_letters", std::move(letters)}};
}

// ---- The record

absl::Status Governor::AskForAll(Verb verb, const Actor& actor) const {
  return governance::HasVerbEverywhere(options_.policy, actor, verb) ? absl::OkStatus()
                                                                     : NotEverywhere(verb);
}

Governor::Answer Governor::Audit(const Actor& actor, int64_t before) {
  if (options_.policy.RolesOf(actor).empty()) return NotEverywhere(Verb::kAudit);
  const bool everything = AskForAll(Verb::kAudit, actor).ok();
  KS_ASSIGN_OR_RETURN(const auto rows, ReadAuditEntries(ReaderOf(*options_.client), before));
  json list = json::array();
  json next;  // there may be older ones
  for (const AuditRow& row : rows) {
    if (rows.size() == kAuditListed) next = row.seq;
    json entry = identity::ParseJson(row.entry);
    const std::string pipeline = identity::TextOf(entry, "pipeline");
    // What is about no pipeline, as who was refused, is for those who may read it all.
    if (everything || (!pipeline.empty() && AskFor(Verb::kAudit, actor, pipeline).ok()))
      list.push_back(std::move(entry));
  }
  return json{{"entries", std::move(list)}, {"before", next}, {"everything", everything}};
}

Governor::Answer Governor::VerifyAudit(const Actor& actor, bool whole) {
  KS_RETURN_IF_ERROR(AskForAll(Verb::kAudit, actor));
  absl::Status is_signed;
  std::optional<std::string> newest;
  {  // not for the reading of the log: people act meanwhile
    const absl::MutexLock lock(&mu_);
    // Signing checks that what was signed before is a beginning of what is there now.
    is_signed = LogOf(actor, "").Sign();
    KS_ASSIGN_OR_RETURN(newest, options_.sinks.front()->Newest());
  }
  if (absl::IsUnavailable(is_signed) || absl::IsDeadlineExceeded(is_signed)) return is_signed;
  if (!newest) return absl::InternalError("no checkpoint was published");
  KS_ASSIGN_OR_RETURN(const auto checkpoint, key_.Open(*newest));
  const int64_t now = options_.clock->NowNanos();
  KS_ASSIGN_OR_RETURN(const auto verdict, verified_.Verify(*options_.client, *newest, whole, now));
  is_signed.Update(verdict.holds);
  return json{{"holds", is_signed.ok()},
              {"entries", checkpoint.size},
              {"read", verdict.read},
              {"why", View(is_signed.message())},
              {"checkpoint", *newest},
              {"verified_at", identity::Rfc3339Of(now)},
              {"whole_at", identity::Rfc3339Of(verdict.whole_nanos)}};
}

}  // namespace ks::control
