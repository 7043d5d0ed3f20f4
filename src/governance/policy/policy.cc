#include "governance/policy/policy.h"

#include <algorithm>

namespace ks::governance {
namespace {

bool AnyMatches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return NameMatches(pattern, name); });
}

}  // namespace

bool NameMatches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool Members::Has(const Actor& actor) const {
  // A token without an issuer or a subject is nobody's: it is in no group, whatever it says.
  if (actor.issuer.empty() || actor.subject.empty()) return false;
  const auto is = [&](const Principal& person) {
    return person.issuer == actor.issuer && person.name == actor.subject;
  };
  const auto in = [&](const Principal& group) {
    return group.issuer == actor.issuer &&
           std::find(actor.groups.begin(), actor.groups.end(), group.name) != actor.groups.end();
  };
  return std::any_of(people.begin(), people.end(), is) ||
         std::any_of(groups.begin(), groups.end(), in);
}

bool Selector::Matches(std::string_view name, const PipelineFacts& pipeline) const {
  if (!pipelines.empty() && !AnyMatches(pipelines, name)) return false;
  if (!environments.empty() && std::find(environments.begin(), environments.end(),
                                         pipeline.environment) == environments.end())
    return false;
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto found = pipeline.labels.find(label.first);
    return found != pipeline.labels.end() && found->second == label.second;
  });
}

const PipelineFacts* Policy::Find(std::string_view pipeline) const {
  const Known* best = nullptr;
  for (const Known& known : pipelines) {
    if (!NameMatches(known.pattern, pipeline)) continue;
    // The whole name is longer than any prefix of it with its star.
    const auto weight = [](const Known& each) {
      return each.pattern.size() * 2 + (each.pattern.ends_with('*') ? 0 : 2);
    };
    if (best == nullptr || weight(known) > weight(*best)) best = &known;
  }
  return best == nullptr ? nullptr : &best->facts;
}

std::vector<std::string> Policy::RolesOf(const Actor& actor) const {
  std::vector<std::string> names;
  for (const Role& role : roles) {
    if (role.members.Has(actor)) names.push_back(role.name);
  }
  return names;
}

}  // namespace ks::governance
