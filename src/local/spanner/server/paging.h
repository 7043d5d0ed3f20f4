// Pages of lists: a page token is the name after which the next page begins. Pure functions.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "local/spanner/server/limits.h"

namespace ks::local {

inline size_t PageSize(int32_t asked) {
  const int size =
      asked <= 0 ? limits::kListPageDefault : std::min<int>(asked, limits::kListPageMax);
  return static_cast<size_t>(size);
}

// Calls `emit` with each item of the page; returns the next page's token. `items` are sorted by
// `name(item)`.
template <typename Items, typename Name, typename Emit>
std::string EmitPage(const Items& items, std::string_view token, int32_t page_size, Name name,
                     Emit emit) {
  const size_t limit = PageSize(page_size);
  size_t emitted = 0;
  std::string last;
  for (const auto& item : items) {
    if (!token.empty() && name(item) <= token) continue;
    if (emitted == limit) return last;
    emit(item);
    last = name(item);
    ++emitted;
  }
  return std::string();
}

}  // namespace ks::local
