#include "local/spanner/server/list_filter.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "local/spanner/server/errors.h"
#include "nlohmann/json.hpp"

namespace ks::local {

namespace {

constexpr int kDeepest = 32;  // parentheses within parentheses

// Below, at or above zero as `left` is to `right`.
int Compare(const std::string& left, const std::string& right) {
  double a = 0, b = 0;
  if (absl::SimpleAtod(left, &a) && absl::SimpleAtod(right, &b)) return a < b ? -1 : a > b;
  absl::Time from, to;
  const auto time = [](const std::string& text, absl::Time* out) {
    return absl::ParseTime(absl::RFC3339_full, absl::AsciiStrToUpper(text), out, nullptr);
  };
  if (time(left, &from) && time(right, &to)) return from < to ? -1 : from > to;
  return left.compare(right);
}

bool Holds(const std::string& value, const std::string& comparison, const std::string& wanted) {
  if (comparison == ":") return wanted == "*" || absl::StrContains(value, wanted);
  const int order = Compare(value, wanted);
  if (comparison == "=") return order == 0;
  if (comparison == "!=") return order != 0;
  if (comparison == "<") return order < 0;
  if (comparison == "<=") return order <= 0;
  if (comparison == ">") return order > 0;
  return order >= 0;
}

// The leaves of an object under their paths; objects themselves as empty text, so that `error:*`
// asks whether there is one.
void Flatten(const nlohmann::json& value, const std::string& path, ListFilter::Fields* fields) {
  if (value.is_object()) {
    if (!path.empty()) (*fields)[path];
    for (const auto& [key, part] : value.items()) {
      Flatten(part, path.empty() ? key : path + "." + key, fields);
    }
  } else {
    (*fields)[path] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}

}  // namespace

class ListFilter::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<Node> Whole() {
    KS_ASSIGN_OR_RETURN(Node root, Any(0));
    SkipSpaces();
    return rest_.empty() ? absl::StatusOr<Node>(std::move(root)) : Bad();
  }

 private:
  absl::Status Bad() const { return errors::InvalidFilter(text_); }

  void SkipSpaces() {
    while (!rest_.empty() && absl::ascii_isspace(rest_.front())) rest_.remove_prefix(1);
  }

  bool Take(std::string_view word) {
    SkipSpaces();
    if (rest_.substr(0, word.size()) != word) return false;
    const std::string_view after = rest_.substr(word.size());
    const bool letters = absl::ascii_isalpha(word.front());
    if (letters && !after.empty() && !absl::ascii_isspace(after.front()) && after.front() != '(') {
      return false;
    }
    rest_ = after;
    return true;
  }

  absl::StatusOr<Node> Any(int depth) {
    Node any{Node::Kind::kOr, {}, "", "", ""};
    do {
      KS_ASSIGN_OR_RETURN(Node all, All(depth));
      any.parts.push_back(std::move(all));
    } while (Take("OR"));
    return any;
  }

  absl::StatusOr<Node> All(int depth) {
    Node all{Node::Kind::kAnd, {}, "", "", ""};
    for (SkipSpaces(); !AtEnd(); SkipSpaces()) {
      if (!all.parts.empty()) Take("AND");
      KS_ASSIGN_OR_RETURN(Node one, One(depth));
      all.parts.push_back(std::move(one));
    }
    return all;
  }
  // Of the terms that are joined by AND.
  bool AtEnd() {
    if (rest_.empty() || rest_.front() == ')') return true;
    const std::string_view before = rest_;
    const bool end = Take("OR");
    rest_ = before;
    return end;
  }

  absl::StatusOr<Node> One(int depth) {
    if (depth > kDeepest) return Bad();
    if (Take("NOT")) {
      KS_ASSIGN_OR_RETURN(Node one, One(depth + 1));
      Node turned{Node::Kind::kNot, {}, "", "", ""};
      turned.parts.push_back(std::move(one));
      return turned;
    }
    if (!Take("(")) return Term();
    KS_ASSIGN_OR_RETURN(Node inner, Any(depth + 1));
    return Take(")") ? absl::StatusOr<Node>(std::move(inner)) : Bad();
  }

  absl::StatusOr<Node> Term() {
    Node term{Node::Kind::kTerm, {}, "", "", ""};
    term.field = std::string(TakeUntil("<>=!: ()"));
    for (const char* comparison : {"<=", ">=", "!=", "<", ">", "=", ":"}) {
      if (!Take(comparison)) continue;
      term.comparison = comparison;
      break;
    }
    if (term.field.empty() || term.comparison.empty()) return Bad();
    SkipSpaces();
    const bool quoted = !rest_.empty() && rest_.front() == '"';
    if (quoted) rest_.remove_prefix(1);
    term.text = absl::AsciiStrToLower(TakeUntil(quoted ? "\"" : " )"));
    if (quoted && !Take("\"")) return Bad();
    return term;
  }

  std::string_view TakeUntil(std::string_view ends) {
    const size_t end = std::min(rest_.find_first_of(ends), rest_.size());
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }

  const std::string_view text_;
  std::string_view rest_;
};

absl::StatusOr<ListFilter> ListFilter::Parse(std::string_view text) {
  ListFilter filter;
  KS_ASSIGN_OR_RETURN(filter.root_, Parser(text).Whole());
  return filter;
}

bool ListFilter::Matches(const Fields& fields) const { return Matches(root_, fields); }

bool ListFilter::Matches(const google::protobuf::Message& message) const {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return false;
  Fields fields;
  Flatten(nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false), "", &fields);
  return Matches(fields);
}

bool ListFilter::Matches(const Node& node, const Fields& fields) {
  const auto matches = [&](const Node& part) { return Matches(part, fields); };
  switch (node.kind) {
    case Node::Kind::kAnd:
      return std::all_of(node.parts.begin(), node.parts.end(), matches);
    case Node::Kind::kOr:
      return std::any_of(node.parts.begin(), node.parts.end(), matches);
    case Node::Kind::kNot:
      return !matches(node.parts.front());
    case Node::Kind::kTerm:
      break;
  }
  const auto found = fields.find(node.field);
  if (found == fields.end()) return false;
  return Holds(absl::AsciiStrToLower(found->second), node.comparison, node.text);
}

}  // namespace ks::local
