// Do the reviews of a request meet what a rule needs?
//
// Invariants (reviews_test.cc, with random requests and reviews; each was seen to fail with its
// line taken out):
//   1. Neither the requester nor the last editor of the pipeline counts, whatever roles they have.
//   2. A person, who is an issuer and a subject, counts once, in however many groups.
//   3. A review of another plan hash, or one that expired or lies in the future, counts for
//   nothing.
//   4. Of a person's reviews the newest is the one that counts; a refusal by anybody who may review
//      ends it.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "governance/policy/policy.h"
#include "governance/policy/request.h"

namespace ks::governance {

// Only tests take one away, to show that they would notice.
struct ReviewChecks {
  bool requester = true;
  bool editor = true;
  bool persons = true;
  bool hash = true;
  bool expiry = true;
};

struct ReviewCount {
  int64_t needed = 0;
  int64_t given = 0;
  std::vector<Actor> approvers;  // who counted
  std::vector<Actor> refusers;
  bool met() const { return refusers.empty() && given >= needed; }
};

ReviewCount CountReviews(const Rule& rule, const Request& request,
                         const std::vector<Review>& reviews, const ReviewChecks& checks = {});

}  // namespace ks::governance
