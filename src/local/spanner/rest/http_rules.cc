#include "local/spanner/rest/http_rules.h"

#include <re2/re2.h>

#include <utility>

#include "base/str_cat.h"
#include "google/api/annotations.pb.h"
#include "google/longrunning/operations.pb.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.pb.h"
#include "google/spanner/admin/instance/v1/spanner_instance_admin.pb.h"
#include "google/spanner/v1/spanner.pb.h"

namespace ks::local {

namespace pb = google::protobuf;

namespace {

constexpr const char* kServices[] = {"google.spanner.v1.Spanner",
                                     "google.spanner.admin.database.v1.DatabaseAdmin",
                                     "google.spanner.admin.instance.v1.InstanceAdmin"};

// Spanner's own paths for operations; the annotations of google.longrunning have other ones.
struct OperationRule {
  const char* method;
  const char* verb;
  const char* path;
};
constexpr OperationRule kOperations[] = {
    {"GetOperation", "GET", "/v1/{name=projects/**/operations/*}"},
    {"ListOperations", "GET", "/v1/{name=projects/**/operations}"},
    {"DeleteOperation", "DELETE", "/v1/{name=projects/**/operations/*}"},
    {"CancelOperation", "POST", "/v1/{name=projects/**/operations/*}:cancel"}};

// Segments of a template as a regular expression: `*` is one segment, `**` any number.
std::string Segments(std::string_view text) {
  std::string pattern;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '*') {
      pattern += re2::RE2::QuoteMeta(re2::StringPiece(text.data() + i, 1));
    } else if (text.substr(i, 2) == "**") {
      pattern += ".+";
      ++i;
    } else {
      pattern += "[^/:]+";
    }
  }
  return pattern;
}

// A template, `/v1/{name=projects/*}:verb`, as a regular expression with a group for each field.
std::string Pattern(std::string_view path, std::vector<std::string>* fields) {
  std::string pattern;
  while (!path.empty()) {
    const size_t open = path.find('{');
    pattern += Segments(path.substr(0, open));
    if (open == std::string_view::npos) break;
    const size_t close = path.find('}', open);
    const std::string_view field = path.substr(open + 1, close - open - 1);
    const size_t equals = field.find('=');
    fields->emplace_back(field.substr(0, equals));
    pattern += StrCat(
        "(", equals == std::string_view::npos ? "[^/:]+" : Segments(field.substr(equals + 1)), ")");
    path.remove_prefix(close + 1);
  }
  return pattern;
}

// The verb and the path of a rule.
std::pair<std::string, std::string> VerbAndPath(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    default:
      return {};
  }
}

}  // namespace

struct HttpRules::Rule {
  const pb::MethodDescriptor* method;
  std::string verb;
  std::string body;
  std::vector<std::string> fields;
  std::unique_ptr<re2::RE2> pattern;
};

HttpRules::HttpRules() {
  // The linker drops the files of messages that nobody names.
  (void)google::spanner::v1::Session::descriptor();
  (void)google::spanner::admin::database::v1::Database::descriptor();
  (void)google::spanner::admin::instance::v1::Instance::descriptor();
  const auto& pool = *pb::DescriptorPool::generated_pool();
  for (const char* name : kServices) {
    const pb::ServiceDescriptor& service = *pool.FindServiceByName(name);
    for (int i = 0; i < service.method_count(); ++i) {
      const google::api::HttpRule& rule =
          service.method(i)->options().GetExtension(google::api::http);
      Add(*service.method(i), rule);
      for (const auto& other : rule.additional_bindings()) Add(*service.method(i), other);
    }
  }
  const pb::ServiceDescriptor& operations =
      *google::longrunning::Operation::descriptor()->file()->FindServiceByName("Operations");
  for (const OperationRule& known : kOperations) {
    google::api::HttpRule rule;
    if (std::string_view(known.verb) == "GET") rule.set_get(known.path);
    if (std::string_view(known.verb) == "POST") rule.set_post(known.path);
    if (std::string_view(known.verb) == "DELETE") rule.set_delete_(known.path);
    Add(*operations.FindMethodByName(known.method), rule);
  }
}

HttpRules::~HttpRules() = default;

void HttpRules::Add(const pb::MethodDescriptor& method, const google::api::HttpRule& rule) {
  const auto [verb, path] = VerbAndPath(rule);
  if (path.empty()) return;
  Rule& added = rules_.emplace_back();
  added.method = &method;
  added.verb = verb;
  added.body = rule.body();
  added.pattern = std::make_unique<re2::RE2>(Pattern(path, &added.fields));
}

HttpRules::Match HttpRules::Find(std::string_view verb, std::string_view path) const {
  for (const Rule& rule : rules_) {
    if (rule.verb != verb) continue;
    std::vector<std::string> values(rule.fields.size());
    std::vector<re2::RE2::Arg> arguments(values.size());
    std::vector<const re2::RE2::Arg*> pointers;
    for (size_t i = 0; i < values.size(); ++i) {
      arguments[i] = re2::RE2::Arg(&values[i]);
      pointers.push_back(&arguments[i]);
    }
    if (!re2::RE2::FullMatchN(re2::StringPiece(path.data(), path.size()), *rule.pattern,
                              pointers.data(), static_cast<int>(pointers.size()))) {
      continue;
    }
    Match match{.method = rule.method, .body = rule.body};
    for (size_t i = 0; i < values.size(); ++i) match.path[rule.fields[i]] = std::move(values[i]);
    return match;
  }
  return {};
}

}  // namespace ks::local
