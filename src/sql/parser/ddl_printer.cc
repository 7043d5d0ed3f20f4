#include "sql/parser/ddl_printer.h"

#include <algorithm>

#include "base/str_cat.h"
#include "sql/parser/lexer.h"
#include "sql/types/sql_literal.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

std::string Quoted(const Identifier& name) { return QuotedIdentifier(name.name); }

// The items' texts with `separator` between them.
template <typename List, typename Print>
std::string Join(const List& list, std::string_view separator, Print print) {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += separator;
    text += print(item);
  }
  return text;
}

std::string Names(const std::vector<Identifier>& names) { return Join(names, ", ", Quoted); }

std::string PrintKeyColumn(const KeyColumn& column) {
  std::string text = Quoted(column.name);
  if (column.descending) text += " DESC";
  if (column.nulls == NullsOrder::kFirst) text += " NULLS FIRST";
  if (column.nulls == NullsOrder::kLast) text += " NULLS LAST";
  return text;
}

std::string PrintOption(const Option& option) {
  return StrCat(Quoted(option.name), " = ", PrintOptionValue(option.value));
}

// Those that have a value.
std::vector<Option> Given(const std::vector<Option>& options) {
  std::vector<Option> given;
  for (const Option& option : options) {
    if (!std::holds_alternative<std::monostate>(option.value)) given.push_back(option);
  }
  return given;
}

std::string OneLineOptions(const std::vector<Option>& options) {
  const std::vector<Option> given = Given(options);
  return given.empty() ? "" : StrCat(" OPTIONS ( ", Join(given, ", ", PrintOption), " )");
}

std::string PrintOnDelete(OnDelete action) {
  switch (action) {
    case OnDelete::kCascade:
      return " ON DELETE CASCADE";
    case OnDelete::kNoAction:
      return " ON DELETE NO ACTION";
    default:
      return "";
  }
}

std::string PrintClauses(const SequenceClauses& clauses) {
  std::string text;
  const auto add = [&text](const std::string& clause) {
    if (!text.empty()) text += ' ';
    text += clause;
  };
  if (clauses.bit_reversed_positive) add("BIT_REVERSED_POSITIVE");
  if (clauses.skip_range)
    add(StrCat("SKIP RANGE ", clauses.skip_range->first, ", ", clauses.skip_range->second));
  if (clauses.start_counter) add(StrCat("START COUNTER WITH ", *clauses.start_counter));
  return text;
}

std::string Constraint(const Identifier& name) {
  return name.empty() ? "" : StrCat("CONSTRAINT ", Quoted(name), " ");
}

std::string PrintPrivilege(const Privilege& privilege) {
  constexpr std::string_view kWords[] = {"SELECT", "INSERT",  "UPDATE",
                                         "DELETE", "EXECUTE", "USAGE"};
  const std::string_view word = kWords[static_cast<int>(privilege.kind)];
  return privilege.columns.empty() ? std::string(word)
                                   : StrCat(word, "(", Names(privilege.columns), ")");
}

std::string_view TargetWords(GrantTarget target) {
  switch (target) {
    case GrantTarget::kTable:
      return "TABLE ";
    case GrantTarget::kView:
      return "VIEW ";
    case GrantTarget::kChangeStream:
      return "CHANGE STREAM ";
    case GrantTarget::kTableFunction:
      return "TABLE FUNCTION ";
    case GrantTarget::kSchema:
      return "SCHEMA ";
    case GrantTarget::kSequence:
      return "SEQUENCE ";
    case GrantTarget::kModel:
      return "MODEL ";
    case GrantTarget::kRole:
      return "ROLE ";
    case GrantTarget::kAllTablesInSchema:
      return "ALL TABLES IN SCHEMA ";
    case GrantTarget::kAllViewsInSchema:
      return "ALL VIEWS IN SCHEMA ";
    case GrantTarget::kAllChangeStreamsInSchema:
      return "ALL CHANGE STREAMS IN SCHEMA ";
    case GrantTarget::kAllSequencesInSchema:
      return "ALL SEQUENCES IN SCHEMA ";
  }
  return "";
}

}  // namespace

std::string PrintPath(const Path& path) { return Join(path, ".", Quoted); }

std::string PrintOptionValue(const OptionValue& value) {
  struct Printer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return Value::Float64(v).ToSql(); }
    std::string operator()(const std::string& v) const {
      std::string text;
      AppendSqlString(v, &text);
      return text;
    }
  };
  return std::visit(Printer(), value);
}

std::string PrintColumnType(const ColumnType& type) {
  // Simple names stand as they are; a proto's name may need backticks in its parts, which its dots
  // separate.
  std::string text;
  size_t begin = 0;
  while (begin <= type.name.size()) {
    const size_t dot = std::min(type.name.find('.', begin), type.name.size());
    const std::string part = type.name.substr(begin, dot - begin);
    text += StrCat(begin == 0 ? "" : ".", part == "INTERVAL" ? part : QuotedIdentifier(part));
    begin = dot + 1;
  }
  if (type.max_length) text += "(MAX)";
  if (type.length) text += StrCat("(", *type.length, ")");
  if (type.array) text = StrCat("ARRAY<", text, ">");
  if (type.vector_length) text += StrCat("(vector_length=>", *type.vector_length, ")");
  return text;
}

std::string PrintColumn(const ColumnDefinition& column) {
  std::string text = StrCat(Quoted(column.name), " ", PrintColumnType(column.type));
  if (column.not_null) text += " NOT NULL";
  if (column.default_value) text += StrCat(" DEFAULT (", column.default_value->text, ")");
  if (column.on_update) text += StrCat(" ON UPDATE (", column.on_update->text, ")");
  if (column.identity) {
    const std::string clauses = PrintClauses(*column.identity);
    text += " GENERATED BY DEFAULT AS IDENTITY";
    if (!clauses.empty()) text += StrCat(" (", clauses, ")");
  }
  if (column.generated) {
    text += StrCat(" AS (", column.generated->text, ")");
    if (column.stored) text += " STORED";
  }
  if (column.placement_key) text += " PLACEMENT KEY";
  if (column.hidden) text += " HIDDEN";
  const std::vector<Option> options = Given(column.options);
  if (!options.empty())
    text += StrCat(" OPTIONS (\n    ", Join(options, ",\n    ", PrintOption), "\n  )");
  return text;
}

std::string PrintForeignKey(const ForeignKey& key) {
  return StrCat(Constraint(key.name), "FOREIGN KEY(", Names(key.columns), ") REFERENCES ",
                PrintPath(key.referenced_table), "(", Names(key.referenced_columns), ")",
                PrintOnDelete(key.on_delete),
                key.enforcement == Enforcement::kNotEnforced ? " NOT ENFORCED" : "");
}

std::string PrintCheck(const CheckConstraint& check) {
  return StrCat(Constraint(check.name), "CHECK(", check.expression.text, ")");
}

std::string PrintRowDeletionPolicy(const RowDeletionPolicy& policy) {
  return StrCat("ROW DELETION POLICY (OLDER_THAN(", Quoted(policy.column), ", INTERVAL ",
                policy.days, " DAY))");
}

std::string PrintTable(const TableDefinition& table) {
  std::string text = StrCat("CREATE TABLE ", PrintPath(table.name), " (\n");
  const auto line = [&text](const std::string& element) { text += StrCat("  ", element, ",\n"); };
  for (const ColumnDefinition& column : table.columns) line(PrintColumn(column));
  for (const ForeignKey& key : table.foreign_keys) line(PrintForeignKey(key));
  for (const CheckConstraint& check : table.checks) line(PrintCheck(check));
  for (const Identifier& synonym : table.synonyms) line(StrCat("SYNONYM(", Quoted(synonym), ")"));
  text += StrCat(") PRIMARY KEY(", Join(table.primary_key, ", ", PrintKeyColumn), ")");
  if (table.interleave) {
    const Interleave& interleave = *table.interleave;
    text += StrCat(",\n  INTERLEAVE IN ", interleave.in_parent ? "PARENT " : "",
                   PrintPath(interleave.parent));
    const bool no_action = interleave.in_parent && interleave.on_delete == OnDelete::kUnspecified;
    text += PrintOnDelete(no_action ? OnDelete::kNoAction : interleave.on_delete);
  }
  if (table.row_deletion_policy)
    text += StrCat(", ", PrintRowDeletionPolicy(*table.row_deletion_policy));
  const std::vector<Option> options = Given(table.options);
  if (!options.empty()) text += StrCat(",\n  OPTIONS (", Join(options, ", ", PrintOption), ")");
  return text;
}

std::string PrintIndex(const IndexDefinition& index) {
  std::string text = "CREATE ";
  if (index.unique) text += "UNIQUE ";
  if (index.null_filtered) text += "NULL_FILTERED ";
  if (index.kind == IndexKind::kSearch) text += "SEARCH ";
  if (index.kind == IndexKind::kVector) text += "VECTOR ";
  text += StrCat("INDEX ", PrintPath(index.name), " ON ", PrintPath(index.table), "(",
                 Join(index.columns, ", ", PrintKeyColumn), ")");
  if (!index.storing.empty()) text += StrCat(" STORING (", Names(index.storing), ")");
  if (!index.partition_by.empty()) text += StrCat(" PARTITION BY ", Names(index.partition_by));
  if (!index.order_by.empty())
    text += StrCat(" ORDER BY ", Join(index.order_by, ", ", PrintKeyColumn));
  const auto not_null = [](const Identifier& name) { return Quoted(name) + " IS NOT NULL"; };
  if (!index.not_null_columns.empty())
    text += StrCat(" WHERE ", Join(index.not_null_columns, " AND ", not_null));
  if (!index.interleave_in.empty())
    text += StrCat(", INTERLEAVE IN ", PrintPath(index.interleave_in));
  const std::vector<Option> options = Given(index.options);
  if (!options.empty()) text += StrCat(" OPTIONS (", Join(options, ", ", PrintOption), ")");
  return text;
}

std::string PrintView(const ViewDefinition& view) {
  std::string text = StrCat("CREATE VIEW ", PrintPath(view.name));
  if (view.security == SqlSecurity::kInvoker) text += " SQL SECURITY INVOKER";
  if (view.security == SqlSecurity::kDefiner) text += " SQL SECURITY DEFINER";
  return StrCat(text, " AS ", view.query.text);
}

std::string PrintSequence(const SequenceDefinition& sequence) {
  std::string text = StrCat("CREATE SEQUENCE ", PrintPath(sequence.name));
  const std::string clauses = PrintClauses(sequence.clauses);
  if (!clauses.empty()) text += StrCat(" ", clauses);
  const std::vector<Option> options = Given(sequence.options);
  if (!options.empty()) text += StrCat(" OPTIONS (\n  ", Join(options, ",\n  ", PrintOption), ")");
  return text;
}

std::string PrintChangeStream(const ChangeStreamDefinition& stream) {
  std::string text = StrCat("CREATE CHANGE STREAM ", PrintPath(stream.name));
  const auto tracked = [](const TrackedTable& table) {
    return table.all_columns ? PrintPath(table.table)
                             : StrCat(PrintPath(table.table), "(", Names(table.columns), ")");
  };
  if (stream.for_all) {
    text += " FOR ALL";
  } else if (!stream.tables.empty()) {
    text += StrCat(" FOR ", Join(stream.tables, ", ", tracked));
  }
  return text + OneLineOptions(stream.options);
}

std::string PrintSchema(const Path& name) { return StrCat("CREATE SCHEMA ", PrintPath(name)); }
std::string PrintRole(const Identifier& name) { return StrCat("CREATE ROLE ", Quoted(name)); }

std::string PrintGrant(const GrantBody& grant) {
  std::string text = "GRANT ";
  if (grant.target != GrantTarget::kRole)
    text += StrCat(Join(grant.privileges, ", ", PrintPrivilege), " ON ");
  const auto target = [&grant](const Path& path) {
    const bool schema =
        grant.target == GrantTarget::kSchema || grant.target >= GrantTarget::kAllTablesInSchema;
    return schema && Dotted(path) == "DEFAULT" ? std::string("DEFAULT") : PrintPath(path);
  };
  return StrCat(text, TargetWords(grant.target), Join(grant.targets, ", ", target), " TO ROLE ",
                Names(grant.roles));
}

std::string PrintDatabaseOptions(const Identifier& database, const std::vector<Option>& options) {
  return StrCat("ALTER DATABASE ", Quoted(database), " SET OPTIONS (",
                Join(Given(options), ", ", PrintOption), ")");
}

std::string PrintProtoBundle(const std::vector<Path>& types) {
  const auto line = [](const Path& path) { return StrCat("  ", PrintPath(path), ",\n"); };
  return StrCat("CREATE PROTO BUNDLE (\n", Join(types, "", line), ")");
}

std::string PrintStatement(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kCreateTable:
      return PrintTable(As<CreateTableStatement>(statement).table);
    case StatementKind::kCreateIndex:
      return PrintIndex(As<CreateIndexStatement>(statement).index);
    case StatementKind::kCreateView:
      return PrintView(As<CreateViewStatement>(statement).view);
    case StatementKind::kCreateSequence:
      return PrintSequence(As<CreateSequenceStatement>(statement).sequence);
    case StatementKind::kCreateChangeStream:
      return PrintChangeStream(As<CreateChangeStreamStatement>(statement).stream);
    case StatementKind::kCreateSchema:
      return PrintSchema(As<CreateSchemaStatement>(statement).name);
    case StatementKind::kCreateRole:
      return PrintRole(As<CreateRoleStatement>(statement).name);
    case StatementKind::kGrant:
      return PrintGrant(As<GrantStatement>(statement).body);
    case StatementKind::kCreateProtoBundle:
      return PrintProtoBundle(As<CreateProtoBundleStatement>(statement).types);
    case StatementKind::kAlterDatabase: {
      const auto& alter = As<AlterDatabaseStatement>(statement);
      return PrintDatabaseOptions(alter.name, alter.options);
    }
    default:
      return "";
  }
}

}  // namespace ks::sql
