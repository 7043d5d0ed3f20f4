#include "local/spanner/server/list_filter.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "local/spanner/server/errors.h"

namespace ks::local {

absl::StatusOr<ListFilter> ListFilter::Parse(std::string_view text) {
  ListFilter filter;
  for (std::string_view word : absl::StrSplit(text, ' ', absl::SkipWhitespace())) {
    if (word == "AND") continue;
    const size_t at = word.find_first_of(":=");
    if (at == std::string_view::npos || at == 0) return errors::InvalidFilter(text);
    std::string_view wanted = word.substr(at + 1);
    if (wanted.size() >= 2 && wanted.front() == '"' && wanted.back() == '"') {
      wanted = wanted.substr(1, wanted.size() - 2);
    }
    filter.terms_.push_back(
        {std::string(word.substr(0, at)), absl::AsciiStrToLower(wanted), word[at] == '='});
  }
  return filter;
}

bool ListFilter::Matches(const std::map<std::string, std::string>& fields) const {
  for (const Term& term : terms_) {
    const auto found = fields.find(term.field);
    if (found == fields.end()) return false;
    const std::string value = absl::AsciiStrToLower(found->second);
    if (term.text == "*") continue;
    if (term.exact ? value != term.text : !absl::StrContains(value, term.text)) return false;
  }
  return true;
}

}  // namespace ks::local
