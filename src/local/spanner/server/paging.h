// Pages of lists: a page token is the name after which the next page begins, so that it never
// expires, and a mark by which it is known as ours. Pure functions.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/str_cat.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "sql/functions/farm_hash.h"

namespace ks::local {

inline size_t PageSize(int32_t asked) {
  const int size =
      asked <= 0 ? limits::kListPageDefault : std::min<int>(asked, limits::kListPageMax);
  return static_cast<size_t>(size);
}

inline std::string PageToken(std::string_view name) {
  return absl::StrCat(absl::Hex(sql::FarmFingerprint(name), absl::kZeroPad16), AbslView(name));
}

// Calls `emit` with each item of the page; gives the next page's token, empty after the last.
// `items` are sorted by `name(item)`. INVALID_ARGUMENT for a token that no list gave.
template <typename Items, typename Name, typename Emit>
absl::StatusOr<std::string> EmitPage(const Items& items, std::string_view page_token,
                                     int32_t page_size, Name name, Emit emit) {
  const std::string_view token = page_token.substr(std::min<size_t>(16, page_token.size()));
  if (!page_token.empty() && page_token != PageToken(token)) {
    return errors::InvalidPageToken(page_token);
  }
  const size_t limit = PageSize(page_size);
  size_t emitted = 0;
  std::string last;
  for (const auto& item : items) {
    if (!token.empty() && name(item) <= token) continue;
    if (emitted == limit) return PageToken(last);
    emit(item);
    last = name(item);
    ++emitted;
  }
  return std::string();
}

}  // namespace ks::local
