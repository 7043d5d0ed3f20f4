#include "governance/policy/policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"

namespace ks::governance {
namespace {

constexpr char kHead[] =
    "issuers: {corp: https://login.example}\n"
    "pipelines: {signups: {environment: prod, labels: {team: growth}}}\n";

std::string ErrorOf(const std::string& rest) {
  const auto policy = ParsePolicy("policy.yaml", StrCat(kHead, rest));
  return policy.ok() ? "" : std::string(policy.status().message());
}

std::string ErrorOfRule(const std::string& rule) {
  return ErrorOf(StrCat("roles: {ops: {may: []}}\nrules:\n  r: {", rule, "}\n"));
}

TEST(PolicyFile, WhatWouldNeverApplyIsAnError) {
  EXPECT_THAT(
      ErrorOfRule("then: deny, on: {environment: prdo}"),
      testing::StartsWith("policy.yaml:5:37: `rules.r.on.environment`: expected prod, found "
                          "`prdo`; did you mean `prod`?"));
  EXPECT_THAT(ErrorOfRule("then: deny, on: {labels: {taem: growth}}"),
              testing::HasSubstr("did you mean `team`?"));
  EXPECT_THAT(ErrorOfRule("then: deny, verbs: [strat]"), testing::HasSubstr("mean `start`?"));
  EXPECT_THAT(ErrorOfRule("then: freeze, except: [opps]"), testing::HasSubstr("mean `ops`?"));
  EXPECT_THAT(ErrorOfRule("then: denny"), testing::HasSubstr("mean `deny`?"));
  EXPECT_THAT(ErrorOfRule("then: deny, were: x"),
              testing::HasSubstr("unknown field `were` in `rules.r`"));
  EXPECT_THAT(ErrorOfRule("then: deny, from: tomorrow"), testing::HasSubstr("2026-12-18T"));
}

TEST(PolicyFile, AnApprovalHasReviewersAndNoExceptions) {
  EXPECT_THAT(ErrorOfRule("then: approval"), testing::HasSubstr("needs the field `reviewers`"));
  EXPECT_THAT(ErrorOfRule("then: approval, reviewers: {count: 2}"),
              testing::HasSubstr("needs the field `groups`"));
  EXPECT_THAT(ErrorOfRule("then: approval, reviewers: {count: 0, groups: corp/a}"),
              testing::HasSubstr("from 1 to 20"));
  EXPECT_THAT(ErrorOfRule("then: approval, except: ops, reviewers: {groups: corp/a}"),
              testing::HasSubstr("an approval has no exceptions"));
  EXPECT_THAT(ErrorOfRule("then: deny, expires: 2h"),
              testing::HasSubstr("belongs to `then: approval`"));
  EXPECT_EQ(ErrorOfRule("then: approval, reviewers: {groups: corp/a}"), "");
}

TEST(PolicyFile, ConditionsAreCheckedWhereTheyStand) {
  EXPECT_THAT(ErrorOfRule("then: deny, when: effect.recrods > 1"),
              testing::StartsWith("policy.yaml:5:"));
  EXPECT_THAT(ErrorOfRule("then: deny, when: effect.records"), testing::HasSubstr("BOOL"));
  EXPECT_THAT(ErrorOfRule("then: deny, when: now < CURRENT_TIMESTAMP()"),
              testing::HasSubstr("the time of the action is the column `now`"));
  EXPECT_EQ(ErrorOfRule("then: deny, when: \"JSON_VALUE(pipeline.labels, '$.team') = 'growth' "
                        "AND 'sre' IN UNNEST(actor.groups)\""),
            "");
}

TEST(PolicyFile, GroupsBelongToAnIssuer) {
  EXPECT_THAT(ErrorOf("roles: {ops: {groups: sre, may: []}}\n"),
              testing::HasSubstr("expected ISSUER/NAME, as in corp/sre"));
  EXPECT_THAT(ErrorOf("roles: {ops: {groups: copr/sre, may: []}}\n"),
              testing::HasSubstr("did you mean `corp`?"));
  // Keycloak's groups begin with a slash.
  const auto policy =
      ParsePolicy("policy.yaml", StrCat(kHead, "roles: {ops: {groups: corp//sre, may: []}}\n"));
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->roles[0].members.groups[0].name, "/sre");
  EXPECT_EQ(policy->roles[0].members.groups[0].issuer, "https://login.example");
}

TEST(PolicyFile, TheLongestPatternSaysWhatAPipelineIs) {
  const auto policy = ParsePolicy("policy.yaml",
                                  "issuers: {corp: x}\nroles: {}\npipelines:\n"
                                  "  \"*\": {environment: dev}\n  \"pay*\": {environment: prod}\n"
                                  "  payx: {environment: test}\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->Find("other")->environment, "dev");
  EXPECT_EQ(policy->Find("payments")->environment, "prod");
  EXPECT_EQ(policy->Find("payx")->environment, "test");
}

TEST(PolicyFile, MasksAreFunctionsThatExist) {
  const std::string personal =
      "roles: {}\npersonal_data: {contact: {columns: email, functions: [SHA265]}}\n";
  EXPECT_THAT(ErrorOf(personal), testing::HasSubstr("did you mean `SHA256`?"));
}

TEST(PolicyFile, BytesThatAreNoPolicyAreAnErrorAndNoCrash) {
  for (const char* text : {"", "[]", "issuers: 5", "a: &a [*a]", "\xff\xfe", "issuers: {a: }",
                           "issuers: {a: b}\npipelines: {p: {environment: x}}\nroles: [1]",
                           "issuers: {a: b}\npipelines: {p: 1}\nroles: {}"}) {
    EXPECT_FALSE(ParsePolicy("policy.yaml", text).ok()) << text;
  }
}

}  // namespace
}  // namespace ks::governance
