#include "governance/policy/policy_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "formats/text.h"
#include "governance/errors.h"
#include "governance/limits.h"
#include "governance/policy/verbs.h"
#include "pipeline/errors.h"
#include "pipeline/source_text.h"
#include "pipeline/yaml_reader.h"
#include "sql/functions/function.h"
#include "sql/parser/error_location.h"

namespace ks::governance {
namespace {

using pipeline::FilePosition;
using pipeline::ObjectReader;
using pipeline::PositionOf;
using pipeline::SourceText;
using Entry = ObjectReader::Entry;

const std::vector<std::pair<std::string, Outcome>> kOutcomes = {{"deny", Outcome::kDeny},
                                                                {"freeze", Outcome::kFreeze},
                                                                {"approval", Outcome::kApproval},
                                                                {"warn", Outcome::kWarn}};

// A text of the file and where it stands.
struct Word {
  std::string text;
  FilePosition at;
};

class PolicyReader {
 public:
  explicit PolicyReader(const SourceText& file) : file_(file) {}

  absl::StatusOr<Policy> Read(const YAML::Node& root) {
    ObjectReader reader(file_, root, "",
                        root.Mark().is_null() ? FilePosition{1, 1} : PositionOf(root.Mark()));
    const Entry* issuers = reader.Find("issuers", ObjectReader::kRequired);
    const Entry* pipelines = reader.Find("pipelines", ObjectReader::kRequired);
    const Entry* roles = reader.Find("roles", ObjectReader::kRequired);
    const Entry* rules = reader.Find("rules");
    const Entry* personal = reader.Find("personal_data");
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(ReadIssuers(*issuers));
    KS_RETURN_IF_ERROR(ForEach(*pipelines, "pipelines", &PolicyReader::ReadPipeline));
    KS_RETURN_IF_ERROR(ForEach(*roles, "roles", &PolicyReader::ReadRole));
    if (rules != nullptr) KS_RETURN_IF_ERROR(ForEach(*rules, "rules", &PolicyReader::ReadRule));
    if (personal != nullptr)
      KS_RETURN_IF_ERROR(ForEach(*personal, "personal_data", &PolicyReader::ReadPersonalData));
    return std::move(policy_);
  }

 private:
  absl::Status Error(const Word& word, std::string_view message) const {
    return file_.Error(word.at, message, word.text.size());
  }

  // A list of texts, or one text.
  absl::Status Words(const Entry* entry, const std::string& path, std::vector<Word>* words) const {
    if (entry == nullptr) return absl::OkStatus();
    const auto add = [&](const YAML::Node& node) {
      words->push_back({node.Scalar(), PositionOf(node.Mark())});
    };
    if (entry->value.IsScalar()) {
      add(entry->value);
      return absl::OkStatus();
    }
    if (!entry->value.IsSequence())
      return file_.Error(entry->position,
                         pipeline::ExpectedList(path, pipeline::DescribeNode(entry->value)));
    for (const YAML::Node& node : entry->value) {
      if (!node.IsScalar())
        return file_.Error(PositionOf(node.Mark()),
                           pipeline::ExpectedText(path, pipeline::DescribeNode(node)));
      add(node);
    }
    return absl::OkStatus();
  }

  absl::Status Texts(const Entry* entry, const std::string& path,
                     std::vector<std::string>* texts) const {
    std::vector<Word> words;
    KS_RETURN_IF_ERROR(Words(entry, path, &words));
    for (Word& word : words) texts->push_back(std::move(word.text));
    return absl::OkStatus();
  }

  absl::Status OneOf(const Word& word, const std::string& path,
                     const std::vector<std::string>& known) const {
    if (std::find(known.begin(), known.end(), word.text) != known.end()) return absl::OkStatus();
    return Error(word, pipeline::ExpectedOneOf(path, word.text, known));
  }

  using ReadOne = absl::Status (PolicyReader::*)(const Entry&, const std::string& path);
  absl::Status ForEach(const Entry& entry, const std::string& path, ReadOne read) {
    ObjectReader reader(file_, entry.value, path, entry.position);
    KS_RETURN_IF_ERROR(reader.FinishOpen());
    for (const Entry& each : reader.entries())
      KS_RETURN_IF_ERROR((this->*read)(each, StrCat(path, ".", each.name)));
    return absl::OkStatus();
  }

  absl::Status ReadIssuers(const Entry& entry) {
    ObjectReader reader(file_, entry.value, "issuers", entry.position);
    for (const Entry& each : reader.entries())
      reader.Text(each.name, &policy_.issuers[each.name], ObjectReader::kRequired);
    return reader.Finish();
  }

  absl::Status ReadLabels(const Entry* entry, const std::string& path,
                          std::map<std::string, std::string>* labels) const {
    if (entry == nullptr) return absl::OkStatus();
    ObjectReader reader(file_, entry->value, path, entry->position);
    for (const Entry& each : reader.entries()) reader.Text(each.name, &(*labels)[each.name]);
    return reader.Finish();
  }

  absl::Status ReadPipeline(const Entry& entry, const std::string& path) {
    Policy::Known known{entry.name, {}};
    ObjectReader reader(file_, entry.value, path, entry.position);
    reader.Text("environment", &known.facts.environment, ObjectReader::kRequired);
    const Entry* labels = reader.Find("labels");
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(ReadLabels(labels, StrCat(path, ".labels"), &known.facts.labels));
    environments_.insert(known.facts.environment);
    for (const auto& [name, value] : known.facts.labels) labels_.insert(name);
    policy_.pipelines.push_back(std::move(known));
    return absl::OkStatus();
  }

  absl::Status ReadSelector(const Entry* entry, const std::string& path, Selector* on) const {
    if (entry == nullptr) return absl::OkStatus();
    ObjectReader reader(file_, entry->value, path, entry->position);
    const Entry* pipelines = reader.Find("pipelines");
    const Entry* environment = reader.Find("environment");
    const Entry* labels = reader.Find("labels");
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(Texts(pipelines, StrCat(path, ".pipelines"), &on->pipelines));
    std::vector<Word> environments;
    KS_RETURN_IF_ERROR(Words(environment, StrCat(path, ".environment"), &environments));
    for (const Word& word : environments) {
      KS_RETURN_IF_ERROR(
          OneOf(word, StrCat(path, ".environment"), {environments_.begin(), environments_.end()}));
      on->environments.push_back(word.text);
    }
    KS_RETURN_IF_ERROR(ReadLabels(labels, StrCat(path, ".labels"), &on->labels));
    for (const auto& [name, value] : on->labels)
      KS_RETURN_IF_ERROR(OneOf({name, labels->position}, StrCat(path, ".labels"),
                               {labels_.begin(), labels_.end()}));
    return absl::OkStatus();
  }

  absl::Status ReadVerbs(const Entry& entry, const std::string& path,
                         std::vector<Verb>* verbs) const {
    std::vector<Word> words;
    KS_RETURN_IF_ERROR(Words(&entry, path, &words));
    for (const Word& word : words) {
      KS_RETURN_IF_ERROR(OneOf(word, path, VerbNames()));
      verbs->push_back(*VerbOf(word.text));
    }
    return absl::OkStatus();
  }

  // `corp/sre`: the issuer's name in the file, and what it calls the group or the person.
  absl::Status ReadPrincipals(const Entry* entry, const std::string& path,
                              std::vector<Principal>* principals) const {
    std::vector<Word> words;
    KS_RETURN_IF_ERROR(Words(entry, path, &words));
    std::vector<std::string> known;
    for (const auto& [name, url] : policy_.issuers) known.push_back(name);
    for (const Word& word : words) {
      const size_t slash = word.text.find('/');
      if (slash == std::string::npos || slash + 1 == word.text.size())
        return Error(word, ExpectedPrincipal(path, word.text));
      const std::string issuer = word.text.substr(0, slash);
      KS_RETURN_IF_ERROR(OneOf({issuer, word.at}, path, known));
      principals->push_back({policy_.issuers.at(issuer), word.text.substr(slash + 1)});
    }
    return absl::OkStatus();
  }

  absl::Status ReadMembers(ObjectReader& reader, const std::string& path, Members* members) const {
    KS_RETURN_IF_ERROR(
        ReadPrincipals(reader.Find("groups"), StrCat(path, ".groups"), &members->groups));
    return ReadPrincipals(reader.Find("people"), StrCat(path, ".people"), &members->people);
  }

  absl::Status ReadRole(const Entry& entry, const std::string& path) {
    Role role{entry.name, {}, {}};
    ObjectReader reader(file_, entry.value, path, entry.position);
    const absl::Status members = ReadMembers(reader, path, &role.members);
    const Entry* may = reader.Find("may", ObjectReader::kRequired);
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(members);
    if (!may->value.IsSequence())
      return file_.Error(may->position, pipeline::ExpectedList(StrCat(path, ".may"),
                                                               pipeline::DescribeNode(may->value)));
    for (size_t i = 0; i < may->value.size(); ++i)
      KS_RETURN_IF_ERROR(
          ReadPermission(may->value[i], StrCat(path, ".may[", i, "]"), &role.may.emplace_back()));
    roles_.push_back(role.name);
    policy_.roles.push_back(std::move(role));
    return absl::OkStatus();
  }

  absl::Status ReadPermission(const YAML::Node& node, const std::string& path,
                              Permission* permission) const {
    ObjectReader reader(file_, node, path, PositionOf(node.Mark()));
    const Entry* verbs = reader.Find("verbs", ObjectReader::kRequired);
    const Entry* on = reader.Find("on");
    const Entry* limits = reader.Find("limits");
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(ReadVerbs(*verbs, StrCat(path, ".verbs"), &permission->verbs));
    KS_RETURN_IF_ERROR(ReadSelector(on, StrCat(path, ".on"), &permission->on));
    if (limits == nullptr) return absl::OkStatus();
    ObjectReader numbers(file_, limits->value, StrCat(path, ".limits"), limits->position);
    for (const FactInfo& info : kFacts) {
      int64_t limit = -1;
      numbers.Number(info.name, 0, INT64_MAX, &limit);
      if (limit >= 0) permission->limits[info.fact] = limit;
    }
    return numbers.Finish();
  }

  absl::Status ReadRule(const Entry& entry, const std::string& path) {
    Rule rule;
    rule.name = entry.name;
    rule.expires_millis = kReviewMillisDefault;
    ObjectReader reader(file_, entry.value, path, entry.position);
    const Entry* then = reader.Find("then", ObjectReader::kRequired);
    reader.Choice("then", kOutcomes, &rule.outcome);
    reader.Text("message", &rule.message);
    const Entry* verbs = reader.Find("verbs");
    const Entry* on = reader.Find("on");
    const Entry* when = reader.Find("when");
    const Entry* from = reader.Find("from");
    const Entry* until = reader.Find("until");
    const Entry* except = reader.Find("except");
    const Entry* reviewers = reader.Find("reviewers");
    const Entry* expires = reader.Find("expires");
    reader.DurationMs("expires", 1000, kReviewMillisMax, &rule.expires_millis);
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(ReadReach(verbs, on, path, &rule));
    KS_RETURN_IF_ERROR(ReadWhen(when, &rule.when));
    KS_RETURN_IF_ERROR(ReadMoment(from, StrCat(path, ".from"), &rule.from_nanos));
    KS_RETURN_IF_ERROR(ReadMoment(until, StrCat(path, ".until"), &rule.until_nanos));
    if (rule.outcome == Outcome::kApproval) {
      if (except != nullptr) return file_.Error(except->name_position, ExceptOfApproval());
      if (reviewers == nullptr)
        return file_.Error(then->position, pipeline::MissingRequired(path, "reviewers"));
      KS_RETURN_IF_ERROR(ReadReviewers(*reviewers, StrCat(path, ".reviewers"), &rule.needs));
    } else {
      for (const Entry* stray : {reviewers, expires}) {
        if (stray != nullptr) return file_.Error(stray->name_position, OnlyOfApproval(stray->name));
      }
      KS_RETURN_IF_ERROR(ReadExcept(except, StrCat(path, ".except"), &rule.except));
    }
    policy_.rules.push_back(std::move(rule));
    return absl::OkStatus();
  }

  absl::Status ReadReach(const Entry* verbs, const Entry* on, const std::string& path, Rule* rule) {
    KS_RETURN_IF_ERROR(ReadSelector(on, StrCat(path, ".on"), &rule->on));
    if (verbs != nullptr) return ReadVerbs(*verbs, StrCat(path, ".verbs"), &rule->verbs);
    for (const VerbInfo& info : kVerbs) {
      if (info.kind == VerbKind::kChanges) rule->verbs.push_back(info.verb);
    }
    return absl::OkStatus();
  }

  absl::Status ReadExcept(const Entry* entry, const std::string& path,
                          std::vector<std::string>* roles) const {
    std::vector<Word> words;
    KS_RETURN_IF_ERROR(Words(entry, path, &words));
    for (const Word& word : words) {
      KS_RETURN_IF_ERROR(OneOf(word, path, roles_));
      roles->push_back(word.text);
    }
    return absl::OkStatus();
  }

  absl::Status ReadWhen(const Entry* entry, std::optional<Condition>* when) const {
    if (entry == nullptr) return absl::OkStatus();
    const std::string text = entry->value.IsScalar() ? entry->value.Scalar() : "";
    auto condition = Condition::Parse(text);
    if (!condition.ok()) {
      const FilePosition at =
          file_.Locate(entry->position, text, sql::ErrorOffset(condition.status()).value_or(0));
      return file_.Error(at, View(condition.status().message()));
    }
    *when = *std::move(condition);
    return absl::OkStatus();
  }

  absl::Status ReadMoment(const Entry* entry, const std::string& path,
                          std::optional<int64_t>* nanos) const {
    if (entry == nullptr) return absl::OkStatus();
    const std::string text = entry->value.IsScalar() ? entry->value.Scalar() : "";
    sql::TimestampValue time;
    if (formats::ParseTimestampExact(text, &time) != formats::Parsed::kOk)
      return Error({text, entry->position}, ExpectedMoment(path, text));
    *nanos = time.seconds * env::kNanosPerSecond + time.nanos;
    return absl::OkStatus();
  }

  absl::Status ReadReviewers(const Entry& entry, const std::string& path,
                             std::vector<ReviewNeed>* needs) const {
    if (entry.value.IsMap())
      return ReadNeed(entry.value, entry.position, path, &needs->emplace_back());
    if (!entry.value.IsSequence() || entry.value.size() == 0)
      return file_.Error(entry.position,
                         pipeline::ExpectedList(path, pipeline::DescribeNode(entry.value)));
    for (const YAML::Node& node : entry.value)
      KS_RETURN_IF_ERROR(ReadNeed(node, PositionOf(node.Mark()), path, &needs->emplace_back()));
    return absl::OkStatus();
  }

  absl::Status ReadNeed(const YAML::Node& node, FilePosition at, const std::string& path,
                        ReviewNeed* need) const {
    ObjectReader reader(file_, node, path, at);
    reader.Number("count", 1, kReviewersMax, &need->count);
    const absl::Status members = ReadMembers(reader, path, &need->from);
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(members);
    if (need->from.groups.empty() && need->from.people.empty())
      return file_.Error(at, pipeline::MissingRequired(path, "groups"));
    return absl::OkStatus();
  }

  absl::Status ReadPersonalData(const Entry& entry, const std::string& path) {
    PersonalData personal;
    ObjectReader reader(file_, entry.value, path, entry.position);
    const Entry* columns = reader.Find("columns", ObjectReader::kRequired);
    const Entry* functions = reader.Find("functions", ObjectReader::kRequired);
    const Entry* on = reader.Find("on");
    KS_RETURN_IF_ERROR(reader.Finish());
    KS_RETURN_IF_ERROR(ReadSelector(on, StrCat(path, ".on"), &personal.on));
    KS_RETURN_IF_ERROR(Texts(columns, StrCat(path, ".columns"), &personal.columns));
    std::vector<Word> words;
    KS_RETURN_IF_ERROR(Words(functions, StrCat(path, ".functions"), &words));
    for (const Word& word : words) {
      const std::string name = absl::AsciiStrToUpper(word.text);
      if (sql::FindFunction(name) == nullptr)
        return Error(word, UnknownMask(word.text, sql::NearestFunctionName(name)));
      personal.functions.push_back(name);
    }
    policy_.personal_data.push_back(std::move(personal));
    return absl::OkStatus();
  }

  const SourceText& file_;
  Policy policy_;
  std::vector<std::string> roles_;  // in the order of the file
  std::set<std::string> environments_;
  std::set<std::string> labels_;
};

}  // namespace

absl::StatusOr<Policy> ParsePolicy(std::string file_name, std::string text) {
  const SourceText file(std::move(file_name), std::move(text));
  KS_ASSIGN_OR_RETURN(const YAML::Node root, pipeline::LoadYaml(file));
  return PolicyReader(file).Read(root);
}

}  // namespace ks::governance
