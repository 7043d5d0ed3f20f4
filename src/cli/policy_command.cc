// kafka-spanner policy: checks a policy file, pipelines against it, and says who may do what.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/policy.h"
#include "cli/result_table.h"
#include "env/clock.h"
#include "formats/text.h"
#include "governance/policy/decide.h"
#include "governance/policy/personal_data.h"
#include "governance/policy/policy_text.h"
#include "pipeline/errors.h"
#include "pipeline/plan.h"

namespace ks::cli {
namespace {

using governance::Policy;

struct CheckOptions {
  std::string file;
  std::vector<std::string> pipelines;
};

struct ExplainOptions {
  std::string file;
  std::string pipeline;
  std::string verb;
  std::string person;
  std::vector<std::string> groups;
  std::vector<std::string> facts;
  std::string at;
};

// What the policy has against a pipeline as it stands in its file.
absl::StatusOr<std::vector<std::string>> ProblemsOf(const Policy& policy, const std::string& file,
                                                    const GlobalOptions& global) {
  KS_ASSIGN_OR_RETURN(const pipeline::PipelineSpec spec,
                      ReadPipelineFile(file, global.connection_log.get()));
  std::vector<std::string> problems;
  if (policy.Find(spec.name) == nullptr)
    problems.push_back(StrCat("`pipelines:` of the policy does not name ", spec.name,
                              ", so nobody may do anything to it"));
  KS_ASSIGN_OR_RETURN(const pipeline::Plan plan, pipeline::MakePlan(spec, nullptr));
  for (const std::string& column : governance::WrittenAsTheyAre(policy, plan))
    problems.push_back(StrCat("personal data is written as it is: ", column));
  return problems;
}

int RunCheck(const CheckOptions& options, const GlobalOptions& global) {
  const auto policy = ReadPolicyFile(options.file);
  if (!policy.ok()) return Fail(global, policy.status());
  nlohmann::ordered_json all = nlohmann::ordered_json::object();
  bool clean = true;
  for (const std::string& file : options.pipelines) {
    const auto problems = ProblemsOf(*policy, file, global);
    if (!problems.ok()) return Fail(global, problems.status());
    clean = clean && problems->empty();
    all[file] = *problems;
    if (global.json) continue;
    for (const std::string& problem : *problems) std::cout << file << ": " << problem << "\n";
  }
  if (global.json) {
    std::cout << nlohmann::ordered_json{{"problems", all}}.dump(2) << "\n";
  } else if (clean) {
    std::cout << options.file << ": " << policy->roles.size() << " roles, " << policy->rules.size()
              << " rules, no problem found\n";
  }
  return clean ? kExitOk : kExitCheckFailed;
}

void PrintPolicy(const Policy& policy, bool json) {
  TextTable grants{{"role", "who", "may", "on", "limits"}, std::vector<bool>(5), {}};
  for (const auto& line : governance::GrantLines(policy))
    grants.rows.push_back({line.role, line.who, line.verbs, line.on, line.limits});
  TextTable rules{{"rule", "then", "of", "on", "terms"}, std::vector<bool>(5), {}};
  for (const auto& line : governance::RuleLines(policy))
    rules.rows.push_back({line.name, line.then, line.verbs, line.on, line.terms});
  if (!json) {
    PrintTable(grants, std::cout);
    std::cout << "\n";
    PrintTable(rules, std::cout);
    return;
  }
  nlohmann::ordered_json document;
  for (const auto& [name, table] : {std::pair{"roles", &grants}, std::pair{"rules", &rules}}) {
    document[name] = nlohmann::ordered_json::array();
    for (const auto& row : table->rows) {
      nlohmann::ordered_json object;
      for (size_t i = 0; i < row.size(); ++i) object[table->names[i]] = row[i];
      document[name].push_back(object);
    }
  }
  std::cout << document.dump(2) << "\n";
}

absl::StatusOr<std::pair<std::string, std::string>> Principal(const Policy& policy,
                                                              const std::string& text) {
  const size_t slash = text.find('/');
  const auto issuer = policy.issuers.find(text.substr(0, slash));
  if (slash == std::string::npos || issuer == policy.issuers.end())
    return absl::InvalidArgumentError(
        StrCat(text, ": write ISSUER/NAME, with an issuer of the policy's `issuers:`"));
  return std::pair{issuer->second, text.substr(slash + 1)};
}

absl::StatusOr<governance::Request> RequestOf(const Policy& policy, const ExplainOptions& options) {
  governance::Request request;
  request.pipeline = options.pipeline;
  request.verb = *governance::VerbOf(options.verb);
  KS_ASSIGN_OR_RETURN(const auto person, Principal(policy, options.person));
  request.actor = {person.first, person.second};
  for (const std::string& text : options.groups) {
    KS_ASSIGN_OR_RETURN(const auto group, Principal(policy, text));
    if (group.first == person.first) request.actor.groups.push_back(group.second);
  }
  for (const std::string& text : options.facts) {
    const size_t equals = text.find('=');
    const auto fact = governance::FactOf(text.substr(0, equals));
    int64_t value = 0;
    if (equals == std::string::npos || !fact || !absl::SimpleAtoi(text.substr(equals + 1), &value))
      return absl::InvalidArgumentError(pipeline::ExpectedOneOf(
          "--fact NAME=NUMBER", text.substr(0, equals), governance::FactNames()));
    request.effect.facts[*fact] = value;
  }
  request.now_nanos = env::RealClock().NowNanos();
  if (options.at.empty()) return request;
  sql::TimestampValue time;
  if (formats::ParseTimestampExact(options.at, &time) != formats::Parsed::kOk)
    return absl::InvalidArgumentError(
        StrCat("--at ", options.at, ": write a time such as 2026-12-18T00:00:00Z"));
  request.now_nanos = time.seconds * env::kNanosPerSecond + time.nanos;
  return request;
}

int RunExplain(const ExplainOptions& options, const GlobalOptions& global) {
  const auto policy = ReadPolicyFile(options.file);
  if (!policy.ok()) return Fail(global, policy.status());
  if (options.verb.empty()) {
    PrintPolicy(*policy, global.json);
    return kExitOk;
  }
  const auto request = RequestOf(*policy, options);
  if (!request.ok()) return Fail(global, request.status());
  const governance::Decision decision = governance::Decide(*policy, *request, {});
  const nlohmann::json json = governance::ToJson(decision);
  if (global.json) {
    std::cout << json.dump(2) << "\n";
  } else {
    std::cout << governance::NameOf(decision.verdict) << "\n";
    for (const auto& reason : json["reasons"]) {
      const std::string text = reason["text"];
      std::cout << "  " << reason["by"].get<std::string>() << " "
                << reason["kind"].get<std::string>() << (text.empty() ? "" : ": ") << text << "\n";
    }
  }
  return decision.verdict == governance::Verdict::kAllowed ? kExitOk : kExitCheckFailed;
}

void AddExplain(CLI::App& policy, GlobalOptions& global) {
  CLI::App* command = policy.add_subcommand("explain", "who may do what, and why");
  auto options = std::make_shared<ExplainOptions>();
  command->add_option("FILE", options->file, "policy file")->required();
  CLI::Option* verb = command->add_option("--verb", options->verb, "decide about this action")
                          ->check(CLI::IsMember(governance::VerbNames()));
  CLI::Option* pipeline = command->add_option("--pipeline", options->pipeline, "on this pipeline");
  CLI::Option* person = command->add_option("--as", options->person, "of ISSUER/SUBJECT");
  verb->needs(pipeline)->needs(person);
  command->add_option("--group", options->groups, "who is in ISSUER/GROUP; may be given again");
  command->add_option("--fact", options->facts, "NAME=NUMBER, as records=1000");
  command->add_option("--at", options->at, "at this time (default: now)");
  command->footer(
      "Example:  kafka-spanner policy explain policy.yaml --verb start --pipeline signups "
      "--as corp/alice --group corp/sre\n"
      "Exit codes: 0 allowed, 5 denied or in need of approval");
  OnChosen(*command, global, [options, &global] { return RunExplain(*options, global); });
}

}  // namespace

absl::StatusOr<Policy> ReadPolicyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(StrCat("cannot read the policy file ", path));
  return governance::ParsePolicy(path, text.str());
}

void AddPolicyCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* policy = app.add_subcommand("policy", "who may do what to which pipeline");
  policy->require_subcommand(1);
  CLI::App* check = policy->add_subcommand("check", "is it a policy, and do pipelines keep to it?");
  auto options = std::make_shared<CheckOptions>();
  check->add_option("FILE", options->file, "policy file")->required();
  check->add_option("PIPELINE", options->pipelines, "pipeline files to hold against it");
  OnChosen(*check, global, [options, &global] { return RunCheck(*options, global); });
  AddExplain(*policy, global);
}

}  // namespace ks::cli
