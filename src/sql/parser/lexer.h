// Lexer: GoogleSQL text to tokens.
//
// The whole text is cut at once. A lexical error ends the list as a kError token, so that a syntax
// error before it is reported first. Comments and white space are dropped. `>>` comes as two `>`
// (types close with it); the parser joins them by their places. Tokens point into the text, which
// must outlive them. Pure function, any thread. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/lexical
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::sql {

enum class TokenKind : uint8_t {
  kWord,     // keyword or identifier
  kQuoted,   // identifier in backticks
  kInteger,  // 12, 0x1F
  kFloat,    // 1.5, .5, 5., 1e3
  kString,
  kBytes,
  kSymbol,  // ( ) , . ; + <= …
  kEnd,
  kError,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t begin = 0;
  uint32_t end = 0;
  std::string_view text;  // as written
  // kWord: in upper case, for comparing with keywords. kQuoted, kString, kBytes: contents, escapes
  // undone.
  std::string value;
};

struct TokenList {
  std::vector<Token> tokens;  // the last one is kEnd or kError
  absl::Status error;         // of kError; has its place (error_location.h)
};
TokenList Tokenize(std::string_view sql);

// Words that name nothing unless they stand in backticks. `upper_word` is in upper case.
bool IsReservedKeyword(std::string_view upper_word);
// All words with a meaning somewhere in the grammar, reserved or not: errors call them keywords.
bool IsKeyword(std::string_view upper_word);

// `name` as it must be written: in backticks when it is reserved or no plain identifier.
std::string QuotedIdentifier(std::string_view name);

}  // namespace ks::sql
