// A policy in words, for `policy explain`. Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "governance/policy/policy.h"

namespace ks::governance {

// Who may do what: one line for each permission of each role, and one for each rule.
struct GrantLine {
  std::string role, who, verbs, on, limits;
};
struct RuleLine {
  std::string name, then, verbs, on, terms;
};
std::vector<GrantLine> GrantLines(const Policy& policy);
std::vector<RuleLine> RuleLines(const Policy& policy);

}  // namespace ks::governance
