#include "governance/policy/reviews.h"

#include <gtest/gtest.h>

#include <set>

#include "base/str_cat.h"
#include "env/clock.h"

namespace ks::governance {
namespace {

constexpr char kIssuer[] = "https://login.example";
constexpr char kOtherIssuer[] = "https://elsewhere.example";
constexpr int64_t kNow = 1'700'000'000'000'000'000;
constexpr int64_t kHour = 3600 * env::kNanosPerSecond;

Actor Person(const std::string& subject, std::vector<std::string> groups) {
  return {kIssuer, subject, std::move(groups)};
}

Members Groups(const std::vector<std::string>& names) {
  Members members;
  for (const std::string& name : names) members.groups.push_back({kIssuer, name});
  return members;
}

Rule Needs(std::vector<ReviewNeed> needs) {
  Rule rule;
  rule.name = "r";
  rule.outcome = Outcome::kApproval;
  rule.needs = std::move(needs);
  rule.expires_millis = 24 * 3'600'000;
  return rule;
}

Request Asked() {
  Request request;
  request.verb = Verb::kOffsets;
  request.pipeline = "signups";
  request.actor = Person("asker", {"leads", "security"});
  request.plan_hash = "h1";
  request.now_nanos = kNow;
  return request;
}

Review Yes(const Actor& reviewer, int64_t age = kHour) {
  return {reviewer, "h1", true, kNow - age};
}

const Rule kTwoLeads = Needs({{2, Groups({"leads"})}});

TEST(Reviews, TwoPersonsOfTheGroupAreNeeded) {
  const Review one = Yes(Person("a", {"leads"}));
  EXPECT_FALSE(CountReviews(kTwoLeads, Asked(), {one}).met());
  EXPECT_TRUE(CountReviews(kTwoLeads, Asked(), {one, Yes(Person("b", {"leads"}))}).met());
  EXPECT_FALSE(CountReviews(kTwoLeads, Asked(), {one, Yes(Person("b", {"others"}))}).met());
}

TEST(Reviews, APersonCountsOnceHoweverOftenTheyApprove) {
  const Actor a = Person("a", {"leads"});
  EXPECT_FALSE(CountReviews(kTwoLeads, Asked(), {Yes(a), Yes(a, 2 * kHour)}).met());
}

// What hoop gets wrong: each group's entry filled by the same human.
TEST(Reviews, OneOfEachOfTwoGroupsAreTwoPersons) {
  const Rule rule = Needs({{1, Groups({"leads"})}, {1, Groups({"security"})}});
  const Actor both = Person("a", {"leads", "security"});
  EXPECT_FALSE(CountReviews(rule, Asked(), {Yes(both)}).met());
  // Who is in both takes the place that the other cannot, in whatever order they came.
  const Actor lead = Person("b", {"leads"});
  EXPECT_TRUE(CountReviews(rule, Asked(), {Yes(both), Yes(lead)}).met());
  EXPECT_TRUE(CountReviews(rule, Asked(), {Yes(lead), Yes(both)}).met());
  EXPECT_FALSE(CountReviews(rule, Asked(), {Yes(lead), Yes(Person("c", {"leads"}))}).met());
}

TEST(Reviews, AGroupOfAnotherIssuerIsAnotherGroup) {
  Actor stranger{kOtherIssuer, "a", {"leads"}};
  EXPECT_EQ(CountReviews(kTwoLeads, Asked(), {Yes(stranger)}).given, 0);
  // The same subject at another issuer is another person, if that one's group is named.
  Rule rule = kTwoLeads;
  rule.needs[0].from.groups.push_back({kOtherIssuer, "leads"});
  EXPECT_TRUE(CountReviews(rule, Asked(), {Yes(stranger), Yes(Person("a", {"leads"}))}).met());
}

TEST(Reviews, WhoHasNoNameIsNobody) {
  EXPECT_EQ(CountReviews(kTwoLeads, Asked(), {Yes({"", "a", {"leads"}})}).given, 0);
  EXPECT_EQ(CountReviews(kTwoLeads, Asked(), {Yes(Person("", {"leads"}))}).given, 0);
}

TEST(Reviews, TheRequesterAndTheEditorNeverCount) {
  Request request = Asked();
  request.last_editor = Person("editor", {"leads"});
  EXPECT_EQ(CountReviews(kTwoLeads, request, {Yes(request.actor)}).given, 0);
  // In other groups than when they asked.
  EXPECT_EQ(CountReviews(kTwoLeads, request, {Yes(Person("asker", {"leads", "admins"}))}).given, 0);
  EXPECT_EQ(CountReviews(kTwoLeads, request, {Yes(*request.last_editor)}).given, 0);
}

TEST(Reviews, AnotherPlanNeedsOtherReviews) {
  Request request = Asked();
  request.plan_hash = "h2";
  const std::vector<Review> reviews = {Yes(Person("a", {"leads"})), Yes(Person("b", {"leads"}))};
  EXPECT_EQ(CountReviews(kTwoLeads, request, reviews).given, 0);
  Review empty = Yes(Person("a", {"leads"}));
  empty.plan_hash = request.plan_hash = "";
  EXPECT_EQ(CountReviews(kTwoLeads, request, {empty}).given, 0);
}

TEST(Reviews, TheyExpireAndDoNotComeFromTheFuture) {
  const Actor a = Person("a", {"leads"});
  EXPECT_EQ(CountReviews(kTwoLeads, Asked(), {Yes(a, 24 * kHour - 1)}).given, 1);
  EXPECT_EQ(CountReviews(kTwoLeads, Asked(), {Yes(a, 24 * kHour)}).given, 0);
  EXPECT_EQ(CountReviews(kTwoLeads, Asked(), {Yes(a, -1)}).given, 0);
}

TEST(Reviews, ARefusalEndsItUntilItsPersonThinksAgain) {
  const Actor a = Person("a", {"leads"}), b = Person("b", {"leads"}), c = Person("c", {"leads"});
  Review no = Yes(c, kHour);
  no.approves = false;
  EXPECT_FALSE(CountReviews(kTwoLeads, Asked(), {Yes(a), Yes(b), no}).met());
  EXPECT_TRUE(CountReviews(kTwoLeads, Asked(), {Yes(a), Yes(b), no, Yes(c, 0)}).met());
  // An approval of the very same moment does not outweigh it.
  EXPECT_FALSE(CountReviews(kTwoLeads, Asked(), {Yes(a), Yes(b), no, Yes(c, kHour)}).met());
  // Who may not review cannot end it either.
  no.reviewer = Person("d", {"others"});
  EXPECT_TRUE(CountReviews(kTwoLeads, Asked(), {Yes(a), Yes(b), no}).met());
}

// ---- Random requests and reviews, against what must hold of any

struct World {
  Rule rule;
  Request request;
  std::vector<Review> reviews;
};

World RandomWorld(env::SimRandom& random) {
  static const std::vector<std::string> kNames = {"leads", "security", "data"};
  const auto groups = [&] {
    std::vector<std::string> chosen;
    for (const std::string& name : kNames) {
      if (random.Below(2) == 0) chosen.push_back(name);
    }
    return chosen;
  };
  const auto person = [&] { return Person(StrCat("p", random.Below(4)), groups()); };
  World world;
  std::vector<ReviewNeed> needs;
  for (uint64_t i = 0; i <= random.Below(2); ++i)
    needs.push_back({static_cast<int64_t>(1 + random.Below(2)), Groups({kNames[random.Below(3)]})});
  world.rule = Needs(std::move(needs));
  world.request = Asked();
  world.request.actor = person();
  if (random.Below(3) > 0) world.request.last_editor = person();
  for (uint64_t i = 0; i < random.Below(7); ++i) {
    Review review = Yes(person(), static_cast<int64_t>(random.Below(30)) * kHour);
    if (random.Below(5) == 0) review.plan_hash = "h2";
    world.reviews.push_back(review);
  }
  return world;
}

// Approved by enough persons who may, counted the long way round.
bool Sound(const World& world, const ReviewCount& count) {
  if (!count.met()) return true;
  std::set<std::string> persons;
  for (const Actor& actor : count.approvers) {
    if (!persons.insert(actor.subject).second) return false;
    if (actor.SameAs(world.request.actor)) return false;
    if (world.request.last_editor && actor.SameAs(*world.request.last_editor)) return false;
    bool in_time = false;
    for (const Review& review : world.reviews) {
      in_time = in_time || (review.reviewer.SameAs(actor) && review.plan_hash == "h1" &&
                            kNow - review.time_nanos < 24 * kHour);
    }
    if (!in_time) return false;
  }
  int64_t needed = 0;
  for (const ReviewNeed& need : world.rule.needs) needed += need.count;
  return static_cast<int64_t>(persons.size()) >= needed;
}

// How many of 20,000 worlds were met, and how many of those wrongly.
struct Tally {
  int met = 0, wrong = 0;
};
Tally TallyOf(const ReviewChecks& checks) {
  env::SimRandom random(20261127);
  Tally tally;
  for (int i = 0; i < 20'000; ++i) {
    const World world = RandomWorld(random);
    const ReviewCount count = CountReviews(world.rule, world.request, world.reviews, checks);
    tally.met += count.met() ? 1 : 0;
    tally.wrong += Sound(world, count) ? 0 : 1;
  }
  return tally;
}

TEST(Reviews, NothingIsApprovedThatShouldNotBe) {
  const Tally tally = TallyOf({});
  EXPECT_GT(tally.met, 500) << "the worlds are too poor to show anything";
  EXPECT_EQ(tally.wrong, 0);
}

TEST(Reviews, EachCheckIsMissedWhereItIsTakenAway) {
  ReviewChecks none;
  none.requester = false;
  EXPECT_GT(TallyOf(none).wrong, 0) << "requester";
  none = {};
  none.editor = false;
  EXPECT_GT(TallyOf(none).wrong, 0) << "editor";
  none = {};
  none.persons = false;
  EXPECT_GT(TallyOf(none).wrong, 0) << "persons";
  none = {};
  none.hash = false;
  EXPECT_GT(TallyOf(none).wrong, 0) << "hash";
  none = {};
  none.expiry = false;
  EXPECT_GT(TallyOf(none).wrong, 0) << "expiry";
}

}  // namespace
}  // namespace ks::governance
