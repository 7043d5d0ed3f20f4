#include "sql/functions/like.h"

#include "sql/functions/utf8.h"

namespace ks::sql {
namespace {
constexpr size_t kNowhere = std::string_view::npos;
}  // namespace

LikePattern::LikePattern(std::string_view pattern, bool bytes) : bytes_(bytes), pieces_(1) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '%') {
      pieces_.emplace_back();
      continue;
    }
    const bool any = c == '_';
    if (c == '\\') {
      if (++i == pattern.size()) {
        valid_ = false;
        return;
      }
      c = pattern[i];
    }
    pieces_.back().text.push_back(c);
    pieces_.back().any.push_back(any);
    pieces_.back().has_any |= any;
  }
}

size_t LikePattern::MatchAt(const Piece& piece, std::string_view text, size_t at) const {
  if (!piece.has_any) return text.substr(at).starts_with(piece.text) ? piece.text.size() : kNowhere;
  size_t i = at;
  for (size_t p = 0; p < piece.text.size(); ++p) {
    if (i >= text.size()) return kNowhere;
    if (piece.any[p]) {
      i += bytes_ ? 1 : CharacterBytes(text[i]);
    } else if (text[i++] != piece.text[p]) {
      return kNowhere;
    }
  }
  return i - at;
}

size_t LikePattern::Find(const Piece& piece, std::string_view text, size_t at, size_t* end) const {
  if (!piece.has_any) {
    const size_t found = text.find(piece.text, at);
    *end = found + piece.text.size();
    return found;
  }
  for (; at <= text.size(); ++at) {
    if (!bytes_ && at < text.size() && IsContinuation(text[at])) continue;
    const size_t size = MatchAt(piece, text, at);
    if (size == kNowhere) continue;
    *end = at + size;
    return at;
  }
  return kNowhere;
}

bool LikePattern::EndsWith(const Piece& piece, std::string_view text, size_t from) const {
  if (!piece.has_any) return text.substr(from).ends_with(piece.text);
  for (size_t at = from; at <= text.size(); ++at) {
    if (!bytes_ && at < text.size() && IsContinuation(text[at])) continue;
    if (MatchAt(piece, text, at) == text.size() - at) return true;
  }
  return false;
}

bool LikePattern::Matches(std::string_view text) const {
  const size_t first = MatchAt(pieces_.front(), text, 0);
  if (first == kNowhere) return false;
  if (pieces_.size() == 1) return first == text.size();
  size_t at = first;
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {  // the earliest place leaves most for the rest
    if (Find(pieces_[i], text, at, &at) == kNowhere) return false;
  }
  return EndsWith(pieces_.back(), text, at);
}

}  // namespace ks::sql
