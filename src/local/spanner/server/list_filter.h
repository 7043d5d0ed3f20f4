// Filters of list requests: `labels.env:dev AND name:app`, `(done:false) OR (size_bytes > 1000)`.
//
// A term is field, operator, value. `:` contains (`*`: anything, also nothing); `=`, `!=`, `<`,
// `<=`, `>`, `>=` compare, as numbers or times where both sides are such, else as text; all without
// regard to case. Terms are joined by AND (or a space) and OR, which binds weaker, turned round by
// NOT, and grouped by parentheses. Thread safety: as for any value. Source:
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.admin.database.v1#listbackupsrequest
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace google::protobuf {
class Message;
}

namespace ks::local {

class ListFilter {
 public:
  // What can be asked for; labels as `labels.<key>`.
  using Fields = std::map<std::string, std::string>;

  static absl::StatusOr<ListFilter> Parse(std::string_view text);
  bool Matches(const Fields& fields) const;
  // Its fields by their names in the proto, those of messages within it as `metadata.progress`.
  bool Matches(const google::protobuf::Message& message) const;

 private:
  struct Node {
    enum class Kind : uint8_t { kTerm, kAnd, kOr, kNot };
    Kind kind = Kind::kAnd;
    std::vector<Node> parts;
    std::string field;
    std::string comparison;
    std::string text;  // lower case
  };
  class Parser;

  static bool Matches(const Node& node, const Fields& fields);

  Node root_;
};

// Leaves the messages that match, sorted by name.
template <typename Message>
absl::Status KeepMatching(std::string_view text, std::vector<Message>* messages) {
  const absl::StatusOr<ListFilter> filter = ListFilter::Parse(text);
  if (!filter.ok()) return filter.status();
  std::erase_if(*messages, [&](const Message& m) { return !text.empty() && !filter->Matches(m); });
  std::sort(messages->begin(), messages->end(),
            [](const Message& a, const Message& b) { return a.name() < b.name(); });
  return absl::OkStatus();
}

}  // namespace ks::local
