// DDL text of schema objects, as Spanner's GetDatabaseDdl prints it.
//
// Expressions and queries come out as they were written; names get backticks where they need them;
// options that are NULL are left out. What is printed parses back to the same definition
// (ddl_test.cc). Pure functions.
#pragma once

#include <string>
#include <vector>

#include "sql/parser/ddl_ast.h"

namespace ks::sql {

std::string PrintPath(const Path& path);  // with backticks where needed
std::string PrintColumnType(const ColumnType& type);
std::string PrintColumn(const ColumnDefinition& column);  // without the comma
std::string PrintForeignKey(const ForeignKey& key);
std::string PrintCheck(const CheckConstraint& check);
std::string PrintRowDeletionPolicy(const RowDeletionPolicy& policy);
std::string PrintOptionValue(const OptionValue& value);

std::string PrintTable(const TableDefinition& table);
std::string PrintIndex(const IndexDefinition& index);
std::string PrintView(const ViewDefinition& view);
std::string PrintSequence(const SequenceDefinition& sequence);
std::string PrintChangeStream(const ChangeStreamDefinition& stream);
std::string PrintSchema(const Path& name);
std::string PrintRole(const Identifier& name);
std::string PrintGrant(const GrantBody& grant);
std::string PrintDatabaseOptions(const Identifier& database, const std::vector<Option>& options);
std::string PrintProtoBundle(const std::vector<Path>& types);

// Any statement that creates one of these, or a GRANT; empty for others.
std::string PrintStatement(const Statement& statement);

}  // namespace ks::sql
