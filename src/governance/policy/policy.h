// Policy: who may do what to which pipeline, as a policy file says (docs/guide/policy.md). Data
// only: decide.h judges by it, policy_file.h reads it.
//
// What a pipeline is (its environment, its labels) stands here and not in the pipeline's own file:
// whoever edits a pipeline must not be able to move it out of a rule's reach.
//
// Thread safety: immutable once read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "governance/actor.h"
#include "governance/policy/condition.h"
#include "governance/policy/verbs.h"

namespace ks::governance {

// `name*` stands for everything that begins so.
bool NameMatches(std::string_view pattern, std::string_view name);

// A group, or a person's subject, of one issuer: `corp/sre`. Groups of different issuers have
// nothing to do with each other.
struct Principal {
  std::string issuer;  // its URL
  std::string name;
};

struct Members {
  std::vector<Principal> groups;
  std::vector<Principal> people;
  bool Has(const Actor& actor) const;
};

// Which pipelines; what is empty is any.
struct Selector {
  std::vector<std::string> pipelines;  // names, or `name*`
  std::vector<std::string> environments;
  std::map<std::string, std::string> labels;
  bool Matches(std::string_view name, const PipelineFacts& pipeline) const;
};

struct Permission {
  std::vector<Verb> verbs;
  Selector on;
  std::map<Fact, int64_t> limits;
};

struct Role {
  std::string name;
  Members members;
  std::vector<Permission> may;
};

enum class Outcome : uint8_t {
  kDeny,      // nothing lifts it
  kFreeze,    // denied but to the roles that are excepted, and to whoever broke the glass
  kApproval,  // only after reviews, or with broken glass
  kWarn,
};

// How many persons of which groups; one person counts once in all needs of a rule.
struct ReviewNeed {
  int64_t count = 1;
  Members from;
};

struct Rule {
  std::string name;
  std::vector<Verb> verbs;
  Selector on;
  std::optional<Condition> when;
  std::optional<int64_t> from_nanos;   // of a freeze: its first moment
  std::optional<int64_t> until_nanos;  // the first moment after it
  Outcome outcome = Outcome::kDeny;
  std::vector<std::string> except;  // roles; never of an approval
  std::vector<ReviewNeed> needs;    // kApproval
  int64_t expires_millis = 0;       // kApproval: of each review
  std::string message;
};

// Columns of records with personal data: they reach a table only through one of the functions.
struct PersonalData {
  Selector on;
  std::vector<std::string> columns;    // names, or `name*`
  std::vector<std::string> functions;  // in upper case
};

struct Policy {
  struct Known {
    std::string pattern;  // of the pipeline's name
    PipelineFacts facts;
  };
  std::map<std::string, std::string> issuers;  // by the name that the file uses
  std::vector<Known> pipelines;
  std::vector<Role> roles;
  std::vector<Rule> rules;
  std::vector<PersonalData> personal_data;

  // Of the longest pattern that matches; null where none does: then nothing is granted on it.
  const PipelineFacts* Find(std::string_view pipeline) const;
  // The names of the roles that `actor` has.
  std::vector<std::string> RolesOf(const Actor& actor) const;
};

}  // namespace ks::governance
