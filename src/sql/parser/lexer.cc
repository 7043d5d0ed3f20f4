#include "sql/parser/lexer.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sql/parser/error_location.h"
#include "sql/parser/escapes.h"
#include "sql/parser/limits.h"

namespace ks::sql {
namespace {

bool IsWordStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsWordPart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// The longest first.
constexpr std::string_view kSymbols[] = {
    "@@", "<=", ">=", "<>", "!=", "||", "<<", "=>", "->", "|>", "+=", "-=", "(",
    ")",  "[",  "]",  "{",  "}",  ",",  ".",  ";",  ":",  "+",  "-",  "*",  "/",
    "%",  "<",  ">",  "=",  "&",  "|",  "^",  "~",  "@",  "?",  "$",  "!",  "\\",
};

struct StringPrefix {
  size_t length = 0;
  bool raw = false;
  bool bytes = false;
};

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  TokenList Run() {
    if (sql_.size() > kStatementBytesMax) {
      Fail(0, absl::StrCat("Statement is longer than ", kStatementBytesMax, " bytes"));
      return std::move(list_);
    }
    while (SkipBlank() && at_ < sql_.size() && Next()) {
    }
    if (list_.error.ok()) Push(TokenKind::kEnd, last_end_, last_end_);
    return std::move(list_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  bool LooksAt(std::string_view text) const { return sql_.substr(at_, text.size()) == text; }

  bool Fail(size_t offset, std::string_view message) {
    list_.error = ErrorAt(static_cast<uint32_t>(offset), message);
    Push(TokenKind::kError, offset, offset);
    return false;
  }

  Token& Push(TokenKind kind, size_t begin, size_t end) {
    Token token;
    token.kind = kind;
    token.begin = static_cast<uint32_t>(begin);
    token.end = static_cast<uint32_t>(end);
    token.text = sql_.substr(begin, end - begin);
    list_.tokens.push_back(std::move(token));
    last_end_ = end;
    return list_.tokens.back();
  }

  bool SkipBlank() {
    while (at_ < sql_.size()) {
      if (absl::ascii_isspace(sql_[at_])) {
        ++at_;
      } else if (sql_[at_] == '#' || LooksAt("--")) {
        while (at_ < sql_.size() && sql_[at_] != '\n' && sql_[at_] != '\r') ++at_;
        last_end_ = at_;
      } else if (LooksAt("/*")) {
        const size_t close = sql_.find("*/", at_ + 2);
        if (close == std::string_view::npos) return Fail(at_, "Syntax error: Unclosed comment");
        at_ = close + 2;
        last_end_ = at_;
      } else {
        break;
      }
    }
    return true;
  }

  bool Next() {
    const char c = Peek();
    if (const StringPrefix prefix = FindStringPrefix(); prefix.length != std::string_view::npos) {
      return Quoted(prefix);
    }
    if (c == '`') return Backticks();
    if (IsWordStart(c)) return Word();
    if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(Peek(1)))) return Number();
    for (std::string_view symbol : kSymbols) {
      if (!LooksAt(symbol)) continue;
      Push(TokenKind::kSymbol, at_, at_ + symbol.size());
      at_ += symbol.size();
      return true;
    }
    return Fail(at_, absl::StrCat("Syntax error: Illegal input character \"",
                                  absl::CEscape(std::string(1, c)), "\""));
  }

  bool Word() {
    const size_t begin = at_;
    while (IsWordPart(Peek())) ++at_;
    Token& token = Push(TokenKind::kWord, begin, at_);
    token.value = absl::AsciiStrToUpper({token.text.data(), token.text.size()});
    return true;
  }

  void Digits() {
    while (absl::ascii_isdigit(Peek())) ++at_;
  }

  bool Number() {
    const size_t begin = at_;
    TokenKind kind = TokenKind::kInteger;
    if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X') && absl::ascii_isxdigit(Peek(2))) {
      at_ += 2;
      while (absl::ascii_isxdigit(Peek())) ++at_;
    } else {
      Digits();
      if (Peek() == '.') {
        kind = TokenKind::kFloat;
        ++at_;
        Digits();
      }
      const bool sign = Peek(1) == '+' || Peek(1) == '-';
      if ((Peek() == 'e' || Peek() == 'E') && absl::ascii_isdigit(Peek(sign ? 2 : 1))) {
        kind = TokenKind::kFloat;
        at_ += sign ? 2 : 1;
        Digits();
      }
    }
    if (IsWordStart(Peek()))
      return Fail(at_, "Syntax error: Missing whitespace between literal and alias");
    Push(kind, begin, at_);
    return true;
  }

  // r, b, rb, br in any case before a quote; npos when no string begins here.
  StringPrefix FindStringPrefix() const {
    StringPrefix prefix;
    for (; prefix.length < 2; ++prefix.length) {
      const char c = absl::ascii_tolower(Peek(prefix.length));
      if (c == 'r' && !prefix.raw) {
        prefix.raw = true;
      } else if (c == 'b' && !prefix.bytes) {
        prefix.bytes = true;
      } else {
        break;
      }
    }
    const char quote = Peek(prefix.length);
    if (quote != '\'' && quote != '"') prefix.length = std::string_view::npos;
    return prefix;
  }

  // Finds the closing quote at or after `at`; npos when the text or (where `one_line`) the line
  // ends before.
  size_t FindClose(size_t at, std::string_view quote, bool one_line) const {
    while (at < sql_.size()) {
      if (sql_[at] == '\\') {
        at += 2;
        continue;
      }
      if (sql_.substr(at, quote.size()) == quote) return at;
      if (one_line && (sql_[at] == '\n' || sql_[at] == '\r')) break;
      ++at;
    }
    return std::string_view::npos;
  }

  bool Quoted(const StringPrefix& prefix) {
    const size_t begin = at_;
    const size_t open = at_ + prefix.length;
    const bool triple = sql_.substr(open, 3) == std::string(3, sql_[open]);
    const std::string_view quote = sql_.substr(open, triple ? 3 : 1);
    const size_t body = open + quote.size();
    const size_t close = FindClose(body, quote, !triple);
    if (close == std::string_view::npos) {
      return Fail(begin, absl::StrCat("Syntax error: Unclosed ", triple ? "triple-quoted " : "",
                                      prefix.raw ? "raw " : "", prefix.bytes ? "bytes" : "string",
                                      " literal"));
    }
    at_ = close + quote.size();
    Token& token = Push(prefix.bytes ? TokenKind::kBytes : TokenKind::kString, begin, at_);
    return Contents(token, body, close, {prefix.raw, prefix.bytes});
  }

  bool Backticks() {
    const size_t begin = at_;
    const size_t close = FindClose(at_ + 1, "`", true);
    if (close == std::string_view::npos)
      return Fail(begin, "Syntax error: Unclosed identifier literal");
    if (close == begin + 1) return Fail(begin, "Syntax error: Invalid empty identifier");
    at_ = close + 1;
    return Contents(Push(TokenKind::kQuoted, begin, at_), begin + 1, close, {});
  }

  bool Contents(Token& token, size_t begin, size_t end, EscapeRules rules) {
    size_t error_at = 0;
    const absl::Status status =
        Unescape(sql_.substr(begin, end - begin), rules, &token.value, &error_at);
    if (status.ok()) return true;
    const std::string message(status.message());
    list_.tokens.pop_back();
    return Fail(begin + error_at, absl::StrCat("Syntax error: ", message));
  }

  const std::string_view sql_;
  size_t at_ = 0;
  size_t last_end_ = 0;  // where the last token or comment ended
  TokenList list_;
};

}  // namespace

TokenList Tokenize(std::string_view sql) { return Lexer(sql).Run(); }

}  // namespace ks::sql
