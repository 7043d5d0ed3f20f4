// The FROM clause: tables, joins, UNNEST, subqueries, table functions.

#include <utility>

#include "sql/parser/parser_impl.h"

namespace ks::sql {

TableExprPtr Parser::From() {
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  const uint32_t begin = Peek().begin;
  TableExprPtr first = TablePrimary();
  return first == nullptr ? nullptr : Joins(std::move(first), begin);
}

// What follows the first table: `, t` and `JOIN t`, left to right.
TableExprPtr Parser::Joins(TableExprPtr left, uint32_t begin) {
  while (true) {
    auto join = std::make_unique<JoinTable>();
    bool found = false;
    if (!JoinHead(join.get(), &found)) return nullptr;
    if (!found) return left;
    if (join->join != JoinKind::kComma && !OptionalHint(&join->hint)) return nullptr;
    join->left = std::move(left);
    if ((join->right = TablePrimary()) == nullptr || !GrowChain()) return nullptr;
    if (join->join != JoinKind::kComma) {
      if (TakeWord("ON") && (join->on = Expression()) == nullptr) return nullptr;
      if (join->on == nullptr && TakeWord("USING") && !NameList(&join->using_)) return nullptr;
    }
    Finish(*join, begin);
    left = std::move(join);
  }
}

// `,` | [NATURAL] [INNER | CROSS | (LEFT | RIGHT | FULL) [OUTER]] [HASH | LOOKUP] JOIN
bool Parser::JoinHead(JoinTable* join, bool* found) {
  *found = true;
  const uint32_t begin = Peek().begin;
  if (TakeSymbol(",")) {
    join->join = JoinKind::kComma;
    Finish(join->join_range, begin);
    return true;
  }
  join->natural = TakeWord("NATURAL");
  bool kind = true;
  if (TakeWord("CROSS"))
    join->join = JoinKind::kCross;
  else if (TakeWord("INNER"))
    join->join = JoinKind::kInner;
  else if (TakeWord("LEFT"))
    join->join = JoinKind::kLeft;
  else if (TakeWord("RIGHT"))
    join->join = JoinKind::kRight;
  else if (TakeWord("FULL"))
    join->join = JoinKind::kFull;
  else
    kind = false;
  if (join->join == JoinKind::kLeft || join->join == JoinKind::kRight ||
      join->join == JoinKind::kFull) {
    TakeWord("OUTER");
  }
  if (IsWord("HASH") || IsWord("LOOKUP")) {
    kind = true;
    const Token& word = Take();
    join->method = {std::string(word.text), {word.begin, word.end}, false};
  }
  if (!kind && !join->natural && !IsWord("JOIN")) {
    *found = false;
    return true;
  }
  const uint32_t join_begin = Peek().begin;
  if (!ExpectWord("JOIN")) return false;
  Finish(join->join_range, join_begin);
  return true;
}

TableExprPtr Parser::TablePrimary() {
  TableExprPtr table;
  if (IsSymbol("(")) {
    table = ParenthesizedTable();
  } else if (IsWord("UNNEST")) {
    table = Unnest();
  } else {
    table = NamedTable();
  }
  return table;
}

// (query) | (a JOIN b) | ((query) UNION ALL (query)) | ((query))
TableExprPtr Parser::ParenthesizedTable() {
  Nesting nesting(*this);
  if (!nesting.ok()) return nullptr;
  const uint32_t begin = Take().begin;
  auto subquery = std::make_unique<SubqueryTable>();
  if (StartsQuery()) {
    if ((subquery->query = FullQuery()) == nullptr) return nullptr;
  } else {
    const uint32_t inner_begin = Peek().begin;
    TableExprPtr inner = TablePrimary();
    if (inner == nullptr) return nullptr;
    const bool bare_query = inner->kind == TableExprKind::kSubquery && inner->alias.empty() &&
                            inner->hint == nullptr && inner->sample == nullptr;
    const bool query_goes_on =
        IsSymbol(")") || StartsSetOperation() || IsWord("ORDER") || IsWord("LIMIT");
    if (!bare_query || !query_goes_on) {
      inner = Joins(std::move(inner), inner_begin);
      if (inner == nullptr || !ExpectSymbol(")")) return nullptr;
      if (inner->kind == TableExprKind::kJoin) As<JoinTable>(*inner).parenthesized = true;
      return Sample(inner.get()) ? std::move(inner) : nullptr;
    }
    auto operand = std::make_unique<ParenthesizedQuery>();
    operand->query = std::move(As<SubqueryTable>(*inner).query);
    operand->range = inner->range;
    subquery->query = std::make_unique<Query>();
    subquery->query->body = SetOperationTail(std::move(operand), inner_begin);
    if (subquery->query->body == nullptr || !QueryTail(subquery->query.get())) return nullptr;
    Finish(*subquery->query, inner_begin);
  }
  if (!ExpectSymbol(")") || !TableTail(subquery.get())) return nullptr;
  Finish(*subquery, begin);
  return subquery;
}

TableExprPtr Parser::NamedTable() {
  const uint32_t begin = Peek().begin;
  auto table = std::make_unique<PathTable>();
  if (!NamePath(&table->path)) return nullptr;
  if (IsSymbol("(")) return FunctionCallTable(std::move(table->path));
  if (!OptionalHint(&table->hint) || !OptionalAlias(&table->alias)) return nullptr;
  if (!WithOffset(&table->with_offset, &table->offset_alias)) return nullptr;
  if (IsWord("FOR") && !IsWord("UPDATE", 1)) {
    Unsupported("FOR SYSTEM_TIME AS OF");
    return nullptr;
  }
  if (!Sample(table.get())) return nullptr;
  Finish(*table, begin);
  return table;
}

TableExprPtr Parser::Unnest() {
  auto table = std::make_unique<UnnestTable>();
  const uint32_t begin = Take().begin;
  if (!ExpectSymbol("(") || (table->array = Expression()) == nullptr || !ExpectSymbol(")"))
    return nullptr;
  if (!OptionalHint(&table->hint) || !OptionalAlias(&table->alias)) return nullptr;
  if (!WithOffset(&table->with_offset, &table->offset_alias) || !Sample(table.get()))
    return nullptr;
  Finish(*table, begin);
  return table;
}

// [WITH OFFSET [[AS] alias]]
bool Parser::WithOffset(bool* with_offset, Identifier* alias) {
  if (!IsWord("WITH")) return true;
  Take();
  if (!ExpectWord("OFFSET")) return false;
  *with_offset = true;
  return OptionalAlias(alias);
}

// [hint] [[AS] alias] [TABLESAMPLE …]
bool Parser::TableTail(TableExpr* table) {
  return OptionalHint(&table->hint) && OptionalAlias(&table->alias) && Sample(table);
}

// TABLESAMPLE method (size (PERCENT | ROWS)) [WITH WEIGHT [[AS] alias]]
bool Parser::Sample(TableExpr* table) {
  if (!IsWord("TABLESAMPLE")) return true;
  const uint32_t begin = Take().begin;
  auto sample = std::make_unique<TableSample>();
  if (!Name(&sample->method) || !ExpectSymbol("(")) return false;
  if ((sample->size = Expression()) == nullptr) return false;
  if (TakeWord("ROWS"))
    sample->unit = TableSample::Unit::kRows;
  else if (!TakeWord("PERCENT"))
    return Expected("keyword PERCENT or keyword ROWS");
  if (!ExpectSymbol(")")) return false;
  if (IsWord("WITH") && IsWord("WEIGHT", 1)) {
    Take();
    Take();
    sample->with_weight = true;
    if (!OptionalAlias(&sample->weight_alias)) return false;
  }
  Finish(*sample, begin);
  table->sample = std::move(sample);
  return true;
}

TableExprPtr Parser::FunctionCallTable(Path name) {
  auto table = std::make_unique<FunctionTable>();
  const uint32_t begin = name.front().range.begin;
  table->name = std::move(name);
  Take();
  while (!IsSymbol(")")) {
    if (!TableFunctionArgument(&table->arguments.emplace_back())) return nullptr;
    if (!TakeSymbol(",")) break;
  }
  if (!TakeSymbol(")")) {
    Expected("\")\" or \",\"");
    return nullptr;
  }
  if (!TableTail(table.get())) return nullptr;
  Finish(*table, begin);
  return table;
}

// [name =>] (expression | TABLE t | MODEL m | DESCRIPTOR(a, b) | (query))
bool Parser::TableFunctionArgument(TableArgument* argument) {
  using Kind = TableArgument::Kind;
  const uint32_t begin = Peek().begin;
  if (IsIdentifier() && IsSymbol("=>", 1)) {
    if (!Name(&argument->name)) return false;
    Take();
  }
  bool ok = false;
  if ((IsWord("TABLE") || IsWord("MODEL")) && IsIdentifier(1)) {
    argument->kind = Take().value == "TABLE" ? Kind::kTable : Kind::kModel;
    ok = NamePath(&argument->path);
  } else if (IsWord("DESCRIPTOR") && IsSymbol("(", 1)) {
    argument->kind = Kind::kDescriptor;
    Take();
    ok = NameList(&argument->path);
  } else {
    argument->value = Expression();
    ok = argument->value != nullptr;
    if (ok && IsPlainSubquery(*argument->value)) {
      argument->kind = Kind::kQuery;
      argument->query = std::move(As<SubqueryExpr>(*argument->value).query);
      argument->value = nullptr;
    }
  }
  Finish(*argument, begin);
  return ok;
}

}  // namespace ks::sql
