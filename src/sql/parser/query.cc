// Queries: WITH, SELECT and its clauses, set operations, ORDER BY, LIMIT.

#include <utility>

#include "base/str_cat.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {

bool Parser::StartsQuery(size_t ahead) const {
  return IsWord("SELECT", ahead) || (IsWord("WITH", ahead) && !IsSymbol("(", ahead + 1));
}

bool Parser::StartsSetOperation() const {
  return IsWord("UNION") || IsWord("INTERSECT") || IsWord("EXCEPT");
}

QueryPtr Parser::StatementQuery() {
  const uint32_t begin = Peek().begin;
  std::unique_ptr<Hint> hint;
  if (!OptionalHint(&hint)) return nullptr;
  QueryPtr query = FullQuery();
  if (query == nullptr) return nullptr;
  query->hint = std::move(hint);
  Finish(*query, begin);
  return query;
}

QueryPtr Parser::FullQuery() {
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  auto query = std::make_unique<Query>();
  const uint32_t begin = Peek().begin;
  if (IsWord("WITH") && !WithEntries(query.get())) return nullptr;
  if ((query->body = Body()) == nullptr || !QueryTail(query.get())) return nullptr;
  Finish(*query, begin);
  return query;
}

// WITH [RECURSIVE] name AS (query), …
bool Parser::WithEntries(Query* query) {
  Take();
  query->recursive = TakeWord("RECURSIVE");
  do {
    WithEntry& entry = query->with.emplace_back();
    if (!Name(&entry.name) || !ExpectWord("AS") || !ExpectSymbol("(")) return false;
    if ((entry.query = FullQuery()) == nullptr || !ExpectSymbol(")")) return false;
  } while (TakeSymbol(",") && !StartsQuery() && !IsSymbol("("));
  return true;
}

bool Parser::QueryTail(Query* query) {
  if (TakeWord("ORDER")) {
    if (!OptionalHint(&query->order_by_hint) || !ExpectWord("BY")) return false;
    if (!OrderItems(&query->order_by)) return false;
  }
  if (TakeWord("LIMIT")) {
    if ((query->limit = Expression()) == nullptr) return false;
    if (TakeWord("OFFSET") && (query->offset = Expression()) == nullptr) return false;
  }
  if (TakeWord("FOR")) {
    if (!ExpectWord("UPDATE")) return false;
    query->for_update = true;
  }
  return true;
}

QueryBodyPtr Parser::Body() {
  const uint32_t begin = Peek().begin;
  QueryBodyPtr first = BodyPrimary();
  if (first == nullptr || !StartsSetOperation()) return first;
  return SetOperationTail(std::move(first), begin);
}

QueryBodyPtr Parser::BodyPrimary() {
  if (IsWord("SELECT")) return SelectBody();
  const uint32_t begin = Peek().begin;
  if (!TakeSymbol("(")) {
    if (Peek().kind == TokenKind::kEnd && LastEnd() == begin && at_ > 0 &&
        list_.tokens[at_ - 1].text == ")") {
      Unexpected();
    } else {
      Expected("\"(\" or keyword SELECT");
    }
    return nullptr;
  }
  auto body = std::make_unique<ParenthesizedQuery>();
  if ((body->query = FullQuery()) == nullptr || !ExpectSymbol(")")) return nullptr;
  Finish(*body, begin);
  return body;
}

// All operators of one list are the same: GoogleSQL asks for parentheses otherwise.
QueryBodyPtr Parser::SetOperationTail(QueryBodyPtr first, uint32_t begin) {
  if (!StartsSetOperation()) return first;
  auto node = std::make_unique<SetOperation>();
  node->inputs.push_back(std::move(first));
  while (StartsSetOperation()) {
    const Token& word = Take();
    const SetOp op = word.value == "UNION"
                         ? SetOp::kUnion
                         : (word.value == "EXCEPT" ? SetOp::kExcept : SetOp::kIntersect);
    std::unique_ptr<Hint> hint;
    if (!OptionalHint(&hint)) return nullptr;
    const bool distinct = TakeWord("DISTINCT");
    if (!distinct && !TakeWord("ALL")) {
      Expected("keyword ALL or keyword DISTINCT");
      return nullptr;
    }
    if (node->inputs.size() > 1 && (op != node->op || distinct != node->distinct)) {
      Fail(word.begin,
           "Syntax error: Different set operations cannot be used in the same query without using "
           "parentheses for grouping");
      return nullptr;
    }
    node->op = op;
    node->distinct = distinct;
    if (hint != nullptr) node->hint = std::move(hint);
    if (node->inputs.emplace_back(BodyPrimary()) == nullptr) return nullptr;
  }
  Finish(*node, begin);
  return GrowChain() ? std::move(node) : nullptr;
}

QueryBodyPtr Parser::SelectBody() {
  auto select = std::make_unique<Select>();
  const uint32_t begin = Take().begin;
  if (!SelectHead(select.get()) || !SelectItems(&select->items) || !SelectClauses(select.get()))
    return nullptr;
  Finish(*select, begin);
  return select;
}

// [hint] [ALL | DISTINCT] [AS (STRUCT | VALUE | type)]
bool Parser::SelectHead(Select* select) {
  if (!OptionalHint(&select->hint)) return false;
  if (!TakeWord("ALL")) select->distinct = TakeWord("DISTINCT");
  if (!TakeWord("AS")) return true;
  if (TakeWord("STRUCT")) {
    select->as = SelectAs::kStruct;
  } else if (IsWord("VALUE") && !IsSymbol(".", 1)) {
    Take();
    select->as = SelectAs::kValue;
  } else {
    select->as = SelectAs::kType;
    return NamePath(&select->as_type);
  }
  return true;
}

bool Parser::SelectItems(std::vector<SelectItem>* items) {
  if (IsWord("FROM")) return Fail(Peek().begin, "Syntax error: SELECT list must not be empty");
  do {
    // A comma may stand behind the last item.
    const bool ends = IsWord("FROM") || IsSymbol(")") || IsSymbol(";") ||
                      Peek().kind == TokenKind::kEnd || IsWord("WHERE") || IsWord("GROUP") ||
                      StartsSetOperation();
    if (!items->empty() && ends) return true;
    if (!Item(&items->emplace_back())) return false;
  } while (TakeSymbol(","));
  return true;
}

bool Parser::Item(SelectItem* item) {
  const uint32_t begin = Peek().begin;
  if (TakeSymbol("*")) {
    item->kind = SelectItem::Kind::kStar;
    if (!StarModifiers(item)) return false;
  } else {
    if ((item->expr = Expression()) == nullptr) return false;
    if (IsSymbol(".") && IsSymbol("*", 1)) {
      at_ += 2;
      item->kind = SelectItem::Kind::kDotStar;
      if (!StarModifiers(item)) return false;
    } else if (!OptionalAlias(&item->alias)) {
      return false;
    }
  }
  Finish(*item, begin);
  return true;
}

// [EXCEPT (a, b)] [REPLACE (x AS a, …)]
bool Parser::StarModifiers(SelectItem* item) {
  if (IsWord("EXCEPT") && !IsWord("ALL", 1) && !IsWord("DISTINCT", 1) && !IsSymbol("@", 1)) {
    if (!IsSymbol("(", 1)) {
      return Fail(Peek().begin, "EXCEPT must be followed by ALL, DISTINCT, or \"(\"");
    }
    Take();
    if (!NameList(&item->except)) return false;
  }
  if (!IsWord("REPLACE") || !IsSymbol("(", 1)) return true;
  at_ += 2;
  do {
    SelectItem::Replacement& replacement = item->replace.emplace_back();
    if ((replacement.value = Expression()) == nullptr) return false;
    if (!ExpectWord("AS") || !Name(&replacement.name)) return false;
  } while (TakeSymbol(","));
  return TakeSymbol(")") || Expected("\")\" or \",\"");
}

bool Parser::SelectClauses(Select* select) {
  if (TakeWord("FROM") && (select->from = From()) == nullptr) return false;
  if (TakeWord("WHERE") && (select->where = Expression()) == nullptr) return false;
  if (TakeWord("GROUP")) {
    select->group_by = std::make_unique<GroupBy>();
    if (!Grouping(select->group_by.get())) return false;
  }
  if (TakeWord("HAVING") && (select->having = Expression()) == nullptr) return false;
  if (TakeWord("QUALIFY") && (select->qualify = Expression()) == nullptr) return false;
  return !TakeWord("WINDOW") || Windows(select);
}

bool Parser::Windows(Select* select) {
  do {
    NamedWindow& window = select->windows.emplace_back();
    if (!Name(&window.name) || !ExpectWord("AS") || !Window(&window.spec)) return false;
  } while (TakeSymbol(","));
  return true;
}

// After GROUP: [hint] BY (ALL | items)
bool Parser::Grouping(GroupBy* group_by) {
  const uint32_t begin = list_.tokens[at_ - 1].begin;
  if (!OptionalHint(&group_by->hint) || !ExpectWord("BY")) return false;
  if (TakeWord("ALL")) {
    group_by->all = true;
  } else if (!GroupingItems(&group_by->items)) {
    return false;
  }
  Finish(*group_by, begin);
  return true;
}

bool Parser::GroupingItems(std::vector<GroupingItem>* items) {
  do {
    if (!Grouped(&items->emplace_back())) return false;
  } while (TakeSymbol(","));
  return true;
}

bool Parser::Grouped(GroupingItem* item) {
  Nesting nesting(*this);
  if (!nesting.ok()) return false;
  const uint32_t begin = Peek().begin;
  if (IsSymbol("(") && IsSymbol(")", 1)) {
    at_ += 2;
    item->kind = GroupingItem::Kind::kEmpty;
  } else if (TakeWord("ROLLUP")) {
    item->kind = GroupingItem::Kind::kRollup;
  } else if (TakeWord("CUBE")) {
    item->kind = GroupingItem::Kind::kCube;
  } else if (TakeWord("GROUPING")) {
    if (!ExpectWord("SETS")) return false;
    item->kind = GroupingItem::Kind::kGroupingSets;
  } else {
    if ((item->expr = Expression()) == nullptr) return false;
    if (TakeWord("AS") && !Name(&item->alias)) return false;
  }
  const bool list =
      item->kind != GroupingItem::Kind::kExpr && item->kind != GroupingItem::Kind::kEmpty;
  if (list && (!ExpectSymbol("(") || !GroupingItems(&item->items) || !ExpectSymbol(")")))
    return false;
  Finish(*item, begin);
  return true;
}

}  // namespace ks::sql
