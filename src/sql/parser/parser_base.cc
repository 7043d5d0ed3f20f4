// What every rule uses: tokens, errors, names, nesting.

#include <algorithm>

#include "base/str_cat.h"
#include "sql/parser/error_location.h"
#include "sql/parser/limits.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {
namespace {

// As errors name it: `keyword FROM`, `identifier "x"`, `","`.
std::string Describe(const Token& token) {
  const std::string_view text = token.text;
  switch (token.kind) {
    case TokenKind::kWord:
      return IsKeyword(token.value) ? StrCat("keyword ", token.value)
                                    : StrCat("identifier \"", text, "\"");
    case TokenKind::kQuoted:
      return StrCat("identifier ", text);
    case TokenKind::kInteger:
      return StrCat("integer literal \"", text, "\"");
    case TokenKind::kFloat:
      return StrCat("floating point literal \"", text, "\"");
    case TokenKind::kString:
      return StrCat("string literal ", text);
    case TokenKind::kBytes:
      return StrCat("bytes literal ", text);
    case TokenKind::kSymbol:
      return StrCat("\"", text, "\"");
    default:
      return "end of statement";
  }
}

}  // namespace

Parser::Nesting::Nesting(Parser& parser)
    : parser_(parser), saved_height_(parser.height_), ok_(true) {
  parser_.height_ = 0;
  if (++parser_.depth_ > kTreeDepthMax) {
    ok_ = parser_.Fail(parser_.Peek().begin, "Syntax error: The statement is nested too deeply");
  }
}

Parser::Nesting::~Nesting() {
  --parser_.depth_;
  parser_.height_ = std::max(saved_height_, parser_.height_ + 1);
}

bool Parser::GrowChain() {
  if (++height_ + depth_ <= kTreeDepthMax) return true;
  return Fail(Peek().begin, "Syntax error: The statement is nested too deeply");
}

const Token& Parser::Peek(size_t ahead) const {
  return list_.tokens[std::min(at_ + ahead, list_.tokens.size() - 1)];
}
bool Parser::IsWord(std::string_view upper, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kWord && token.value == upper;
}
bool Parser::IsSymbol(std::string_view symbol, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kSymbol && token.text == symbol;
}
bool Parser::IsIdentifier(size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kQuoted ||
         (token.kind == TokenKind::kWord && !IsReservedKeyword(token.value));
}

const Token& Parser::Take() {
  const Token& token = Peek();
  if (at_ + 1 < list_.tokens.size()) ++at_;
  return token;
}
uint32_t Parser::LastEnd() const { return at_ == 0 ? 0 : list_.tokens[at_ - 1].end; }

bool Parser::TakeWord(std::string_view upper) {
  if (!IsWord(upper)) return false;
  Take();
  return true;
}
bool Parser::TakeWords(std::initializer_list<std::string_view> words) {
  size_t ahead = 0;
  for (std::string_view word : words) {
    if (!IsWord(word, ahead++)) return false;
  }
  at_ += words.size();
  return true;
}
bool Parser::TakeSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  Take();
  return true;
}
bool Parser::ExpectWord(std::string_view upper) {
  return TakeWord(upper) || Expected(StrCat("keyword ", upper));
}
bool Parser::ExpectWords(std::initializer_list<std::string_view> words) {
  return std::all_of(words.begin(), words.end(),
                     [this](std::string_view word) { return ExpectWord(word); });
}
bool Parser::ExpectSymbol(std::string_view symbol) {
  return TakeSymbol(symbol) || Expected(StrCat("\"", symbol, "\""));
}

bool Parser::Fail(uint32_t offset, std::string_view message) {
  if (!status_.ok()) return false;
  const bool lexical = Peek().kind == TokenKind::kError && offset >= Peek().begin;
  status_ = lexical ? list_.error : ErrorAt(offset, message);
  return false;
}
bool Parser::Unexpected() {
  return Fail(Peek().begin, StrCat("Syntax error: Unexpected ", Describe(Peek())));
}
bool Parser::Expected(std::string_view what) {
  return Fail(Peek().begin, StrCat("Syntax error: Expected ", what, " but got ", Describe(Peek())));
}
bool Parser::Unsupported(std::string_view what) {
  if (status_.ok())
    status_ = At(Peek().begin, absl::UnimplementedError(StrCat(what, " is not supported")));
  return false;
}

bool Parser::AtEnd() {
  TakeSymbol(";");
  return Peek().kind == TokenKind::kEnd || Expected("end of input");
}

bool Parser::NameAfterDot(Identifier* name) {
  const Token& token = Peek();
  if (token.kind != TokenKind::kWord && token.kind != TokenKind::kQuoted) return Unexpected();
  const bool quoted = token.kind == TokenKind::kQuoted;
  *name = {quoted ? token.value : std::string(token.text), {token.begin, token.end}, quoted};
  Take();
  return true;
}

bool Parser::Name(Identifier* name) { return IsIdentifier() ? NameAfterDot(name) : Unexpected(); }

// Stops before `.*` and `.(`.
bool Parser::NamePath(Path* path) {
  if (!Name(&path->emplace_back())) return false;
  while (IsSymbol(".") && !IsSymbol("*", 1) && !IsSymbol("(", 1)) {
    Take();
    if (!NameAfterDot(&path->emplace_back())) return false;
  }
  return true;
}

bool Parser::NameList(std::vector<Identifier>* names) {
  if (!ExpectSymbol("(")) return false;
  do {
    if (!Name(&names->emplace_back())) return false;
  } while (TakeSymbol(","));
  return TakeSymbol(")") || Expected("\")\" or \",\"");
}

bool Parser::OptionalAlias(Identifier* alias) {
  if (TakeWord("AS")) return Name(alias);
  return !IsIdentifier() || Name(alias);
}

}  // namespace ks::sql
