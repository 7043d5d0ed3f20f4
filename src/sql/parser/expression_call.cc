// Function calls with everything that may stand in and behind their parentheses; hints; types.

#include <charconv>
#include <utility>

#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {
namespace {

// ARRAY_FILTER or ARRAY_TRANSFORM of an array and a lambda of one or two parameters.
bool TakesLambda(const CallExpr& call) {
  if (call.safe || call.name.size() != 1 || call.arguments.size() != 2) return false;
  if (call.arguments[1].value->kind != ExprKind::kLambda) return false;
  const size_t parameters = As<LambdaExpr>(*call.arguments[1].value).parameters.size();
  const bool filter = absl::EqualsIgnoreCase(call.name[0].name, "ARRAY_FILTER");
  return (filter || absl::EqualsIgnoreCase(call.name[0].name, "ARRAY_TRANSFORM")) &&
         parameters >= 1 && parameters <= 2;
}

ExprPtr NameExpr(const Identifier& name) {
  auto node = std::make_unique<PathExpr>();
  node->path.push_back(name);
  node->range = name.range;
  return node;
}

}  // namespace

ExprPtr Parser::Call(Path name, uint32_t begin) {
  auto call = std::make_unique<CallExpr>();
  if (name.size() > 1 && !name[0].quoted && absl::EqualsIgnoreCase(name[0].name, "SAFE")) {
    call->safe = true;
    name.erase(name.begin());
  }
  call->name = std::move(name);
  Take();
  if (!CallArguments(call.get()) || !CallModifiers(call.get())) return nullptr;
  if (!ExpectSymbol(")") || !OptionalHint(&call->hint)) return nullptr;
  if (TakeWord("OVER") && !Over(&call->window)) return nullptr;
  Finish(*call, begin);
  return TakesLambda(*call) ? ArrayOfLambda(*call) : std::move(call);
}

// ARRAY_FILTER(a, (e, i) -> c) is WITH($array AS a, IF($array IS NULL, NULL,
// ARRAY(SELECT e FROM UNNEST($array) AS e WITH OFFSET AS i WHERE c ORDER BY i))); ARRAY_TRANSFORM
// selects the lambda's body. Users cannot write a name with `$` without backticks.
ExprPtr Parser::ArrayOfLambda(CallExpr& call) {
  auto& lambda = As<LambdaExpr>(*call.arguments[1].value);
  const SourceRange range = call.range;
  const Identifier array{"$array", range, false};
  const Identifier element = lambda.parameters[0];
  const Identifier offset =
      lambda.parameters.size() > 1 ? lambda.parameters[1] : Identifier{"$offset", range, false};
  auto from = std::make_unique<UnnestTable>();
  from->range = range;
  from->array = NameExpr(array);
  from->alias = element;
  from->with_offset = true;
  from->offset_alias = offset;
  auto select = std::make_unique<Select>();
  select->range = range;
  select->from = std::move(from);
  SelectItem& item = select->items.emplace_back();
  item.range = range;
  const bool filter = absl::EqualsIgnoreCase(call.name[0].name, "ARRAY_FILTER");
  item.expr = filter ? NameExpr(element) : std::move(lambda.body);
  if (filter) select->where = std::move(lambda.body);
  auto subquery = std::make_unique<SubqueryExpr>();
  subquery->range = range;
  subquery->subquery = SubqueryKind::kArray;
  subquery->query = std::make_unique<Query>();
  subquery->query->range = range;
  subquery->query->body = std::move(select);
  OrderItem& order = subquery->query->order_by.emplace_back();
  order.range = range;
  order.expr = NameExpr(offset);
  auto is_null = std::make_unique<IsExpr>();
  is_null->range = range;
  is_null->operand = NameExpr(array);
  auto null = std::make_unique<LiteralExpr>();
  null->range = range;
  auto choose = std::make_unique<CallExpr>();
  choose->range = range;
  choose->name.push_back({"IF", range, false});
  choose->arguments.resize(3);
  choose->arguments[0].value = std::move(is_null);
  choose->arguments[1].value = std::move(null);
  choose->arguments[2].value = std::move(subquery);
  auto with = std::make_unique<WithExpr>();
  with->range = range;
  with->variables.push_back({array, std::move(call.arguments[0].value)});
  with->body = std::move(choose);
  return with;
}

bool Parser::CallArguments(CallExpr* call) {
  if (TakeSymbol("*")) {
    call->star = true;
    return true;
  }
  call->distinct = TakeWord("DISTINCT");
  if (IsSymbol(")")) return true;
  if (Peek().kind == TokenKind::kEnd) return Expected("\")\"");
  do {
    if (!Argument(&call->arguments.emplace_back())) return false;
  } while (TakeSymbol(","));
  return true;
}

// expression | name => expression | SEQUENCE s | x -> expression
bool Parser::Argument(CallArgument* argument) {
  if (IsIdentifier() && IsSymbol("=>", 1)) {
    if (!Name(&argument->name)) return false;
    Take();
  }
  if (IsWord("SEQUENCE") && IsIdentifier(1)) {
    Take();
    argument->sequence = true;
  }
  if (IsWord("SELECT")) {
    return Fail(
        Peek().begin,
        "Syntax error: Each function argument is an expression, not a query; to use a query as an "
        "expression, the query must be wrapped with additional parentheses to make it a scalar "
        "subquery expression");
  }
  const uint32_t begin = Peek().begin;
  argument->value = Expression();
  if (argument->value != nullptr && IsSymbol("->"))
    argument->value = LambdaFrom(std::move(argument->value), begin);
  return argument->value != nullptr;
}

// `parameters` was read as an expression: x, or (x, y).
ExprPtr Parser::LambdaFrom(ExprPtr parameters, uint32_t begin) {
  auto node = std::make_unique<LambdaExpr>();
  std::vector<const Expr*> names;
  if (parameters->kind == ExprKind::kStruct && As<StructExpr>(*parameters).tuple) {
    for (const auto& field : As<StructExpr>(*parameters).fields) names.push_back(field.value.get());
  } else {
    names.push_back(parameters.get());
  }
  for (const Expr* name : names) {
    if (name->kind != ExprKind::kPath || As<PathExpr>(*name).path.size() != 1) {
      Fail(name->range.begin, "Syntax error: Expecting lambda argument list");
      return nullptr;
    }
    node->parameters.push_back(As<PathExpr>(*name).path[0]);
  }
  Take();
  if ((node->body = Expression()) == nullptr) return nullptr;
  Finish(*node, begin);
  return node;
}

bool Parser::CallModifiers(CallExpr* call) {
  if (TakeWords({"IGNORE", "NULLS"})) call->nulls = NullTreatment::kIgnore;
  if (TakeWords({"RESPECT", "NULLS"})) call->nulls = NullTreatment::kRespect;
  if (TakeWord("HAVING")) {
    if (!IsWord("MAX") && !IsWord("MIN")) return Expected("keyword MAX or keyword MIN");
    call->having = Take().value == "MAX" ? HavingBound::kMax : HavingBound::kMin;
    if ((call->having_expr = Expression()) == nullptr) return false;
  }
  if (TakeWord("ORDER") && (!ExpectWord("BY") || !OrderItems(&call->order_by))) return false;
  if (TakeWord("LIMIT") && (call->limit = Expression()) == nullptr) return false;
  return true;
}

bool Parser::Over(std::unique_ptr<WindowSpec>* window) {
  *window = std::make_unique<WindowSpec>();
  if (IsSymbol("(")) return Window(window->get());
  const uint32_t begin = Peek().begin;
  if (!Name(&(*window)->base)) return false;
  Finish(**window, begin);
  return true;
}

// ([base] [PARTITION BY …] [ORDER BY …] [ROWS | RANGE …])
bool Parser::Window(WindowSpec* window) {
  const uint32_t begin = Peek().begin;
  if (!ExpectSymbol("(")) return false;
  if (IsIdentifier() && !Name(&window->base)) return false;
  if (TakeWord("PARTITION") && (!ExpectWord("BY") || !ExpressionList(&window->partition_by)))
    return false;
  if (TakeWord("ORDER") && (!ExpectWord("BY") || !OrderItems(&window->order_by))) return false;
  if ((IsWord("ROWS") || IsWord("RANGE")) && !Frame(window)) return false;
  if (!ExpectSymbol(")")) return false;
  Finish(*window, begin);
  return true;
}

bool Parser::Frame(WindowSpec* window) {
  window->has_frame = true;
  window->frame_unit = Take().value == "ROWS" ? FrameUnit::kRows : FrameUnit::kRange;
  if (!TakeWord("BETWEEN")) return Bound(&window->frame_start);
  window->frame_end.emplace();
  return Bound(&window->frame_start) && ExpectWord("AND") && Bound(&*window->frame_end);
}

bool Parser::Bound(FrameBound* bound) {
  const bool unbounded = TakeWord("UNBOUNDED");
  if (!unbounded && TakeWords({"CURRENT", "ROW"})) {
    bound->bound = FrameBoundKind::kCurrentRow;
    return true;
  }
  if (!unbounded && (bound->offset = Expression()) == nullptr) return false;
  if (TakeWord("PRECEDING")) {
    bound->bound = unbounded ? FrameBoundKind::kUnboundedPreceding : FrameBoundKind::kPreceding;
    return true;
  }
  bound->bound = unbounded ? FrameBoundKind::kUnboundedFollowing : FrameBoundKind::kFollowing;
  return TakeWord("FOLLOWING") || Expected("keyword FOLLOWING or keyword PRECEDING");
}

bool Parser::OrderItems(std::vector<OrderItem>* items) {
  do {
    OrderItem& item = items->emplace_back();
    const uint32_t begin = Peek().begin;
    if ((item.expr = Expression()) == nullptr) return false;
    if (TakeWord("COLLATE") && (item.collate = Expression()) == nullptr) return false;
    if (!TakeWord("ASC")) item.descending = TakeWord("DESC");
    if (TakeWord("NULLS")) {
      if (TakeWord("FIRST"))
        item.nulls = NullsOrder::kFirst;
      else if (TakeWord("LAST"))
        item.nulls = NullsOrder::kLast;
      else
        return Expected("keyword FIRST or keyword LAST");
    }
    Finish(item, begin);
  } while (TakeSymbol(","));
  return true;
}

// @{name = value, qualifier.name = value}
bool Parser::OptionalHint(std::unique_ptr<Hint>* hint) {
  if (!IsSymbol("@") || !IsSymbol("{", 1)) return true;
  Nesting nesting(*this);
  if (!nesting.ok()) return false;
  *hint = std::make_unique<Hint>();
  const uint32_t begin = Take().begin;
  Take();
  do {
    HintEntry& entry = (*hint)->entries.emplace_back();
    if (!Name(&entry.name)) return false;
    if (TakeSymbol(".")) {
      entry.qualifier = std::move(entry.name);
      if (!NameAfterDot(&entry.name)) return false;
    }
    if (!ExpectSymbol("=") || (entry.value = Expression()) == nullptr) return false;
  } while (TakeSymbol(","));
  if (!TakeSymbol("}")) return Expected("\",\" or \"}\"");
  Finish(**hint, begin);
  return true;
}

// ---- Types

TypeNamePtr Parser::Type() {
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  auto type = std::make_unique<TypeName>();
  const uint32_t begin = Peek().begin;
  if (TakeWord("ARRAY")) {
    type->kind = TypeName::Kind::kArray;
    if (!ExpectSymbol("<") || (type->element = Type()) == nullptr || !CloseAngle()) return nullptr;
  } else if (TakeWord("STRUCT")) {
    type->kind = TypeName::Kind::kStruct;
    if (!TakeSymbol("<>") && (!ExpectSymbol("<") || !TypeFields(type.get()))) return nullptr;
  } else if (IsWord("INTERVAL")) {
    const Token& token = Take();
    type->name.push_back({std::string(token.text), {token.begin, token.end}, false});
  } else if (!NamePath(&type->name)) {
    return nullptr;
  }
  const bool arguments = type->kind == TypeName::Kind::kNamed
                             ? IsSymbol("(")
                             : IsSymbol("(") && IsWord("VECTOR_LENGTH", 1);
  if (arguments && !TypeArguments(type.get())) return nullptr;
  Finish(*type, begin);
  return type;
}

bool Parser::CloseAngle() { return ExpectSymbol(">"); }

bool Parser::TypeFields(TypeName* type) {
  if (TakeSymbol(">")) return true;
  do {
    TypeName::Field& field = type->fields.emplace_back();
    const Token& next = Peek(1);
    const bool type_follows = next.kind == TokenKind::kWord || next.kind == TokenKind::kQuoted;
    if (IsIdentifier() && type_follows && !Name(&field.name)) return false;
    if ((field.type = Type()) == nullptr) return false;
  } while (TakeSymbol(","));
  return TakeSymbol(">") || Expected("\",\" or \">\"");
}

// (MAX), (10), (38, 9), (vector_length => 128)
bool Parser::TypeArguments(TypeName* type) {
  const auto number = [this](std::optional<int64_t>* value) {
    const Token& token = Peek();
    if (token.kind != TokenKind::kInteger) return Unexpected();
    const bool hex = token.text.size() > 2 && (token.text[1] == 'x' || token.text[1] == 'X');
    const std::string_view digits = hex ? token.text.substr(2) : token.text;
    int64_t parsed = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), parsed, hex ? 16 : 10);
    if (error != std::errc())
      return Fail(token.begin, StrCat("Invalid integer literal: ", token.text));
    *value = parsed;
    Take();
    return true;
  };
  Take();
  if (TakeWord("MAX")) {
    type->max_length = true;
  } else if (IsWord("VECTOR_LENGTH") && IsSymbol("=>", 1)) {
    at_ += 2;
    if (!number(&type->vector_length)) return false;
  } else if (!number(&type->length)) {
    return false;
  }
  while (TakeSymbol(",")) type->extra_arguments.emplace_back(Take().text);
  return ExpectSymbol(")");
}

}  // namespace ks::sql
