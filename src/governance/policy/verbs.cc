#include "governance/policy/verbs.h"

#include "base/check.h"

namespace ks::governance {

const VerbInfo& InfoOf(Verb verb) {
  for (const VerbInfo& info : kVerbs) {
    if (info.verb == verb) return info;
  }
  KS_CHECK(false);
}

std::string_view NameOf(Verb verb) { return InfoOf(verb).name; }

std::optional<Verb> VerbOf(std::string_view name) {
  for (const VerbInfo& info : kVerbs) {
    if (info.name == name) return info.verb;
  }
  return std::nullopt;
}

std::vector<std::string> VerbNames() {
  std::vector<std::string> names;
  for (const VerbInfo& info : kVerbs) names.emplace_back(info.name);
  return names;
}

std::string_view NameOf(Fact fact) {
  for (const FactInfo& info : kFacts) {
    if (info.fact == fact) return info.name;
  }
  KS_CHECK(false);
}

std::optional<Fact> FactOf(std::string_view name) {
  for (const FactInfo& info : kFacts) {
    if (info.name == name) return info.fact;
  }
  return std::nullopt;
}

std::vector<std::string> FactNames() {
  std::vector<std::string> names;
  for (const FactInfo& info : kFacts) names.emplace_back(info.name);
  return names;
}

}  // namespace ks::governance
