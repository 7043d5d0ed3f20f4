// Filters of list requests: `labels.env:dev AND name:app`.
//
// A term is field:text (contains; `*` anything, also nothing) or field=text (equal), without regard
// to case; terms are joined by AND or a space. Thread safety: as for any value. Source:
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#listsessionsrequest
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ks::local {

class ListFilter {
 public:
  static absl::StatusOr<ListFilter> Parse(std::string_view text);
  // `fields`: what can be asked for; labels as `labels.<key>`.
  bool Matches(const std::map<std::string, std::string>& fields) const;

 private:
  struct Term {
    std::string field;
    std::string text;  // lower case
    bool exact = false;
  };
  std::vector<Term> terms_;
};

}  // namespace ks::local
