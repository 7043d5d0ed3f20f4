// INSERT, UPDATE, DELETE, CALL and the choice between statements.

#include <utility>

#include "base/str_cat.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {
namespace {

struct OtherStatement {
  std::string_view word;
  std::string_view name;
};
// Statements of GoogleSQL that Spanner does not have; named as Spanner's error names them.
constexpr OtherStatement kOthers[] = {
    {"EXPLAIN", "ExplainStatement"},    {"BEGIN", "BeginStatement"},
    {"COMMIT", "CommitStatement"},      {"ROLLBACK", "RollbackStatement"},
    {"MERGE", "MergeStatement"},        {"TRUNCATE", "TruncateStatement"},
    {"SHOW", "ShowStatement"},          {"DESCRIBE", "DescribeStatement"},
    {"EXPORT", "ExportDataStatement"},  {"ASSERT", "AssertStatement"},
    {"SET", "SetTransactionStatement"},
};

}  // namespace

StatementPtr Parser::Statement() {
  const uint32_t begin = Peek().begin;
  std::unique_ptr<Hint> hint;
  if (!OptionalHint(&hint)) return nullptr;
  StatementPtr statement;
  if (IsWord("SELECT") || IsWord("WITH") || IsSymbol("(")) {
    auto node = std::make_unique<QueryStatement>();
    if ((node->query = FullQuery()) == nullptr) return nullptr;
    node->query->hint = std::move(hint);
    node->query->range.begin = begin;
    statement = std::move(node);
  } else if (IsWord("INSERT")) {
    statement = Insert(std::move(hint));
  } else if (IsWord("UPDATE")) {
    statement = Update(std::move(hint));
  } else if (IsWord("DELETE")) {
    statement = Delete(std::move(hint));
  } else if (IsWord("CALL")) {
    statement = CallProcedure();
  } else {
    for (const OtherStatement& other : kOthers) {
      if (IsWord(other.word)) Fail(begin, StrCat("Statement not supported: ", other.name));
    }
    if (status_.ok()) statement = DdlStatement();
  }
  if (statement != nullptr) Finish(*statement, begin);
  return statement;
}

// INSERT [[OR] (UPDATE | IGNORE)] [INTO] table [hint] [(columns)] rows [ON CONFLICT] [THEN RETURN]
StatementPtr Parser::Insert(std::unique_ptr<Hint> hint) {
  Take();
  auto insert = std::make_unique<InsertStatement>();
  insert->hint = std::move(hint);
  const bool with_or = TakeWord("OR");
  if (TakeWord("IGNORE")) {
    insert->mode = InsertMode::kOrIgnore;
  } else if (IsWord("UPDATE") && (with_or || IsWord("INTO", 1))) {
    Take();
    insert->mode = InsertMode::kOrUpdate;
  } else if (with_or) {
    Expected("keyword IGNORE or keyword UPDATE");
    return nullptr;
  }
  TakeWord("INTO");
  if (!NamePath(&insert->table) || !OptionalHint(&insert->table_hint)) return nullptr;
  if (TakeWord("AS") && !Name(&insert->alias)) return nullptr;
  const bool columns = IsSymbol("(") && !StartsQuery(1) && !IsSymbol("(", 1);
  if (columns && !NameList(&insert->columns)) return nullptr;
  if (!InsertRows(insert.get())) return nullptr;
  if (IsWord("ON") && !Conflict(insert.get())) return nullptr;
  if (IsWord("ASSERT_ROWS_MODIFIED")) {
    Unsupported("ASSERT_ROWS_MODIFIED");
    return nullptr;
  }
  if (!ThenReturn(&insert->returning)) return nullptr;
  return insert;
}

// VALUES (a, DEFAULT), … | query
bool Parser::InsertRows(InsertStatement* insert) {
  if (!TakeWord("VALUES")) {
    if (!StartsQuery() && !IsSymbol("("))
      return Expected("\"(\" or keyword SELECT or keyword VALUES");
    insert->query = FullQuery();
    return insert->query != nullptr;
  }
  do {
    const uint32_t begin = Peek().begin;
    if (!ExpectSymbol("(")) return false;
    auto& row = insert->rows.emplace_back();
    do {
      if (row.emplace_back(ValueOrDefault()) == nullptr) return false;
    } while (TakeSymbol(","));
    if (!TakeSymbol(")")) return Expected("\")\" or \",\"");
    Finish(insert->row_ranges.emplace_back(), begin);
  } while (TakeSymbol(","));
  return true;
}

ExprPtr Parser::ValueOrDefault() {
  if (!IsWord("DEFAULT")) return Expression();
  auto node = std::make_unique<DefaultExpr>();
  const uint32_t begin = Take().begin;
  Finish(*node, begin);
  return node;
}

// ON CONFLICT [(columns) | ON UNIQUE CONSTRAINT name] DO (NOTHING | UPDATE SET … [WHERE …])
bool Parser::Conflict(InsertStatement* insert) {
  auto conflict = std::make_unique<OnConflict>();
  const uint32_t begin = Take().begin;
  if (!ExpectWord("CONFLICT")) return false;
  if (IsSymbol("(") && !NameList(&conflict->columns)) return false;
  if (TakeWord("ON") &&
      (!ExpectWords({"UNIQUE", "CONSTRAINT"}) || !NamePath(&conflict->constraint)))
    return false;
  if (!ExpectWord("DO")) return false;
  if (!TakeWord("NOTHING")) {
    conflict->update = true;
    if (!ExpectWords({"UPDATE", "SET"}) || !UpdateItems(&conflict->set)) return false;
    if (TakeWord("WHERE") && (conflict->where = Expression()) == nullptr) return false;
  }
  Finish(*conflict, begin);
  insert->on_conflict = std::move(conflict);
  return true;
}

// UPDATE table [hint] [[AS] alias] SET items [FROM …] [WHERE …] [THEN RETURN …]
StatementPtr Parser::Update(std::unique_ptr<Hint> hint) {
  Take();
  auto update = std::make_unique<UpdateStatement>();
  update->hint = std::move(hint);
  if (!NamePath(&update->table) || !OptionalHint(&update->table_hint)) return nullptr;
  if (!OptionalAlias(&update->alias) || !ExpectWord("SET") || !UpdateItems(&update->set))
    return nullptr;
  if (TakeWord("FROM") && (update->from = From()) == nullptr) return nullptr;
  if (TakeWord("WHERE") && (update->where = Expression()) == nullptr) return nullptr;
  if (!ThenReturn(&update->returning)) return nullptr;
  return update;
}

bool Parser::UpdateItems(std::vector<UpdateItem>* items) {
  do {
    UpdateItem& item = items->emplace_back();
    const uint32_t begin = Peek().begin;
    if ((item.target = Postfix()) == nullptr) return false;
    if (!ExpectSymbol("=") || (item.value = ValueOrDefault()) == nullptr) return false;
    Finish(item, begin);
  } while (TakeSymbol(","));
  return true;
}

// DELETE [FROM] table [hint] [[AS] alias] [WHERE …] [THEN RETURN …]
StatementPtr Parser::Delete(std::unique_ptr<Hint> hint) {
  Take();
  auto erase = std::make_unique<DeleteStatement>();
  erase->hint = std::move(hint);
  TakeWord("FROM");
  if (!NamePath(&erase->table) || !OptionalHint(&erase->table_hint) ||
      !OptionalAlias(&erase->alias))
    return nullptr;
  if (TakeWord("WHERE") && (erase->where = Expression()) == nullptr) return nullptr;
  if (!ThenReturn(&erase->returning)) return nullptr;
  return erase;
}

bool Parser::ThenReturn(std::unique_ptr<Returning>* returning) {
  if (!IsWord("THEN")) return true;
  *returning = std::make_unique<Returning>();
  const uint32_t begin = Take().begin;
  if (!ExpectWord("RETURN")) return false;
  if (TakeWords({"WITH", "ACTION"})) {
    (*returning)->with_action = true;
    if (TakeWord("AS") && !Name(&(*returning)->action_alias)) return false;
  }
  if (!SelectItems(&(*returning)->items)) return false;
  Finish(**returning, begin);
  return true;
}

StatementPtr Parser::CallProcedure() {
  Take();
  auto call = std::make_unique<CallStatement>();
  if (!NamePath(&call->name) || !ExpectSymbol("(")) return nullptr;
  if (!IsSymbol(")") && !ExpressionList(&call->arguments)) return nullptr;
  if (!ExpectSymbol(")")) return nullptr;
  return call;
}

}  // namespace ks::sql
