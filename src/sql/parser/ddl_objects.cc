// DDL of everything but tables: indexes, views, sequences, change streams, roles and rights, proto
// bundles.

#include <utility>

#include "base/str_cat.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {

// CREATE [UNIQUE] [NULL_FILTERED] INDEX | CREATE (SEARCH | VECTOR) INDEX
StatementPtr Parser::CreateIndex() {
  auto create = std::make_unique<CreateIndexStatement>();
  IndexDefinition& index = create->index;
  index.unique = TakeWord("UNIQUE");
  index.null_filtered = TakeWord("NULL_FILTERED");
  if (TakeWord("SEARCH"))
    index.kind = IndexKind::kSearch;
  else if (TakeWord("VECTOR"))
    index.kind = IndexKind::kVector;
  if (!ExpectWord("INDEX") || !IfNotExists(&create->if_not_exists) || !NamePath(&index.name))
    return nullptr;
  if (!ExpectWord("ON") || !NamePath(&index.table) || !KeyColumns(&index.columns)) return nullptr;
  return IndexClauses(&index) ? std::move(create) : nullptr;
}

// STORING, PARTITION BY, ORDER BY, WHERE a IS NOT NULL AND …, `, INTERLEAVE IN t`, OPTIONS
bool Parser::IndexClauses(IndexDefinition* index) {
  while (true) {
    if (IsWord("STORING") && index->storing.empty()) {
      Take();
      if (!NameList(&index->storing)) return false;
    } else if (TakeWords({"PARTITION", "BY"})) {
      do {
        if (!Name(&index->partition_by.emplace_back())) return false;
      } while (TakeSymbol(","));
    } else if (TakeWords({"ORDER", "BY"})) {
      if (!KeyColumnList(&index->order_by)) return false;
    } else if (TakeWord("WHERE")) {
      do {
        if (!Name(&index->not_null_columns.emplace_back()) || !ExpectWords({"IS", "NOT", "NULL"}))
          return false;
      } while (TakeWord("AND"));
    } else if (index->interleave_in.empty() && TakeSymbol(",")) {
      if (!ExpectWords({"INTERLEAVE", "IN"}) || !NamePath(&index->interleave_in)) return false;
    } else {
      return !IsWord("OPTIONS") || Options(&index->options);
    }
  }
}

StatementPtr Parser::AlterIndex(IndexKind kind) {
  auto alter = std::make_unique<AlterIndexStatement>();
  alter->index_kind = kind;
  if (!NamePath(&alter->name)) return nullptr;
  if (TakeWord("SET")) {
    alter->action = AlterIndexAction::kSetOptions;
    return Options(&alter->options) ? std::move(alter) : nullptr;
  }
  if (!IsWord("ADD") && !IsWord("DROP")) {
    Unexpected();
    return nullptr;
  }
  const bool add = Take().value == "ADD";
  const bool stored = TakeWord("STORED");
  if (!stored && kind == IndexKind::kSecondary) {
    Expected("keyword STORED");
    return nullptr;
  }
  if (stored)
    alter->action = add ? AlterIndexAction::kAddStoredColumn : AlterIndexAction::kDropStoredColumn;
  else
    alter->action = add ? AlterIndexAction::kAddColumn : AlterIndexAction::kDropColumn;
  if (!ExpectWord("COLUMN") || !Name(&alter->column)) return nullptr;
  return alter;
}

// VIEW [IF NOT EXISTS] name [SQL SECURITY (INVOKER | DEFINER)] AS query
StatementPtr Parser::CreateView(bool or_replace) {
  auto create = std::make_unique<CreateViewStatement>();
  create->or_replace = or_replace;
  if (!IfNotExists(&create->if_not_exists) || !NamePath(&create->view.name)) return nullptr;
  if (TakeWord("SQL")) {
    if (!ExpectWord("SECURITY")) return nullptr;
    if (TakeWord("INVOKER"))
      create->view.security = SqlSecurity::kInvoker;
    else if (TakeWord("DEFINER"))
      create->view.security = SqlSecurity::kDefiner;
    else {
      Expected("keyword DEFINER or keyword INVOKER");
      return nullptr;
    }
  }
  if (!ExpectWord("AS") || !QueryText(&create->view.query)) return nullptr;
  return create;
}

StatementPtr Parser::CreateSequence() {
  auto create = std::make_unique<CreateSequenceStatement>();
  if (!IfNotExists(&create->if_not_exists) || !NamePath(&create->sequence.name)) return nullptr;
  if (!SequenceParts(&create->sequence.clauses)) return nullptr;
  if (IsWord("OPTIONS") && !Options(&create->sequence.options)) return nullptr;
  return create;
}

StatementPtr Parser::AlterSequence() {
  auto alter = std::make_unique<AlterSequenceStatement>();
  if (!IfExists(&alter->if_exists) || !NamePath(&alter->name)) return nullptr;
  if (IsWord("SET") && IsWord("OPTIONS", 1)) {
    Take();
    return Options(&alter->options) ? std::move(alter) : nullptr;
  }
  if (!SequenceParts(&alter->clauses)) return nullptr;
  if (alter->clauses.empty()) {
    Unexpected();
    return nullptr;
  }
  return alter;
}

// CHANGE STREAM name [FOR (ALL | T, T(a, b), T())] [OPTIONS (…)]
StatementPtr Parser::CreateChangeStream() {
  auto create = std::make_unique<CreateChangeStreamStatement>();
  if (!IfNotExists(&create->if_not_exists) || !NamePath(&create->stream.name)) return nullptr;
  if (TakeWord("FOR") && !Tracked(&create->stream)) return nullptr;
  if (IsWord("OPTIONS") && !Options(&create->stream.options)) return nullptr;
  return create;
}

bool Parser::Tracked(ChangeStreamDefinition* stream) {
  if (TakeWord("ALL")) {
    stream->for_all = true;
    return true;
  }
  do {
    TrackedTable& tracked = stream->tables.emplace_back();
    if (!NamePath(&tracked.table)) return false;
    tracked.all_columns = !IsSymbol("(");
    if (IsSymbol("(") && IsSymbol(")", 1)) {
      at_ += 2;
    } else if (!tracked.all_columns && !NameList(&tracked.columns)) {
      return false;
    }
  } while (TakeSymbol(","));
  return true;
}

// ALTER CHANGE STREAM name (SET FOR … | SET OPTIONS … | DROP FOR ALL)
StatementPtr Parser::AlterChangeStream() {
  auto alter = std::make_unique<AlterChangeStreamStatement>();
  if (!NamePath(&alter->stream.name)) return nullptr;
  bool ok = false;
  if (TakeWord("DROP")) {
    alter->action = AlterChangeStreamAction::kDropForAll;
    ok = ExpectWords({"FOR", "ALL"});
  } else if (!ExpectWord("SET")) {
    return nullptr;
  } else if (TakeWord("FOR")) {
    alter->action = AlterChangeStreamAction::kSetFor;
    ok = Tracked(&alter->stream);
  } else {
    alter->action = AlterChangeStreamAction::kSetOptions;
    ok = Options(&alter->stream.options);
  }
  return ok ? std::move(alter) : nullptr;
}

StatementPtr Parser::CreateRole() {
  auto create = std::make_unique<CreateRoleStatement>();
  return Name(&create->name) ? std::move(create) : nullptr;
}

// (privileges ON targets | ROLE roles) (TO | FROM) ROLE roles
bool Parser::GrantRest(GrantBody* body, std::string_view preposition) {
  if (TakeWord("ROLE")) {
    body->target = GrantTarget::kRole;
    do {
      if (!NamePath(&body->targets.emplace_back())) return false;
    } while (TakeSymbol(","));
  } else if (!Privileges(body) || !ExpectWord("ON") || !Targets(body)) {
    return false;
  }
  if (!ExpectWord(preposition) || !ExpectWord("ROLE")) return false;
  do {
    if (!Name(&body->roles.emplace_back())) return false;
  } while (TakeSymbol(","));
  return true;
}

bool Parser::Privileges(GrantBody* body) {
  do {
    Privilege& privilege = body->privileges.emplace_back();
    if (TakeWord("SELECT"))
      privilege.kind = PrivilegeKind::kSelect;
    else if (TakeWord("INSERT"))
      privilege.kind = PrivilegeKind::kInsert;
    else if (TakeWord("UPDATE"))
      privilege.kind = PrivilegeKind::kUpdate;
    else if (TakeWord("DELETE"))
      privilege.kind = PrivilegeKind::kDelete;
    else if (TakeWord("EXECUTE"))
      privilege.kind = PrivilegeKind::kExecute;
    else if (TakeWord("USAGE"))
      privilege.kind = PrivilegeKind::kUsage;
    else
      return Unexpected();
    if (IsSymbol("(") && !NameList(&privilege.columns)) return false;
  } while (TakeSymbol(","));
  return true;
}

bool Parser::Targets(GrantBody* body) {
  if (TakeWord("ALL")) return AllInSchema(body);
  if (TakeWords({"CHANGE", "STREAM"}))
    body->target = GrantTarget::kChangeStream;
  else if (TakeWords({"TABLE", "FUNCTION"}))
    body->target = GrantTarget::kTableFunction;
  else if (TakeWord("TABLE"))
    body->target = GrantTarget::kTable;
  else if (TakeWord("VIEW"))
    body->target = GrantTarget::kView;
  else if (TakeWord("SCHEMA"))
    body->target = GrantTarget::kSchema;
  else if (TakeWord("SEQUENCE"))
    body->target = GrantTarget::kSequence;
  else if (TakeWord("MODEL"))
    body->target = GrantTarget::kModel;
  else
    return Unexpected();
  do {
    Path& path = body->targets.emplace_back();
    // The default schema is called DEFAULT.
    if (body->target == GrantTarget::kSchema && IsWord("DEFAULT")) {
      if (!NameAfterDot(&path.emplace_back())) return false;
    } else if (!NamePath(&path)) {
      return false;
    }
  } while (TakeSymbol(","));
  return true;
}

// ALL (TABLES | VIEWS | SEQUENCES | CHANGE STREAMS) IN SCHEMA s
bool Parser::AllInSchema(GrantBody* body) {
  if (TakeWord("TABLES"))
    body->target = GrantTarget::kAllTablesInSchema;
  else if (TakeWord("VIEWS"))
    body->target = GrantTarget::kAllViewsInSchema;
  else if (TakeWord("SEQUENCES"))
    body->target = GrantTarget::kAllSequencesInSchema;
  else if (TakeWords({"CHANGE", "STREAMS"}))
    body->target = GrantTarget::kAllChangeStreamsInSchema;
  else
    return Unexpected();
  if (!ExpectWords({"IN", "SCHEMA"})) return false;
  do {
    if (!NameAfterDot(&body->targets.emplace_back().emplace_back())) return false;
  } while (TakeSymbol(","));
  return true;
}

StatementPtr Parser::CreateProtoBundle() {
  auto create = std::make_unique<CreateProtoBundleStatement>();
  return TypeNames(&create->types) ? std::move(create) : nullptr;
}

StatementPtr Parser::AlterProtoBundle() {
  auto alter = std::make_unique<AlterProtoBundleStatement>();
  bool any = false;
  while (IsWord("INSERT") || IsWord("UPDATE") || IsWord("DELETE")) {
    const std::string& word = Take().value;
    auto& list =
        word == "INSERT" ? alter->insert : (word == "UPDATE" ? alter->update : alter->erase);
    if (!TypeNames(&list)) return nullptr;
    any = true;
  }
  if (!any) {
    Unexpected();
    return nullptr;
  }
  return alter;
}

// (a.b.C, `d.e`)
bool Parser::TypeNames(std::vector<Path>* types) {
  if (!ExpectSymbol("(")) return false;
  do {
    if (!NamePath(&types->emplace_back())) return false;
  } while (TakeSymbol(",") && !IsSymbol(")"));
  return TakeSymbol(")") || Expected("\")\" or \",\"");
}

}  // namespace ks::sql
