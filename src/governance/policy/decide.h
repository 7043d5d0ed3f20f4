// Decide: may this be done, and why? Pure: a policy, a request and its reviews in, a decision with
// all its reasons out, which goes on record as it is.
//
// Invariants (decide_test.cc):
//   1. Denied unless a role grants the verb on the pipeline within its limits; a fact that is not
//      known is over any limit.
//   2. All rules that match apply, in whatever order they stand. A condition that cannot be
//   answered
//      holds.
//   3. Nothing lifts a `deny`; broken glass lifts freezes and approvals, for its own person,
//   pipeline
//      and time, and gives no right that a role does not.
//   4. No role lifts an approval.
// Thread safety: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "governance/policy/policy.h"
#include "governance/policy/request.h"
#include "governance/policy/reviews.h"

namespace ks::governance {

enum class Verdict : uint8_t { kAllowed, kNeedsApproval, kDenied };
std::string_view NameOf(Verdict verdict);

struct Reason {
  enum class Kind : uint8_t { kGrants, kDenies, kNeedsApproval, kApproved, kLifted, kWarns };
  Kind kind = Kind::kDenies;
  std::string by;    // `role operator`, `rule production`
  std::string text;  // for people
};

struct Decision {
  Verdict verdict = Verdict::kDenied;
  std::vector<Reason> reasons;
};

Decision Decide(const Policy& policy, const Request& request, const std::vector<Review>& reviews);

// Whether a role of the actor has the verb on the pipeline at all, whatever its limits: who has
// none is denied before anybody looks at what the action would do.
bool HasRoleFor(const Policy& policy, const Request& request);

// Whether a role of the actor has the verb on every pipeline: for what is about none of them.
bool HasVerbEverywhere(const Policy& policy, const Actor& actor, Verb verb);

// {"verdict": "denied", "reasons": [{"kind": "denies", "by": "role x", "text": "…"}]}
nlohmann::json ToJson(const Decision& decision);
// The reasons that decided, in one sentence.
std::string Sentence(const Decision& decision);

}  // namespace ks::governance
