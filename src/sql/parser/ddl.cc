// DDL: the choice between statements, and parts that many of them share.

#include <charconv>
#include <utility>

#include "base/str_cat.h"
#include "sql/parser/parser_impl.h"

namespace ks::sql {

std::string Dotted(const Path& path) {
  std::string dotted;
  for (const Identifier& part : path) {
    if (!dotted.empty()) dotted.push_back('.');
    dotted += part.name;
  }
  return dotted;
}

StatementPtr Parser::DdlStatement() {
  Nesting nesting(*this);
  const uint32_t begin = Peek().begin;
  StatementPtr statement;
  if (TakeWord("CREATE")) {
    statement = Create();
  } else if (TakeWord("ALTER")) {
    statement = Alter();
  } else if (TakeWord("DROP")) {
    statement = Drop();
  } else if (TakeWord("RENAME")) {
    statement = RenameTable();
  } else if (TakeWord("GRANT")) {
    auto grant = std::make_unique<GrantStatement>();
    if (GrantRest(&grant->body, "TO")) statement = std::move(grant);
  } else if (TakeWord("REVOKE")) {
    auto revoke = std::make_unique<RevokeStatement>();
    if (GrantRest(&revoke->body, "FROM")) statement = std::move(revoke);
  } else if (TakeWord("ANALYZE")) {
    statement = std::make_unique<AnalyzeStatement>();
  } else {
    Unexpected();
  }
  if (statement != nullptr) Finish(*statement, begin);
  return statement;
}

// [IF [NOT] EXISTS] name [[SET] OPTIONS (…)]; the default locality group is called DEFAULT.
template <typename Made>
StatementPtr Parser::StorageNamed(bool create) {
  auto made = std::make_unique<Made>();
  if (create ? !IfNotExists(&made->if_clause) : !IfExists(&made->if_clause)) return nullptr;
  if (!NameAfterDot(&made->name)) return nullptr;
  if (IsWord("SET") && IsWord("OPTIONS", 1)) Take();
  if (IsWord("OPTIONS") && !Options(&made->options)) return nullptr;
  return made;
}

StatementPtr Parser::Create() {
  const bool or_replace = TakeWords({"OR", "REPLACE"});
  if (TakeWord("VIEW")) return CreateView(or_replace);
  if (TakeWord("SCHEMA")) return CreateSchema(or_replace);
  if (or_replace) {
    Unexpected();
    return nullptr;
  }
  if (TakeWord("TABLE")) return CreateTable();
  if (IsWord("UNIQUE") || IsWord("NULL_FILTERED") || IsWord("INDEX") || IsWord("INDEX", 1))
    return CreateIndex();
  if (TakeWord("SEQUENCE")) return CreateSequence();
  if (TakeWords({"CHANGE", "STREAM"})) return CreateChangeStream();
  if (TakeWord("ROLE")) return CreateRole();
  if (TakeWord("DATABASE")) return CreateDatabase();
  if (TakeWords({"PROTO", "BUNDLE"})) return CreateProtoBundle();
  if (TakeWords({"LOCALITY", "GROUP"})) return StorageNamed<CreateLocalityGroupStatement>(true);
  if (TakeWord("PLACEMENT")) return StorageNamed<CreatePlacementStatement>(true);
  for (std::string_view known : {"MODEL", "FUNCTION", "PROPERTY"}) {
    if (IsWord(known)) Unsupported(StrCat("CREATE ", known));
  }
  Unexpected();
  return nullptr;
}

StatementPtr Parser::Alter() {
  if (TakeWord("TABLE")) return AlterTable();
  if (TakeWord("INDEX")) return AlterIndex(IndexKind::kSecondary);
  if (TakeWords({"SEARCH", "INDEX"})) return AlterIndex(IndexKind::kSearch);
  if (TakeWords({"VECTOR", "INDEX"})) return AlterIndex(IndexKind::kVector);
  if (TakeWord("SEQUENCE")) return AlterSequence();
  if (TakeWords({"CHANGE", "STREAM"})) return AlterChangeStream();
  if (TakeWord("DATABASE")) return AlterDatabase();
  if (TakeWord("STATISTICS")) return AlterStatistics();
  if (TakeWords({"PROTO", "BUNDLE"})) return AlterProtoBundle();
  if (TakeWords({"LOCALITY", "GROUP"})) return StorageNamed<AlterLocalityGroupStatement>(false);
  if (TakeWord("PLACEMENT")) return StorageNamed<AlterPlacementStatement>(false);
  for (std::string_view known : {"MODEL", "FUNCTION"}) {
    if (IsWord(known)) Unsupported(StrCat("ALTER ", known));
  }
  Unexpected();
  return nullptr;
}

template <typename Drop>
StatementPtr Parser::DropNamed() {
  auto drop = std::make_unique<Drop>();
  if (!IfExists(&drop->if_exists) || !NamePath(&drop->name)) return nullptr;
  if constexpr (Drop::kKind == StatementKind::kDropSchema) drop->cascade = TakeWord("CASCADE");
  return drop;
}

StatementPtr Parser::Drop() {
  if (TakeWord("TABLE")) return DropNamed<DropTableStatement>();
  if (TakeWord("INDEX")) return DropNamed<DropIndexStatement>();
  if (TakeWords({"SEARCH", "INDEX"})) return DropNamed<DropSearchIndexStatement>();
  if (TakeWords({"VECTOR", "INDEX"})) return DropNamed<DropVectorIndexStatement>();
  if (TakeWord("VIEW")) return DropNamed<DropViewStatement>();
  if (TakeWord("SEQUENCE")) return DropNamed<DropSequenceStatement>();
  if (TakeWords({"CHANGE", "STREAM"})) return DropNamed<DropChangeStreamStatement>();
  if (TakeWord("SCHEMA")) return DropNamed<DropSchemaStatement>();
  if (TakeWord("ROLE")) return DropNamed<DropRoleStatement>();
  if (TakeWords({"PROTO", "BUNDLE"})) return std::make_unique<DropProtoBundleStatement>();
  if (TakeWords({"LOCALITY", "GROUP"})) return StorageNamed<DropLocalityGroupStatement>(false);
  if (TakeWord("PLACEMENT")) return StorageNamed<DropPlacementStatement>(false);
  for (std::string_view known : {"MODEL", "FUNCTION", "PROPERTY"}) {
    if (IsWord(known)) Unsupported(StrCat("DROP ", known));
  }
  Unexpected();
  return nullptr;
}

bool Parser::IfExists(bool* flag) {
  if (!TakeWord("IF")) return true;
  *flag = true;
  return ExpectWord("EXISTS");
}
bool Parser::IfNotExists(bool* flag) {
  if (!TakeWord("IF")) return true;
  *flag = true;
  return ExpectWords({"NOT", "EXISTS"});
}

// OPTIONS (name = value, …); the word is at hand.
bool Parser::Options(std::vector<Option>* options) {
  if (!ExpectWord("OPTIONS") || !ExpectSymbol("(")) return false;
  while (!IsSymbol(")")) {
    Option& option = options->emplace_back();
    if (!Name(&option.name) || !ExpectSymbol("=") || !Value(&option.value)) return false;
    if (!TakeSymbol(",")) break;
  }
  return TakeSymbol(")") || Expected("\")\" or \",\"");
}

bool Parser::Value(OptionValue* value) {
  if (TakeWord("NULL")) return true;
  if (IsWord("TRUE") || IsWord("FALSE")) {
    *value = Take().value == "TRUE";
    return true;
  }
  if (Peek().kind == TokenKind::kString) {
    *value = Take().value;
    return true;
  }
  if (Peek().kind == TokenKind::kFloat) {
    const std::string_view text = Take().text;
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    *value = number;
    return true;
  }
  int64_t number = 0;
  if (!Integer(&number)) return false;
  *value = number;
  return true;
}

// A whole number, perhaps negative or hexadecimal.
bool Parser::Integer(int64_t* value) {
  const bool negative = TakeSymbol("-");
  const Token& token = Peek();
  if (token.kind != TokenKind::kInteger) return Unexpected();
  const bool hex = token.text.size() > 2 && (token.text[1] == 'x' || token.text[1] == 'X');
  const std::string digits = StrCat(negative ? "-" : "", hex ? token.text.substr(2) : token.text);
  const auto result =
      std::from_chars(digits.data(), digits.data() + digits.size(), *value, hex ? 16 : 10);
  if (result.ec != std::errc())
    return Fail(token.begin, StrCat("Invalid integer literal: ", token.text));
  Take();
  return true;
}

// After ON DELETE.
bool Parser::OnDeleteAction(OnDelete* action) {
  if (TakeWord("CASCADE")) {
    *action = OnDelete::kCascade;
    return true;
  }
  *action = OnDelete::kNoAction;
  return ExpectWords({"NO", "ACTION"});
}

bool Parser::ExpressionText(SqlText* text) {
  if (!ExpectSymbol("(")) return false;
  const uint32_t begin = Peek().begin;
  if (Expression() == nullptr) return false;
  Finish(text->range, begin);
  text->text = std::string(sql_.substr(begin, text->range.end - begin));
  return ExpectSymbol(")");
}

bool Parser::QueryText(SqlText* text) {
  const uint32_t begin = Peek().begin;
  if (StatementQuery() == nullptr) return false;
  Finish(text->range, begin);
  text->text = std::string(sql_.substr(begin, text->range.end - begin));
  return true;
}

// [BIT_REVERSED_POSITIVE] [[SET] SKIP RANGE a, b | SET NO SKIP RANGE] [(START | RESTART) COUNTER
// WITH n]
bool Parser::SequenceParts(SequenceClauses* clauses) {
  while (true) {
    if (IsWord("SET") && (IsWord("SKIP", 1) || IsWord("NO", 1) || IsWord("START", 1))) Take();
    if (TakeWord("BIT_REVERSED_POSITIVE")) {
      clauses->bit_reversed_positive = true;
    } else if (TakeWords({"NO", "SKIP", "RANGE"})) {
      clauses->no_skip_range = true;
    } else if (TakeWord("SKIP")) {
      std::pair<int64_t, int64_t> range;
      if (!ExpectWord("RANGE") || !Integer(&range.first) || !ExpectSymbol(",") ||
          !Integer(&range.second))
        return false;
      clauses->skip_range = range;
    } else if (IsWord("START") || IsWord("RESTART")) {
      auto& counter = Take().value == "START" ? clauses->start_counter : clauses->restart_counter;
      if (!ExpectWords({"COUNTER", "WITH"}) || !Integer(&counter.emplace())) return false;
    } else {
      return true;
    }
  }
}

// (a, b DESC): may be empty.
bool Parser::KeyColumns(std::vector<KeyColumn>* columns) {
  if (!ExpectSymbol("(")) return false;
  if (TakeSymbol(")")) return true;
  return KeyColumnList(columns) && (TakeSymbol(")") || Expected("\")\" or \",\""));
}

bool Parser::KeyColumnList(std::vector<KeyColumn>* columns) {
  do {
    KeyColumn& column = columns->emplace_back();
    if (!Name(&column.name)) return false;
    if (!TakeWord("ASC")) column.descending = TakeWord("DESC");
    if (TakeWords({"NULLS", "FIRST"})) column.nulls = NullsOrder::kFirst;
    if (TakeWords({"NULLS", "LAST"})) column.nulls = NullsOrder::kLast;
  } while (TakeSymbol(","));
  return true;
}

StatementPtr Parser::CreateDatabase() {
  auto create = std::make_unique<CreateDatabaseStatement>();
  return Name(&create->name) ? std::move(create) : nullptr;
}

StatementPtr Parser::AlterDatabase() {
  auto alter = std::make_unique<AlterDatabaseStatement>();
  if (!Name(&alter->name) || !ExpectWord("SET") || !Options(&alter->options)) return nullptr;
  return alter;
}

StatementPtr Parser::CreateSchema(bool or_replace) {
  auto create = std::make_unique<CreateSchemaStatement>();
  create->or_replace = or_replace;
  if (!IfNotExists(&create->if_not_exists) || !NamePath(&create->name)) return nullptr;
  return create;
}

StatementPtr Parser::AlterStatistics() {
  auto alter = std::make_unique<AlterStatisticsStatement>();
  if (!Name(&alter->package) || !ExpectWord("SET") || !Options(&alter->options)) return nullptr;
  return alter;
}

}  // namespace ks::sql
