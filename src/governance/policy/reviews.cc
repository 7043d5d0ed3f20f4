#include "governance/policy/reviews.h"

#include <algorithm>
#include <map>
#include <utility>

#include "env/clock.h"

namespace ks::governance {
namespace {

bool MayReview(const Rule& rule, const Actor& actor) {
  return std::any_of(rule.needs.begin(), rule.needs.end(),
                     [&](const ReviewNeed& need) { return need.from.Has(actor); });
}

bool Counts(const Rule& rule, const Request& request, const Review& review,
            const ReviewChecks& checks) {
  if (!MayReview(rule, review.reviewer)) return false;
  if (checks.requester && review.reviewer.SameAs(request.actor)) return false;
  if (checks.editor && request.last_editor && review.reviewer.SameAs(*request.last_editor))
    return false;
  if (checks.hash && (review.plan_hash.empty() || review.plan_hash != request.plan_hash))
    return false;
  const int64_t age = request.now_nanos - review.time_nanos;
  return !checks.expiry || (age >= 0 && age / env::kNanosPerMilli < rule.expires_millis);
}

// The newest review of each person. Of two of one moment a refusal is the one that counts.
std::vector<Review> NewestOfEach(std::vector<Review> reviews) {
  std::stable_sort(reviews.begin(), reviews.end(), [](const Review& a, const Review& b) {
    return std::pair(a.time_nanos, !a.approves) < std::pair(b.time_nanos, !b.approves);
  });
  std::map<std::pair<std::string, std::string>, Review> newest;
  for (Review& review : reviews)
    newest[{review.reviewer.issuer, review.reviewer.subject}] = std::move(review);
  std::vector<Review> result;
  for (auto& [person, review] : newest) result.push_back(std::move(review));
  return result;
}

// Gives each place of the needs to a person of its groups, each person one place: a person who
// could fill two is moved when another can only fill the one (augmenting paths, as of a bipartite
// matching).
class Places {
 public:
  Places(const Rule& rule, const std::vector<Actor>& persons) : persons_(persons) {
    for (const ReviewNeed& need : rule.needs) {
      for (int64_t i = 0; i < need.count; ++i) needs_.push_back(&need);
    }
    holder_.assign(needs_.size(), kNobody);
  }

  // The persons who got a place.
  std::vector<Actor> Fill() {
    std::vector<Actor> placed;
    for (size_t person = 0; person < persons_.size(); ++person) {
      std::vector<bool> tried(needs_.size(), false);
      if (Place(person, &tried)) placed.push_back(persons_[person]);
    }
    return placed;
  }
  int64_t size() const { return static_cast<int64_t>(needs_.size()); }

 private:
  static constexpr size_t kNobody = SIZE_MAX;

  bool Place(size_t person, std::vector<bool>* tried) {
    for (size_t place = 0; place < needs_.size(); ++place) {
      if ((*tried)[place] || !needs_[place]->from.Has(persons_[person])) continue;
      (*tried)[place] = true;
      if (holder_[place] != kNobody && !Place(holder_[place], tried)) continue;
      holder_[place] = person;
      return true;
    }
    return false;
  }

  const std::vector<Actor>& persons_;
  std::vector<const ReviewNeed*> needs_;  // one for each place
  std::vector<size_t> holder_;
};

}  // namespace

ReviewCount CountReviews(const Rule& rule, const Request& request,
                         const std::vector<Review>& reviews, const ReviewChecks& checks) {
  std::vector<Review> valid;
  std::copy_if(reviews.begin(), reviews.end(), std::back_inserter(valid),
               [&](const Review& each) { return Counts(rule, request, each, checks); });
  if (checks.persons) valid = NewestOfEach(std::move(valid));
  ReviewCount count;
  std::vector<Actor> persons;
  for (const Review& review : valid)
    (review.approves ? persons : count.refusers).push_back(review.reviewer);
  Places places(rule, persons);
  count.needed = places.size();
  count.approvers = places.Fill();
  count.given = static_cast<int64_t>(count.approvers.size());
  return count;
}

}  // namespace ks::governance
