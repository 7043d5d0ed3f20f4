// ks::StrCat: absl::StrCat that also takes std::string_view.
//
// Debian's Abseil has a string_view of its own, which does not convert from std::string_view;
// everything here is written with std::string_view. View() and AbslView() convert where an Abseil
// function is called directly.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ks {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view View(absl::string_view text) { return {text.data(), text.size()}; }

namespace str_cat_internal {
inline absl::string_view Piece(std::string_view text) { return AbslView(text); }
inline absl::string_view Piece(const std::string& text) { return AbslView(text); }
inline absl::string_view Piece(const char* text) { return absl::NullSafeStringView(text); }
template <typename T>
const T& Piece(const T& piece) {
  return piece;
}
}  // namespace str_cat_internal

template <typename... Pieces>
std::string StrCat(const Pieces&... pieces) {
  return absl::StrCat(str_cat_internal::Piece(pieces)...);
}
template <typename... Pieces>
void StrAppend(std::string* to, const Pieces&... pieces) {
  absl::StrAppend(to, str_cat_internal::Piece(pieces)...);
}

}  // namespace ks
