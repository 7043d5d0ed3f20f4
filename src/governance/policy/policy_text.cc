#include "governance/policy/policy_text.h"

#include "absl/strings/str_join.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "sql/types/value.h"

namespace ks::governance {
namespace {

using Parts = std::vector<std::string>;

constexpr const char* kOutcomeNames[] = {"deny", "freeze", "approval", "warn"};

std::string VerbsText(const std::vector<Verb>& verbs) {
  return absl::StrJoin(verbs, ", ",
                       [](std::string* out, Verb verb) { StrAppend(out, NameOf(verb)); });
}

std::string IssuerName(const Policy& policy, const std::string& url) {
  for (const auto& [name, known] : policy.issuers) {
    if (known == url) return name;
  }
  return url;
}

std::string MembersText(const Policy& policy, const Members& members) {
  Parts parts;
  for (const Principal& group : members.groups)
    parts.push_back(StrCat(IssuerName(policy, group.issuer), "/", group.name));
  for (const Principal& person : members.people)
    parts.push_back(StrCat(IssuerName(policy, person.issuer), "/", person.name, " (a person)"));
  return parts.empty() ? "nobody" : absl::StrJoin(parts, ", ");
}

std::string SelectorText(const Selector& on) {
  Parts parts = on.pipelines;
  for (const std::string& environment : on.environments)
    parts.push_back(StrCat("environment ", environment));
  for (const auto& [name, value] : on.labels) parts.push_back(StrCat(name, "=", value));
  return parts.empty() ? "every pipeline" : absl::StrJoin(parts, ", ");
}

std::string MomentText(int64_t nanos) {
  std::string text;
  sql::AppendTimestampRfc3339(
      {nanos / env::kNanosPerSecond, static_cast<int32_t>(nanos % env::kNanosPerSecond)}, &text);
  return text;
}

std::string TermsText(const Policy& policy, const Rule& rule) {
  Parts parts;
  if (rule.when) parts.push_back(StrCat("when ", rule.when->text()));
  if (rule.from_nanos) parts.push_back(StrCat("from ", MomentText(*rule.from_nanos)));
  if (rule.until_nanos) parts.push_back(StrCat("until ", MomentText(*rule.until_nanos)));
  for (const ReviewNeed& need : rule.needs)
    parts.push_back(StrCat(need.count, " of ", MembersText(policy, need.from)));
  if (!rule.except.empty()) parts.push_back(StrCat("except ", absl::StrJoin(rule.except, ", ")));
  if (!rule.message.empty()) parts.push_back(rule.message);
  return absl::StrJoin(parts, "; ");
}

}  // namespace

std::vector<GrantLine> GrantLines(const Policy& policy) {
  std::vector<GrantLine> lines;
  for (const Role& role : policy.roles) {
    for (const Permission& permission : role.may) {
      Parts limits;
      for (const auto& [fact, limit] : permission.limits)
        limits.push_back(StrCat(NameOf(fact), " <= ", limit));
      lines.push_back({role.name, MembersText(policy, role.members), VerbsText(permission.verbs),
                       SelectorText(permission.on), absl::StrJoin(limits, ", ")});
    }
  }
  return lines;
}

std::vector<RuleLine> RuleLines(const Policy& policy) {
  std::vector<RuleLine> lines;
  for (const Rule& rule : policy.rules) {
    lines.push_back({rule.name, kOutcomeNames[static_cast<size_t>(rule.outcome)],
                     VerbsText(rule.verbs), SelectorText(rule.on), TermsText(policy, rule)});
  }
  return lines;
}

}  // namespace ks::governance
