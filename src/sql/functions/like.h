// The pattern of LIKE, taken apart once. `%` is any number of characters, `_` is one, `\` escapes.
// Immutable after construction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ks::sql {

class LikePattern {
 public:
  // `bytes`: `_` is one byte instead of one character.
  LikePattern(std::string_view pattern, bool bytes);
  bool valid() const { return valid_; }
  bool Matches(std::string_view text) const;

 private:
  // Between two `%` stands a piece; `any` marks the bytes of `text` that stand for `_`.
  struct Piece {
    std::string text;
    std::vector<bool> any;
    bool has_any = false;
  };
  // How many bytes of `text` from `at` match the piece; npos when it does not match there.
  size_t MatchAt(const Piece& piece, std::string_view text, size_t at) const;
  // Where the piece matches first from `at` on, and where that match ends; npos: nowhere.
  size_t Find(const Piece& piece, std::string_view text, size_t at, size_t* end) const;
  bool EndsWith(const Piece& piece, std::string_view text, size_t from) const;

  bool valid_ = true;
  bool bytes_;
  std::vector<Piece> pieces_;  // n pieces mean n-1 `%`
};

}  // namespace ks::sql
