#include "sql/parser/parser.h"

#include <utility>

#include "base/str_cat.h"
#include "sql/parser/error_location.h"
#include "sql/parser/lexer.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {
namespace {

// Runs one rule over the whole text.
template <typename Rule>
auto ParseWhole(std::string_view sql, Rule rule)
    -> absl::StatusOr<decltype(rule(std::declval<Parser&>()))> {
  Parser parser(sql);
  auto tree = rule(parser);
  if (tree == nullptr || !parser.AtEnd()) return parser.status();
  return tree;
}

}  // namespace

absl::StatusOr<StatementPtr> ParseStatement(std::string_view sql) {
  return ParseWhole(sql, [](Parser& parser) { return parser.Statement(); });
}

absl::StatusOr<QueryPtr> ParseQuery(std::string_view sql) {
  return ParseWhole(sql, [](Parser& parser) { return parser.StatementQuery(); });
}

absl::StatusOr<ExprPtr> ParseExpression(std::string_view sql) {
  return ParseWhole(sql, [](Parser& parser) { return parser.Expression(); });
}

absl::StatusOr<TypeNamePtr> ParseTypeName(std::string_view sql) {
  return ParseWhole(sql, [](Parser& parser) { return parser.Type(); });
}

absl::StatusOr<StatementPtr> ParseDdlStatement(std::string_view sql) {
  return ParseWhole(sql, [](Parser& parser) { return parser.DdlStatement(); });
}

std::vector<std::string_view> SplitStatements(std::string_view script) {
  const TokenList list = Tokenize(script);
  std::vector<std::string_view> pieces;
  uint32_t begin = 0;
  bool any = false;
  for (const Token& token : list.tokens) {
    const bool last = token.kind == TokenKind::kEnd || token.kind == TokenKind::kError;
    if (!last && !(token.kind == TokenKind::kSymbol && token.text == ";")) {
      if (!any) begin = token.begin;
      any = true;
      continue;
    }
    any |= token.kind == TokenKind::kError;
    const size_t end = last ? script.size() : token.begin;
    if (any) pieces.push_back(script.substr(begin, end - begin));
    begin = token.end;
    any = false;
  }
  return pieces;
}

}  // namespace ks::sql
