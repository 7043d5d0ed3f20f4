// Expressions that operators are put between: literals, names, parentheses, CASE, CAST and
// constructors.

#include <utility>

#include "base/str_cat.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {
namespace {

struct TypeWord {
  std::string_view word;
  LiteralKind kind;
};
constexpr TypeWord kTypeWords[] = {
    {"DATE", LiteralKind::kDate},
    {"TIMESTAMP", LiteralKind::kTimestamp},
    {"NUMERIC", LiteralKind::kNumeric},
    {"DECIMAL", LiteralKind::kNumeric},
    {"JSON", LiteralKind::kJson},
    {"BIGNUMERIC", LiteralKind::kBigNumeric},
    {"DATETIME", LiteralKind::kDatetime},
    {"TIME", LiteralKind::kTime},
    {"BIGDECIMAL", LiteralKind::kBigNumeric},
};

// Functions that may be called without parentheses.
constexpr std::string_view kBareFunctions[] = {"CURRENT_DATE", "CURRENT_TIMESTAMP",
                                               "CURRENT_DATETIME", "CURRENT_TIME"};
// Reserved words that are functions' names when a parenthesis follows.
constexpr std::string_view kFunctionWords[] = {"IF", "LEFT", "RIGHT", "GROUPING", "COLLATE"};

template <typename List>
bool AnyIs(const List& list, std::string_view word) {
  for (std::string_view entry : list) {
    if (entry == word) return true;
  }
  return false;
}

}  // namespace

bool IsPlainSubquery(const Expr& expr) {
  return expr.kind == ExprKind::kSubquery && !expr.parenthesized &&
         As<SubqueryExpr>(expr).subquery == SubqueryKind::kScalar;
}

ExprPtr Parser::Primary() {
  switch (Peek().kind) {
    case TokenKind::kInteger:
    case TokenKind::kFloat:
    case TokenKind::kString:
    case TokenKind::kBytes:
      return Literal();
    case TokenKind::kQuoted:
      return PathOrCall();
    case TokenKind::kWord:
      return WordPrimary();
    default:
      break;
  }
  if (IsSymbol("(")) return Parenthesized();
  if (IsSymbol("[")) return ArrayConstructor();
  if (IsSymbol("@") || IsSymbol("@@") || IsSymbol("?")) return Parameter();
  Unexpected();
  return nullptr;
}

ExprPtr Parser::WordPrimary() {
  const std::string& word = Peek().value;
  const bool open = IsSymbol("(", 1);
  if (word == "NULL" || word == "TRUE" || word == "FALSE") return Literal();
  if (word == "CASE") return Case();
  if (word == "CAST" || (word == "SAFE_CAST" && open)) return Cast();
  if (word == "EXTRACT") return Extract();
  if (word == "ARRAY") return ArrayConstructor();
  if (word == "STRUCT") return StructConstructor();
  if (word == "INTERVAL") return Interval();
  if (word == "NEW") return NewConstructor();
  if (word == "REPLACE_FIELDS" && open) return ReplaceFields();
  if (word == "WITH" && open) return With();
  if (word == "EXISTS") {
    const uint32_t begin = Take().begin;
    std::unique_ptr<Hint> hint;
    if (!OptionalHint(&hint) || !ExpectSymbol("(")) return nullptr;
    ExprPtr node = SubqueryAfterOpen(SubqueryKind::kExists, begin);
    if (node != nullptr) As<SubqueryExpr>(*node).hint = std::move(hint);
    return node;
  }
  if (Peek(1).kind == TokenKind::kString) {
    for (const TypeWord& type : kTypeWords) {
      if (word == type.word) return TypedLiteral();
    }
  }
  return PathOrCall();
}

ExprPtr Parser::PathOrCall() {
  const uint32_t begin = Peek().begin;
  Path path;
  if (Peek().kind == TokenKind::kWord && IsSymbol("(", 1) && AnyIs(kFunctionWords, Peek().value)) {
    const Token& token = Take();
    path.push_back({std::string(token.text), {token.begin, token.end}, false});
  } else if (!NamePath(&path)) {
    return nullptr;
  }
  if (IsSymbol("(")) return Call(std::move(path), begin);
  if (path.size() == 1 && !path[0].quoted && AnyIs(kBareFunctions, list_.tokens[at_ - 1].value)) {
    auto call = std::make_unique<CallExpr>();
    call->name = std::move(path);
    Finish(*call, begin);
    return call;
  }
  auto node = std::make_unique<PathExpr>();
  node->path = std::move(path);
  Finish(*node, begin);
  return node;
}

ExprPtr Parser::Literal() {
  auto node = std::make_unique<LiteralExpr>();
  const Token& token = Take();
  node->range = {token.begin, token.end};
  switch (token.kind) {
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      node->literal =
          token.kind == TokenKind::kInteger ? LiteralKind::kInteger : LiteralKind::kFloat;
      node->text = std::string(token.text);
      return node;
    case TokenKind::kString:
    case TokenKind::kBytes: {
      node->literal = token.kind == TokenKind::kString ? LiteralKind::kString : LiteralKind::kBytes;
      node->text = token.value;
      if (Peek().kind != TokenKind::kString && Peek().kind != TokenKind::kBytes) return node;
      const std::string_view what = token.kind == TokenKind::kString ? "string" : "bytes";
      Fail(Peek().begin,
           StrCat("Concatenation of subsequent ", what,
                  " literals is not supported. Did you mean to use the || operator?"));
      return nullptr;
    }
    default:
      node->literal = token.value == "NULL" ? LiteralKind::kNull : LiteralKind::kBool;
      node->bool_value = token.value == "TRUE";
      return node;
  }
}

// DATE '2024-01-01'
ExprPtr Parser::TypedLiteral() {
  auto node = std::make_unique<LiteralExpr>();
  const Token& word = Take();
  for (const TypeWord& type : kTypeWords) {
    if (word.value == type.word) node->literal = type.kind;
  }
  node->text = Take().value;
  Finish(*node, word.begin);
  return node;
}

// @name, @@system.variable, ?
ExprPtr Parser::Parameter() {
  const uint32_t begin = Peek().begin;
  if (TakeSymbol("@@")) {
    auto node = std::make_unique<SystemVariableExpr>();
    if (!NamePath(&node->path)) return nullptr;
    Finish(*node, begin);
    return node;
  }
  auto node = std::make_unique<ParameterExpr>();
  if (TakeSymbol("?")) {
    node->position = ++positional_;
  } else {
    Take();
    Identifier name;
    if (!NameAfterDot(&name)) return nullptr;  // keywords are fine as names here too
    node->name = std::move(name.name);
  }
  Finish(*node, begin);
  return node;
}

// (expression), (query), (a, b), and all that begins with two parentheses.
ExprPtr Parser::Parenthesized() {
  const uint32_t begin = Take().begin;
  if (StartsQuery()) return SubqueryAfterOpen(SubqueryKind::kScalar, begin);
  ExprPtr inner = Expression();
  if (inner == nullptr) return nullptr;
  if (IsSymbol(",")) return TupleTail(std::move(inner), begin);
  if (IsPlainSubquery(*inner) && !IsSymbol(")")) return SetOperationAfter(std::move(inner), begin);
  if (IsSymbol("->")) return LambdaFrom(std::move(inner), begin);
  if (!TakeSymbol(")")) {
    Expected("\")\" or \",\"");
    return nullptr;
  }
  inner->parenthesized = true;
  return inner;
}

ExprPtr Parser::TupleTail(ExprPtr first, uint32_t begin) {
  auto node = std::make_unique<StructExpr>();
  node->tuple = true;
  node->fields.push_back({std::move(first), {}});
  while (TakeSymbol(",")) {
    node->fields.push_back({Expression(), {}});
    if (node->fields.back().value == nullptr) return nullptr;
  }
  if (!TakeSymbol(")")) {
    Expected("\")\" or \",\"");
    return nullptr;
  }
  Finish(*node, begin);
  return node;
}

// After the parenthesis of a subquery.
ExprPtr Parser::SubqueryAfterOpen(SubqueryKind kind, uint32_t begin) {
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  auto node = std::make_unique<SubqueryExpr>();
  node->subquery = kind;
  node->query = FullQuery();
  if (node->query == nullptr || !ExpectSymbol(")")) return nullptr;
  Finish(*node, begin);
  return node;
}

// `first` was the query (SELECT …) behind the parenthesis at `begin`; it is the first operand of
// what follows.
ExprPtr Parser::SetOperationAfter(ExprPtr first, uint32_t begin) {
  if (!StartsSetOperation() && !IsWord("ORDER") && !IsWord("LIMIT")) {
    Expected("\")\" or \",\"");
    return nullptr;
  }
  auto operand = std::make_unique<ParenthesizedQuery>();
  operand->range = first->range;
  operand->query = std::move(As<SubqueryExpr>(*first).query);
  auto node = std::make_unique<SubqueryExpr>();
  node->query = std::make_unique<Query>();
  const uint32_t query_begin = operand->range.begin;
  node->query->body = SetOperationTail(std::move(operand), query_begin);
  if (node->query->body == nullptr || !QueryTail(node->query.get()) || !GrowChain()) return nullptr;
  Finish(*node->query, query_begin);
  if (!ExpectSymbol(")")) return nullptr;
  Finish(*node, begin);
  return node;
}

ExprPtr Parser::Case() {
  auto node = std::make_unique<CaseExpr>();
  const uint32_t begin = Take().begin;
  if (!IsWord("WHEN") && (node->operand = Expression()) == nullptr) return nullptr;
  if (!IsWord("WHEN")) {
    Expected("keyword WHEN");
    return nullptr;
  }
  while (TakeWord("WHEN")) {
    CaseExpr::When& when = node->whens.emplace_back();
    if ((when.condition = Expression()) == nullptr || !ExpectWord("THEN")) return nullptr;
    if ((when.result = Expression()) == nullptr) return nullptr;
  }
  if (TakeWord("ELSE") && (node->otherwise = Expression()) == nullptr) return nullptr;
  if (!TakeWord("END")) {
    Expected(node->otherwise == nullptr ? "keyword ELSE or keyword END or keyword WHEN"
                                        : "keyword END");
    return nullptr;
  }
  Finish(*node, begin);
  return node;
}

// (CAST | SAFE_CAST)(x AS type [FORMAT f [AT TIME ZONE z]])
ExprPtr Parser::Cast() {
  auto node = std::make_unique<CastExpr>();
  const Token& word = Take();
  node->safe = word.value == "SAFE_CAST";
  if (!ExpectSymbol("(") || (node->operand = Expression()) == nullptr || !ExpectWord("AS"))
    return nullptr;
  if ((node->type = Type()) == nullptr) return nullptr;
  if (TakeWord("FORMAT")) {
    if ((node->format = Expression()) == nullptr) return nullptr;
    if (TakeWords({"AT", "TIME", "ZONE"}) && (node->time_zone = Expression()) == nullptr)
      return nullptr;
  }
  if (!ExpectSymbol(")")) return nullptr;
  Finish(*node, word.begin);
  return node;
}

ExprPtr Parser::Extract() {
  auto node = std::make_unique<ExtractExpr>();
  const uint32_t begin = Take().begin;
  if (!ExpectSymbol("(") || (node->part = Expression()) == nullptr || !ExpectWord("FROM"))
    return nullptr;
  if ((node->operand = Expression()) == nullptr) return nullptr;
  if (TakeWord("AT")) {
    if (!ExpectWords({"TIME", "ZONE"}) || (node->time_zone = Expression()) == nullptr)
      return nullptr;
  }
  if (!ExpectSymbol(")")) return nullptr;
  Finish(*node, begin);
  return node;
}

// [a, b], ARRAY[a, b], ARRAY<T>[a, b], ARRAY(query)
ExprPtr Parser::ArrayConstructor() {
  const uint32_t begin = Peek().begin;
  auto node = std::make_unique<ArrayExpr>();
  if (IsWord("ARRAY") && IsSymbol("<", 1)) {
    if ((node->type = Type()) == nullptr) return nullptr;
  } else if (TakeWord("ARRAY")) {
    std::unique_ptr<Hint> hint;
    if (!OptionalHint(&hint)) return nullptr;
    if (TakeSymbol("(")) {
      ExprPtr subquery = SubqueryAfterOpen(SubqueryKind::kArray, begin);
      if (subquery != nullptr) As<SubqueryExpr>(*subquery).hint = std::move(hint);
      return subquery;
    }
  }
  if (!TakeSymbol("[")) {
    Expected("\"[\"");
    return nullptr;
  }
  if (!IsSymbol("]") && !ExpressionList(&node->elements)) return nullptr;
  if (!TakeSymbol("]")) {
    Expected("\",\" or \"]\"");
    return nullptr;
  }
  Finish(*node, begin);
  return node;
}

// STRUCT(a AS x, b), STRUCT<x INT64>(a)
ExprPtr Parser::StructConstructor() {
  const uint32_t begin = Peek().begin;
  auto node = std::make_unique<StructExpr>();
  if (IsSymbol("(", 1)) {
    Take();
  } else if ((node->type = Type()) == nullptr) {
    return nullptr;
  }
  if (!ExpectSymbol("(")) return nullptr;
  while (!IsSymbol(")")) {
    StructExpr::Field& field = node->fields.emplace_back();
    if ((field.value = Expression()) == nullptr) return nullptr;
    if (TakeWord("AS") && !Name(&field.alias)) return nullptr;
    if (!TakeSymbol(",")) break;
    if (IsSymbol(")")) {
      Unexpected();
      return nullptr;
    }
  }
  if (!TakeSymbol(")")) {
    Expected("\")\" or \",\"");
    return nullptr;
  }
  Finish(*node, begin);
  return node;
}

ExprPtr Parser::Interval() {
  auto node = std::make_unique<IntervalExpr>();
  const uint32_t begin = Take().begin;
  if ((node->value = Expression()) == nullptr || !Name(&node->unit)) return nullptr;
  if (TakeWord("TO") && !Name(&node->to_unit)) return nullptr;
  Finish(*node, begin);
  return node;
}

// NEW my.Proto(value AS field, …)
ExprPtr Parser::NewConstructor() {
  auto node = std::make_unique<NewExpr>();
  const uint32_t begin = Take().begin;
  if (!NamePath(&node->type)) return nullptr;
  if (IsSymbol("{")) {
    if (!BracedFields(node.get())) return nullptr;
  } else {
    if (!ExpectSymbol("(") || (!IsSymbol(")") && !FieldArguments(false, node.get())))
      return nullptr;
    if (!ExpectSymbol(")")) return nullptr;
  }
  Finish(*node, begin);
  return node;
}

// REPLACE_FIELDS(message, value AS field.field, …)
ExprPtr Parser::ReplaceFields() {
  auto node = std::make_unique<NewExpr>();
  const uint32_t begin = Take().begin;
  Take();
  if ((node->operand = Expression()) == nullptr || !ExpectSymbol(",")) return nullptr;
  if (!FieldArguments(true, node.get()) || !ExpectSymbol(")")) return nullptr;
  Finish(*node, begin);
  return node;
}

// value AS field, …; unless `named`, the field's name may be missing.
bool Parser::FieldArguments(bool named, NewExpr* node) {
  do {
    NewExpr::Argument& argument = node->arguments.emplace_back();
    if ((argument.value = Expression()) == nullptr) return false;
    if (!IsWord("AS") && !named) continue;
    if (!ExpectWord("AS")) return false;
    argument.extension = TakeSymbol("(");
    if (!NamePath(&argument.field) || (argument.extension && !ExpectSymbol(")"))) return false;
  } while (TakeSymbol(","));
  return true;
}

// { field: value, field { … } … }; commas may be left out.
bool Parser::BracedFields(NewExpr* node) {
  Nesting nesting(*this);
  if (!nesting.ok()) return false;
  node->braces = true;
  Take();
  while (!IsSymbol("}")) {
    NewExpr::Argument& argument = node->arguments.emplace_back();
    if (!Name(&argument.field.emplace_back())) return false;
    const bool colon = TakeSymbol(":");
    if (IsSymbol("{")) {
      const uint32_t begin = Peek().begin;
      auto inner = std::make_unique<NewExpr>();
      if (!BracedFields(inner.get())) return false;
      Finish(*inner, begin);
      argument.value = std::move(inner);
    } else if (!colon) {
      return Expected("\":\" or \"{\"");
    } else if ((argument.value = Expression()) == nullptr) {
      return false;
    }
    TakeSymbol(",");
  }
  return ExpectSymbol("}");
}

// WITH(a AS 1, b AS a + 1, a * b)
ExprPtr Parser::With() {
  auto node = std::make_unique<WithExpr>();
  const uint32_t begin = Take().begin;
  Take();
  while (IsIdentifier() && IsWord("AS", 1)) {
    WithExpr::Variable& variable = node->variables.emplace_back();
    if (!Name(&variable.name) || !ExpectWord("AS")) return nullptr;
    if ((variable.value = Expression()) == nullptr || !ExpectSymbol(",")) return nullptr;
  }
  if ((node->body = Expression()) == nullptr || !ExpectSymbol(")")) return nullptr;
  Finish(*node, begin);
  return node;
}

bool Parser::ExpressionList(std::vector<ExprPtr>* list) {
  do {
    if (list->emplace_back(Expression()) == nullptr) return false;
  } while (TakeSymbol(","));
  return true;
}

}  // namespace ks::sql
