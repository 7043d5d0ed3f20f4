#include "governance/policy/decide.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_join.h"
#include "base/str_cat.h"

namespace ks::governance {
namespace {

using Kind = Reason::Kind;

constexpr const char* kKindNames[] = {"grants",   "denies", "needs_approval",
                                      "approved", "lifted", "warns"};
constexpr const char* kVerdictNames[] = {"allowed", "needs_approval", "denied"};

bool Has(const std::vector<Verb>& verbs, Verb verb) {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// What is over a permission's limits, in words; empty: nothing.
std::string OverLimit(const Permission& permission, const ActionEffect& effect) {
  std::vector<std::string> over;
  for (const auto& [fact, limit] : permission.limits) {
    const auto found = effect.facts.find(fact);
    if (found == effect.facts.end()) {
      over.push_back(StrCat(NameOf(fact), " is not known, and the limit is ", limit));
    } else if (found->second > limit) {
      over.push_back(StrCat(NameOf(fact), " is ", found->second, ", and the limit is ", limit));
    }
  }
  return absl::StrJoin(over, "; ");
}

struct Grant {
  const Role& role;
  const Permission& permission;
};

// What the actor's roles say about the verb on the pipeline, before any limit.
std::vector<Grant> GrantsFor(const Policy& policy, const Request& request,
                             const PipelineFacts& pipeline) {
  std::vector<Grant> grants;
  for (const Role& role : policy.roles) {
    if (!role.members.Has(request.actor)) continue;
    for (const Permission& permission : role.may) {
      if (Has(permission.verbs, request.verb) && permission.on.Matches(request.pipeline, pipeline))
        grants.push_back({role, permission});
    }
  }
  return grants;
}

// A moment that the glass was broken for.
bool GlassIsBroken(const Request& request) {
  return request.glass && request.glass->actor.SameAs(request.actor) &&
         request.glass->pipeline == request.pipeline &&
         request.now_nanos >= request.glass->from_nanos &&
         request.now_nanos < request.glass->until_nanos;
}

class Judge {
 public:
  Judge(const Policy& policy, const Request& request, const std::vector<Review>& reviews)
      : policy_(policy),
        request_(request),
        reviews_(reviews),
        roles_(policy.RolesOf(request.actor)) {}

  Decision Judged() {
    pipeline_ = policy_.Find(request_.pipeline);
    if (pipeline_ == nullptr) {
      Add(Kind::kDenies, "policy",
          StrCat("`pipelines:` of the policy does not name ", request_.pipeline));
    } else {
      AskRoles();
      for (const Rule& rule : policy_.rules) AskRule(rule);
    }
    if (!request_.effect.personal.empty())
      Add(Kind::kDenies, "personal_data",
          StrCat("written as it is: ", absl::StrJoin(request_.effect.personal, ", ")));
    if (request_.verb == Verb::kBreakGlass && request_.glass_not_reviewed > 0)
      Add(Kind::kDenies, "policy", "the last time that you broke the glass was not reviewed yet");
    const auto is = [&](Kind kind) {
      return std::any_of(decision_.reasons.begin(), decision_.reasons.end(),
                         [&](const Reason& reason) { return reason.kind == kind; });
    };
    decision_.verdict = is(Kind::kDenies)          ? Verdict::kDenied
                        : is(Kind::kNeedsApproval) ? Verdict::kNeedsApproval
                                                   : Verdict::kAllowed;
    return std::move(decision_);
  }

 private:
  void Add(Kind kind, std::string by, std::string text) {
    decision_.reasons.push_back({kind, std::move(by), std::move(text)});
  }

  void AskRoles() {
    std::vector<Reason> near;
    for (const auto& [role, permission] : GrantsFor(policy_, request_, *pipeline_)) {
      const std::string over = OverLimit(permission, request_.effect);
      if (over.empty()) return Add(Kind::kGrants, StrCat("role ", role.name), "");
      near.push_back({Kind::kDenies, StrCat("role ", role.name), over});
    }
    if (near.empty()) {
      near.push_back({Kind::kDenies, "policy",
                      roles_.empty()
                          ? std::string("you have no role")
                          : StrCat("none of your roles (", absl::StrJoin(roles_, ", "), ") grants ",
                                   NameOf(request_.verb), " on ", request_.pipeline)});
    }
    decision_.reasons.insert(decision_.reasons.end(), near.begin(), near.end());
  }

  bool Excepted(const Rule& rule) const {
    return std::any_of(rule.except.begin(), rule.except.end(), [&](const std::string& role) {
      return std::find(roles_.begin(), roles_.end(), role) != roles_.end();
    });
  }

  void AskRule(const Rule& rule) {
    if (!Has(rule.verbs, request_.verb)) return;
    if (!rule.on.Matches(request_.pipeline, *pipeline_)) return;
    if (rule.from_nanos && request_.now_nanos < *rule.from_nanos) return;
    if (rule.until_nanos && request_.now_nanos >= *rule.until_nanos) return;
    std::string text = rule.message;
    if (rule.when) {
      std::string why;
      const std::optional<bool> holds = rule.when->Holds(request_, *pipeline_, roles_, &why);
      if (holds && !*holds) return;
      if (!holds) StrAppend(&text, text.empty() ? "" : " ", "(no answer to its `when`: ", why, ")");
    }
    Apply(rule, std::move(text));
  }

  void Apply(const Rule& rule, std::string text) {
    const std::string by = StrCat("rule ", rule.name);
    if (rule.outcome == Outcome::kApproval) return AskForApproval(rule, by, std::move(text));
    if (Excepted(rule)) return Add(Kind::kLifted, by, "your role is excepted");
    if (rule.outcome == Outcome::kWarn) return Add(Kind::kWarns, by, std::move(text));
    if (rule.outcome == Outcome::kFreeze && GlassIsBroken(request_))
      return Add(Kind::kLifted, by, "you broke the glass");
    Add(Kind::kDenies, by, std::move(text));
  }

  void AskForApproval(const Rule& rule, const std::string& by, std::string text) {
    const ReviewCount count = CountReviews(rule, request_, reviews_);
    const auto names = [](const std::vector<Actor>& actors) {
      return absl::StrJoin(actors, ", ", [](std::string* out, const Actor& actor) {
        StrAppend(out, actor.subject, " of ", actor.issuer);
      });
    };
    if (!count.refusers.empty())
      return Add(Kind::kDenies, by, StrCat("refused by ", names(count.refusers)));
    if (count.met()) return Add(Kind::kApproved, by, names(count.approvers));
    if (GlassIsBroken(request_)) return Add(Kind::kLifted, by, "you broke the glass");
    StrAppend(&text, text.empty() ? "" : ": ", count.given, " of ", count.needed, " approvals");
    Add(Kind::kNeedsApproval, by, std::move(text));
  }

  const Policy& policy_;
  const Request& request_;
  const std::vector<Review>& reviews_;
  const std::vector<std::string> roles_;
  const PipelineFacts* pipeline_ = nullptr;
  Decision decision_;
};

}  // namespace

std::string_view NameOf(Verdict verdict) { return kVerdictNames[static_cast<size_t>(verdict)]; }

Decision Decide(const Policy& policy, const Request& request, const std::vector<Review>& reviews) {
  return Judge(policy, request, reviews).Judged();
}

bool HasRoleFor(const Policy& policy, const Request& request) {
  const PipelineFacts* pipeline = policy.Find(request.pipeline);
  return pipeline != nullptr && !GrantsFor(policy, request, *pipeline).empty();
}

bool HasVerbEverywhere(const Policy& policy, const Actor& actor, Verb verb) {
  return std::any_of(policy.roles.begin(), policy.roles.end(), [&](const Role& role) {
    return role.members.Has(actor) &&
           std::any_of(role.may.begin(), role.may.end(), [&](const Permission& permission) {
             const Selector& on = permission.on;
             return Has(permission.verbs, verb) && on.pipelines.empty() &&
                    on.environments.empty() && on.labels.empty();
           });
  });
}

nlohmann::json ToJson(const Decision& decision) {
  nlohmann::json reasons = nlohmann::json::array();
  for (const Reason& reason : decision.reasons) {
    reasons.push_back({{"kind", kKindNames[static_cast<size_t>(reason.kind)]},
                       {"by", reason.by},
                       {"text", reason.text}});
  }
  return {{"verdict", NameOf(decision.verdict)}, {"reasons", std::move(reasons)}};
}

std::string Sentence(const Decision& decision) {
  const Kind wanted = decision.verdict == Verdict::kDenied          ? Kind::kDenies
                      : decision.verdict == Verdict::kNeedsApproval ? Kind::kNeedsApproval
                                                                    : Kind::kGrants;
  std::vector<std::string> parts;
  for (const Reason& reason : decision.reasons) {
    if (reason.kind == wanted)
      parts.push_back(StrCat(reason.by, reason.text.empty() ? "" : ": ", reason.text));
  }
  return StrCat(NameOf(decision.verdict), " (", absl::StrJoin(parts, "; "), ")");
}

}  // namespace ks::governance
