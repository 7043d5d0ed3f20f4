// Request: an action that somebody wants, with all that deciding about it may look at; Review: what
// somebody else said to it. Both come from outside: nothing in them is believed but what the token
// of its actor said.
//
// Thread safety: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "governance/actor.h"
#include "governance/policy/verbs.h"

namespace ks::governance {

// What an action does, where that is known before.
struct ActionEffect {
  std::map<Fact, int64_t> facts;  // a fact that is not there is unknown
  std::string ddl = "none";       // none | create
  // Columns of personal data that would be written as they are (personal_data.h).
  std::vector<std::string> personal;
};

// Approval and freezes are lifted for one person on one pipeline.
struct BrokenGlass {
  Actor actor;
  std::string pipeline;
  int64_t from_nanos = 0;
  int64_t until_nanos = 0;  // the first moment after it
};

struct Request {
  Verb verb = Verb::kSee;
  std::string pipeline;
  Actor actor;
  std::optional<Actor> last_editor;  // of the pipeline's configuration
  ActionEffect effect;
  // PlanHash() of exactly what would be done; reviews are of that and of nothing else.
  std::string plan_hash;
  int64_t now_nanos = 0;  // since the Unix epoch
  std::optional<BrokenGlass> glass;
  int64_t glass_not_reviewed = 0;  // times that the actor broke it, and the review is overdue
};

struct Review {
  Actor reviewer;  // with the groups that the token of the review had
  std::string plan_hash;
  bool approves = false;
  int64_t time_nanos = 0;
};

// SHA-256 in hex over the canonical JSON of a plan: verb, pipeline, configuration, DDL, offsets.
std::string PlanHash(const nlohmann::json& plan);

}  // namespace ks::governance
