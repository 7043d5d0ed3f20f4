#include "governance/policy/decide.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "env/clock.h"
#include "governance/policy/personal_data.h"
#include "governance/policy/policy_file.h"

namespace ks::governance {
namespace {

constexpr char kCorp[] = "https://login.example";
// 2026-12-20T12:00:00Z, in the freeze; and a day of November, before it.
constexpr int64_t kFrozen = 1'797'768'000'000'000'000;
constexpr int64_t kNow = 1'795'176'000'000'000'000;

constexpr char kPolicy[] = R"(issuers:
  corp: https://login.example
pipelines:
  signups: {environment: prod, labels: {team: growth}}
  "signups_*": {environment: staging}
  billing: {environment: prod, labels: {team: money}}
roles:
  operator:
    groups: corp/sre
    may:
      - verbs: [see, plan, start, stop, offsets]
      - verbs: [replay, break_glass]
        on: {labels: {team: growth}}
        limits: {records: 1000}
  commander:
    people: corp/chief
    may:
      - verbs: [start, stop]
rules:
  two for production:
    verbs: offsets
    on: {environment: prod}
    then: approval
    reviewers: {count: 2, groups: [corp/leads]}
    expires: 2h
  end of the year:
    then: freeze
    on: {environment: prod}
    from: 2026-12-18T00:00:00Z
    until: 2027-01-04T00:00:00Z
    except: commander
  no million:
    when: effect.records >= 1000000
    then: deny
    message: ask the data platform
  late:
    when: EXTRACT(HOUR FROM now AT TIME ZONE 'UTC') >= 20
    then: warn
)";

Policy ThePolicy() {
  auto policy = ParsePolicy("policy.yaml", kPolicy);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}

Actor Sre(const std::string& subject = "asker") { return {kCorp, subject, {"sre"}}; }

Request Ask(Verb verb, const std::string& pipeline = "signups", int64_t records = 10) {
  Request request;
  request.verb = verb;
  request.pipeline = pipeline;
  request.actor = Sre();
  request.effect.facts = {{Fact::kRecords, records}};
  request.plan_hash = "h";
  request.now_nanos = kNow;
  return request;
}

Verdict VerdictOf(const Request& request, const std::vector<Review>& reviews = {}) {
  return Decide(ThePolicy(), request, reviews).verdict;
}

TEST(Decide, EverythingIsDeniedUnlessGranted) {
  EXPECT_EQ(VerdictOf(Ask(Verb::kStart)), Verdict::kAllowed);
  EXPECT_EQ(VerdictOf(Ask(Verb::kDiscard)), Verdict::kDenied);
  Request stranger = Ask(Verb::kStart);
  stranger.actor.issuer = "https://elsewhere.example";
  EXPECT_EQ(VerdictOf(stranger), Verdict::kDenied);
  // A pipeline that the policy does not know.
  EXPECT_EQ(VerdictOf(Ask(Verb::kSee, "other")), Verdict::kDenied);
  EXPECT_EQ(VerdictOf(Ask(Verb::kSee, "signups_2")), Verdict::kAllowed);
}

TEST(Decide, AGrantReachesAsFarAsItsLabelsAndLimits) {
  EXPECT_EQ(VerdictOf(Ask(Verb::kReplay, "signups", 1000)), Verdict::kAllowed);
  EXPECT_EQ(VerdictOf(Ask(Verb::kReplay, "signups", 1001)), Verdict::kDenied);
  EXPECT_EQ(VerdictOf(Ask(Verb::kReplay, "billing")), Verdict::kDenied);
  EXPECT_EQ(VerdictOf(Ask(Verb::kReplay, "signups_2")), Verdict::kDenied);
  Request unknown = Ask(Verb::kReplay);
  unknown.effect.facts.clear();
  EXPECT_EQ(VerdictOf(unknown), Verdict::kDenied);
}

TEST(Decide, ARoleHasAVerbWhateverItsLimits) {
  const Policy policy = ThePolicy();
  EXPECT_TRUE(HasRoleFor(policy, Ask(Verb::kReplay, "signups", 1001)));
  EXPECT_FALSE(HasRoleFor(policy, Ask(Verb::kReplay, "billing")));
  EXPECT_FALSE(HasRoleFor(policy, Ask(Verb::kDiscard)));
  EXPECT_FALSE(HasRoleFor(policy, Ask(Verb::kSee, "other")));
}

TEST(Decide, AnApprovalIsOfTheVeryPlan) {
  Request request = Ask(Verb::kOffsets);
  EXPECT_EQ(VerdictOf(request), Verdict::kNeedsApproval);
  const std::vector<Review> reviews = {{{kCorp, "l1", {"leads"}}, "h", true, kNow},
                                       {{kCorp, "l2", {"leads"}}, "h", true, kNow}};
  EXPECT_EQ(VerdictOf(request, reviews), Verdict::kAllowed);
  request.plan_hash = "another";
  EXPECT_EQ(VerdictOf(request, reviews), Verdict::kNeedsApproval);
}

TEST(Decide, AFreezeKnowsItsTimeAndItsExceptions) {
  Request request = Ask(Verb::kStart);
  request.now_nanos = kFrozen;
  EXPECT_EQ(VerdictOf(request), Verdict::kDenied);
  Request stop = Ask(Verb::kStop);
  stop.now_nanos = kFrozen;
  EXPECT_EQ(VerdictOf(stop), Verdict::kAllowed) << "what runs wild can be stopped";
  request.actor = {kCorp, "chief", {}};
  EXPECT_EQ(VerdictOf(request), Verdict::kAllowed);
}

TEST(Decide, BrokenGlassLiftsFreezeAndApprovalAndNoMore) {
  Request request = Ask(Verb::kOffsets);
  request.now_nanos = kFrozen;
  request.glass = BrokenGlass{Sre(), "signups", kFrozen - 1, kFrozen + 1};
  EXPECT_EQ(VerdictOf(request), Verdict::kAllowed);
  Request other = request;
  other.glass->actor = Sre("somebody else");
  EXPECT_EQ(VerdictOf(other), Verdict::kDenied);
  other = request;
  other.glass->pipeline = "billing";
  EXPECT_EQ(VerdictOf(other), Verdict::kDenied);
  other = request;
  other.glass->until_nanos = kFrozen;
  EXPECT_EQ(VerdictOf(other), Verdict::kDenied);
  other = request;
  other.effect.facts[Fact::kRecords] = 1'000'000;
  EXPECT_EQ(VerdictOf(other), Verdict::kDenied) << "nothing lifts a deny";
  other = request;
  other.verb = Verb::kDiscard;
  EXPECT_EQ(VerdictOf(other), Verdict::kDenied) << "it gives no right";
}

TEST(Decide, PersonalDataWrittenAsItIsIsDenied) {
  Request request = Ask(Verb::kStart);
  request.effect.personal = {"T.Id from email"};
  EXPECT_EQ(VerdictOf(request), Verdict::kDenied);
}

TEST(Decide, GlassThatWasNotReviewedIsNotBrokenAgain) {
  Request request = Ask(Verb::kBreakGlass);
  EXPECT_EQ(VerdictOf(request), Verdict::kAllowed);
  request.glass_not_reviewed = 1;
  EXPECT_EQ(VerdictOf(request), Verdict::kDenied);
}

TEST(Decide, AConditionWithoutAnAnswerHolds) {
  Request request = Ask(Verb::kStart);
  request.effect.facts.clear();
  const Decision decision = Decide(ThePolicy(), request, {});
  EXPECT_EQ(decision.verdict, Verdict::kDenied);
  EXPECT_NE(Sentence(decision).find("rule no million: ask the data platform (no answer"),
            std::string::npos)
      << Sentence(decision);
}

TEST(Decide, ADecisionSaysAllItsReasons) {
  Request request = Ask(Verb::kOffsets, "signups", 1'000'000);
  request.now_nanos = kFrozen + 9 * 3600 * env::kNanosPerSecond;
  std::vector<std::string> by;
  const nlohmann::json json = ToJson(Decide(ThePolicy(), request, {}));
  for (const auto& reason : json["reasons"])
    by.push_back(reason["kind"].get<std::string>() + " " + reason["by"].get<std::string>());
  EXPECT_EQ(by, (std::vector<std::string>{
                    "grants role operator", "needs_approval rule two for production",
                    "denies rule end of the year", "denies rule no million", "warns rule late"}));
}

TEST(PlanHash, ChangesWithAnythingInThePlan) {
  const nlohmann::json plan = {{"verb", "offsets"}, {"to", 5}, {"config", "a: 1"}};
  nlohmann::json same = {{"config", "a: 1"}, {"to", 5}, {"verb", "offsets"}};
  EXPECT_EQ(PlanHash(plan), PlanHash(same));
  same["to"] = 6;
  EXPECT_NE(PlanHash(plan), PlanHash(same));
}

// ---- Personal data

constexpr char kMasks[] = R"(issuers: {corp: x}
pipelines: {p: {environment: prod}}
roles: {}
personal_data:
  contact: {columns: [email, "phone*"], functions: [sha256, to_hex]}
)";

std::vector<std::string> Written(const std::string& tables) {
  const std::string text =
      "pipeline: p\nfrom:\n  kafka: {brokers: b, topic: t}\n  key: {format: string, name: email}\n"
      "  value: {format: json, schema: {id: INT64, phone_home: STRING, tags: ARRAY<STRING>}}\n"
      "to: {spanner: {database: projects/p/instances/i/databases/d}}\ntables:\n" +
      tables;
  auto spec = pipeline::ParsePipeline("p.yaml", text);
  EXPECT_TRUE(spec.ok()) << spec.status();
  auto plan = pipeline::MakePlan(*spec, nullptr);
  EXPECT_TRUE(plan.ok()) << plan.status();
  auto policy = ParsePolicy("policy.yaml", kMasks);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return WrittenAsTheyAre(*policy, *plan);
}

using Texts = std::vector<std::string>;

TEST(PersonalData, IsFollowedIntoTheTables) {
  EXPECT_EQ(Written("  T: SELECT email AS Id, id AS N\n"), (Texts{"T.Id from email"}));
  EXPECT_EQ(Written("  T: SELECT email AS Id, LOWER(phone_home) AS P\n"),
            (Texts{"T.Id from email", "T.P from phone_home"}));
  EXPECT_EQ(Written("  T: SELECT _key AS Id\n"), (Texts{"T.Id from email"}));
  EXPECT_EQ(Written("  T: {mode: append, select: \"SELECT IF(id > 1, email, '') AS Id\"}\n"),
            (Texts{"T.Id from email"}));
}

TEST(PersonalData, IsMaskedByTheFunctionsOfThePolicy) {
  EXPECT_EQ(Written("  T: SELECT TO_HEX(SHA256(email)) AS Id, id AS N\n"), Texts{});
  EXPECT_EQ(Written("  T: SELECT SHA256(LOWER(email)) AS Id\n"), Texts{});
  EXPECT_EQ(Written("  T: SELECT MD5(email) AS Id\n"), (Texts{"T.Id from email"}));
  EXPECT_EQ(Written("  T: SELECT CONCAT(TO_HEX(SHA256(email)), email) AS Id\n"),
            (Texts{"T.Id from email"}));
}

TEST(PersonalData, IsFollowedThroughAggregates) {
  EXPECT_EQ(Written("  T: SELECT id AS Id, COUNT(email) AS N GROUP BY Id\n"), Texts{});
  EXPECT_EQ(Written("  T: SELECT id AS Id, MAX(phone_home) AS N GROUP BY Id\n"),
            (Texts{"T.N from phone_home"}));
  EXPECT_EQ(Written("  T: SELECT email AS Id, COUNT(*) AS N GROUP BY Id\n"),
            (Texts{"T.Id from email"}));
}

}  // namespace
}  // namespace ks::governance
