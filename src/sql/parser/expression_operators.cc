// Expressions made of operators, by precedence, loosest first:
// OR, AND, NOT, comparisons (which do not chain), |, ^, &, << >>, + -, ||, * /, unary + - ~, then .
// and [].
// https://cloud.google.com/spanner/docs/reference/standard-sql/operators#operator_precedence

#include <utility>

#include "sql/parser/parser_impl.h"

namespace ks::sql {

struct Operator {
  std::string_view symbol;
  BinaryOp op;
  int level = 0;  // binds tighter when higher
};

namespace {

constexpr Operator kBinaries[] = {
    {"|", BinaryOp::kBitOr, 0},      {"^", BinaryOp::kBitXor, 1},      {"&", BinaryOp::kBitAnd, 2},
    {"<<", BinaryOp::kShiftLeft, 3}, {">>", BinaryOp::kShiftRight, 3},  // two tokens
    {"+", BinaryOp::kAdd, 4},        {"-", BinaryOp::kSubtract, 4},    {"||", BinaryOp::kConcat, 5},
    {"*", BinaryOp::kMultiply, 6},   {"/", BinaryOp::kDivide, 6},
};

constexpr Operator kComparisons[] = {
    {"=", BinaryOp::kEqual},           {"!=", BinaryOp::kNotEqual},
    {"<>", BinaryOp::kNotEqual},       {"<", BinaryOp::kLess},
    {"<=", BinaryOp::kLessOrEqual},    {">", BinaryOp::kGreater},
    {">=", BinaryOp::kGreaterOrEqual},
};

ExprPtr MakeBinary(BinaryOp op, SourceRange op_range, ExprPtr left, ExprPtr right) {
  auto node = std::make_unique<BinaryExpr>();
  node->op = op;
  node->op_range = op_range;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

}  // namespace

ExprPtr Parser::Expression() {
  Nesting nesting(*this);
  return nesting.ok() ? Or() : nullptr;
}

ExprPtr Parser::Or() {
  const uint32_t begin = Peek().begin;
  ExprPtr first = And();
  if (first == nullptr || !IsWord("OR")) return first;
  auto node = std::make_unique<LogicalExpr>();
  node->op = LogicalOp::kOr;
  node->operands.push_back(std::move(first));
  while (TakeWord("OR")) {
    Operand operand(*this);
    if (node->operands.emplace_back(And()) == nullptr) return nullptr;
  }
  Finish(*node, begin);
  return GrowChain() ? std::move(node) : nullptr;
}

ExprPtr Parser::And() {
  const uint32_t begin = Peek().begin;
  ExprPtr first = Not();
  if (first == nullptr || !IsWord("AND")) return first;
  auto node = std::make_unique<LogicalExpr>();
  node->op = LogicalOp::kAnd;
  node->operands.push_back(std::move(first));
  while (TakeWord("AND")) {
    Operand operand(*this);
    if (node->operands.emplace_back(Not()) == nullptr) return nullptr;
  }
  Finish(*node, begin);
  return GrowChain() ? std::move(node) : nullptr;
}

ExprPtr Parser::Not() {
  const uint32_t begin = Peek().begin;
  if (!TakeWord("NOT")) return Comparison();
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  auto node = std::make_unique<UnaryExpr>();
  node->op = UnaryOp::kNot;
  node->operand = Not();
  if (node->operand == nullptr) return nullptr;
  Finish(*node, begin);
  return node;
}

ExprPtr Parser::Comparison() {
  const uint32_t begin = Peek().begin;
  ExprPtr left = Binary(0);
  if (left == nullptr) return nullptr;
  const Expr* const before = left.get();
  ExprPtr whole = ComparisonTail(std::move(left), begin);
  if (whole == nullptr || whole.get() == before) return whole;
  if (!GrowChain()) return nullptr;
  if (IsWord("IS")) {
    Fail(Peek().begin, "Syntax error: Expression to the left of IS must be parenthesized");
    return nullptr;
  }
  for (const Operator& comparison : kComparisons) {
    if (IsSymbol(comparison.symbol)) Unexpected();
  }
  const size_t ahead = IsWord("NOT") ? 1 : 0;
  if (IsWord("IN", ahead) || IsWord("LIKE", ahead) || IsWord("BETWEEN", ahead)) Unexpected();
  return status_.ok() ? std::move(whole) : nullptr;
}

ExprPtr Parser::ComparisonTail(ExprPtr left, uint32_t begin) {
  ExprPtr whole;
  const size_t ahead = IsWord("NOT") ? 1 : 0;
  if (ahead == 0 && IsWord("IS")) {
    whole = IsTail(std::move(left));
  } else if (IsWord("LIKE", ahead) || IsWord("IN", ahead) || IsWord("BETWEEN", ahead)) {
    const bool negated = TakeWord("NOT");
    const std::string& word = Take().value;
    if (word == "LIKE")
      whole = LikeTail(std::move(left), negated);
    else if (word == "IN")
      whole = InTail(std::move(left), negated);
    else
      whole = BetweenTail(std::move(left), negated);
  } else {
    for (const Operator& comparison : kComparisons) {
      if (!IsSymbol(comparison.symbol)) continue;
      const Token& token = Take();
      ExprPtr right = Binary(0);
      if (right == nullptr) return nullptr;
      whole =
          MakeBinary(comparison.op, {token.begin, token.end}, std::move(left), std::move(right));
      break;
    }
    if (whole == nullptr) return left;
  }
  if (whole != nullptr) Finish(*whole, begin);
  return whole;
}

// IS [NOT] (NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM x)
ExprPtr Parser::IsTail(ExprPtr left) {
  const uint32_t op_begin = Take().begin;
  const bool negated = TakeWord("NOT");
  if (TakeWords({"DISTINCT", "FROM"})) {
    const SourceRange op_range = {op_begin, LastEnd()};
    ExprPtr right = Binary(0);
    if (right == nullptr) return nullptr;
    const BinaryOp op = negated ? BinaryOp::kIsNotDistinctFrom : BinaryOp::kIsDistinctFrom;
    return MakeBinary(op, op_range, std::move(left), std::move(right));
  }
  if (TakeWord("DISTINCT")) {
    Unexpected();
    return nullptr;
  }
  auto node = std::make_unique<IsExpr>();
  node->operand = std::move(left);
  node->negated = negated;
  if (TakeWord("NULL"))
    node->test = IsTest::kNull;
  else if (TakeWord("TRUE"))
    node->test = IsTest::kTrue;
  else if (TakeWord("FALSE"))
    node->test = IsTest::kFalse;
  else if (TakeWord("UNKNOWN"))
    node->test = IsTest::kUnknown;
  else {
    Expected("keyword FALSE or keyword NULL or keyword TRUE or keyword UNKNOWN");
    return nullptr;
  }
  return node;
}

// [NOT] LIKE pattern | [NOT] LIKE (ANY | SOME | ALL) values
ExprPtr Parser::LikeTail(ExprPtr left, bool negated) {
  auto node = std::make_unique<LikeExpr>();
  node->operand = std::move(left);
  node->negated = negated;
  if (TakeWord("ANY") || TakeWord("SOME"))
    node->quantifier = Quantifier::kAny;
  else if (TakeWord("ALL"))
    node->quantifier = Quantifier::kAll;
  if (node->quantifier != Quantifier::kNone) {
    std::unique_ptr<Hint> unused;
    if (!OptionalHint(&unused) || !Values(&node->list)) return nullptr;
    return node;
  }
  node->pattern = Binary(0);
  if (node->pattern == nullptr) return nullptr;
  return node;
}

ExprPtr Parser::InTail(ExprPtr left, bool negated) {
  auto node = std::make_unique<InExpr>();
  node->operand = std::move(left);
  node->negated = negated;
  if (!OptionalHint(&node->hint) || !Values(&node->list)) return nullptr;
  return node;
}

// (a, b) | (query) | UNNEST(array)
bool Parser::Values(ValueList* list) {
  if (TakeWord("UNNEST")) {
    return ExpectSymbol("(") && (list->unnest = Expression()) != nullptr && ExpectSymbol(")");
  }
  const uint32_t begin = Peek().begin;
  if (!TakeSymbol("(")) return Expected("\"(\" or keyword UNNEST");
  if (StartsQuery()) {
    list->query = FullQuery();
    return list->query != nullptr && ExpectSymbol(")");
  }
  ExprPtr first = Expression();
  if (first == nullptr) return false;
  // ((SELECT …)) is a query too, and so is ((SELECT …) UNION ALL …).
  if (IsPlainSubquery(*first) && !IsSymbol(",")) {
    if (!TakeSymbol(")") && (first = SetOperationAfter(std::move(first), begin)) == nullptr)
      return false;
    list->query = std::move(As<SubqueryExpr>(*first).query);
    return true;
  }
  list->items.push_back(std::move(first));
  while (TakeSymbol(",")) {
    if (list->items.emplace_back(Expression()) == nullptr) return false;
  }
  return TakeSymbol(")") || Expected("\")\" or \",\"");
}

ExprPtr Parser::BetweenTail(ExprPtr left, bool negated) {
  auto node = std::make_unique<BetweenExpr>();
  node->operand = std::move(left);
  node->negated = negated;
  if ((node->low = Binary(0)) == nullptr) return nullptr;
  if (!TakeWord("AND")) {
    Unexpected();
    return nullptr;
  }
  if ((node->high = Binary(0)) == nullptr) return nullptr;
  return node;
}

// Precedence climbing: takes operators of `level` and tighter ones.
ExprPtr Parser::Binary(int level) {
  const uint32_t begin = Peek().begin;
  ExprPtr left = Unary();
  while (left != nullptr) {
    const Operator* op = FindBinary();
    if (op == nullptr || op->level < level) break;
    const uint32_t op_begin = Take().begin;
    if (op->op == BinaryOp::kShiftRight) Take();
    const SourceRange op_range = {op_begin, LastEnd()};
    ExprPtr right = Binary(op->level + 1);
    if (right == nullptr || !GrowChain()) return nullptr;
    left = MakeBinary(op->op, op_range, std::move(left), std::move(right));
    Finish(*left, begin);
  }
  return left;
}

const Operator* Parser::FindBinary() const {
  if (Peek().kind != TokenKind::kSymbol) return nullptr;
  for (const Operator& op : kBinaries) {
    if (op.op == BinaryOp::kShiftRight) {
      if (IsSymbol(">") && IsSymbol(">", 1) && Peek().end == Peek(1).begin) return &op;
    } else if (IsSymbol(op.symbol)) {
      return &op;
    }
  }
  return nullptr;
}

ExprPtr Parser::Unary() {
  const uint32_t begin = Peek().begin;
  UnaryOp op;
  if (IsSymbol("-"))
    op = UnaryOp::kMinus;
  else if (IsSymbol("+"))
    op = UnaryOp::kPlus;
  else if (IsSymbol("~"))
    op = UnaryOp::kBitNot;
  else
    return Postfix();
  Take();
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  auto node = std::make_unique<UnaryExpr>();
  node->op = op;
  node->operand = Unary();
  if (node->operand == nullptr) return nullptr;
  Finish(*node, begin);
  return node;
}

ExprPtr Parser::Postfix() {
  const uint32_t begin = Peek().begin;
  ExprPtr operand = Primary();
  while (operand != nullptr) {
    if (IsSymbol("[")) {
      operand = Subscript(std::move(operand), begin);
    } else if (IsSymbol(".") && !IsSymbol("*", 1)) {
      Take();
      auto node = std::make_unique<FieldAccessExpr>();
      node->operand = std::move(operand);
      node->extension = TakeSymbol("(");
      const bool named = node->extension ? NamePath(&node->field) && ExpectSymbol(")")
                                         : NameAfterDot(&node->field.emplace_back());
      if (!named) return nullptr;
      operand = std::move(node);
    } else {
      break;
    }
    if (operand == nullptr || !GrowChain()) return nullptr;
    Finish(*operand, begin);
  }
  return operand;
}

// operand[index], operand[OFFSET(index)] and so on.
ExprPtr Parser::Subscript(ExprPtr operand, uint32_t begin) {
  struct Named {
    std::string_view word;
    SubscriptKind kind;
  };
  constexpr Named kNamed[] = {
      {"OFFSET", SubscriptKind::kOffset},
      {"ORDINAL", SubscriptKind::kOrdinal},
      {"SAFE_OFFSET", SubscriptKind::kSafeOffset},
      {"SAFE_ORDINAL", SubscriptKind::kSafeOrdinal},
      {"KEY", SubscriptKind::kKey},
      {"SAFE_KEY", SubscriptKind::kSafeKey},
  };
  Take();
  auto node = std::make_unique<SubscriptExpr>();
  node->operand = std::move(operand);
  for (const Named& named : kNamed) {
    if (IsWord(named.word) && IsSymbol("(", 1)) node->subscript = named.kind;
  }
  const bool plain = node->subscript == SubscriptKind::kPlain;
  if (!plain) at_ += 2;
  node->index = Expression();
  if (node->index == nullptr || (!plain && !ExpectSymbol(")")) || !ExpectSymbol("]"))
    return nullptr;
  Finish(*node, begin);
  return node;
}

}  // namespace ks::sql
