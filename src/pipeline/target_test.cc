// What INFORMATION_SCHEMA's rows become.
#include "pipeline/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ks::pipeline {
namespace {

using sql::Value;
using testing::ElementsAre;
using Row = std::vector<Value>;

Value S(std::string_view text) { return Value::String(text); }
Value Null() { return Value::Null(sql::Type::String()); }

std::vector<std::vector<Row>> Rows() {
  const Value no = Value::Bool(false);
  const Value yes = Value::Bool(true);
  return {
      {{S("")}, {S("app")}},
      {{S(""), S("Users"), S("BASE TABLE"), Null()},
       {S("app"), S("Orders"), S("BASE TABLE"), S("Customers")},
       {S(""), S("Summary"), S("VIEW"), Null()}},
      {{S(""), S("Users"), S("Id"), S("STRING(36)"), S("NO"), no, S("NEVER")},
       {S(""), S("Users"), S("Tags"), S("ARRAY<STRING(MAX)>"), S("YES"), no, S("NEVER")},
       {S(""), S("Users"), S("Lower"), S("STRING(MAX)"), S("YES"), no, S("ALWAYS")},
       {S(""), S("Users"), S("At"), S("TIMESTAMP"), S("NO"), yes, S("NEVER")},
       {S("app"), S("Orders"), S("Id"), S("my.Proto"), S("NO"), no, S("NEVER")}},
      {{S(""), S("Users"), S("At"), S("allow_commit_timestamp"), S("TRUE")}},
      {{S(""), S("Users"), S("ByTags"), S("INDEX"), yes, S("Tags")},
       {S(""), S("Users"), S("ByTags"), S("INDEX"), yes, S("At")},
       {S(""), S("Users"), S("PRIMARY_KEY"), S("PRIMARY_KEY"), yes, S("Id")},
       {S("app"), S("Orders"), S("PRIMARY_KEY"), S("PRIMARY_KEY"), yes, S("Id")}},
  };
}

TEST(TargetSchemaTest, ReadsTablesColumnsKeysAndIndexes) {
  const auto schema = ParseTargetSchema(Rows());
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_THAT(schema->schemas, ElementsAre("", "app"));
  EXPECT_THAT(schema->TableNames(), ElementsAre("Users", "app.Orders", "Summary"));
  const TargetTable* users = schema->Find("USERS");
  ASSERT_NE(users, nullptr);
  EXPECT_THAT(users->primary_key, ElementsAre("Id"));
  ASSERT_EQ(users->columns.size(), 4u);
  EXPECT_EQ(users->columns[0].type, sql::Type::String());
  EXPECT_EQ(users->columns[0].spanner_type, "STRING(36)");
  EXPECT_TRUE(users->columns[0].not_null);
  EXPECT_EQ(users->columns[1].type, sql::Type::Array(sql::Type::String()));
  EXPECT_FALSE(users->columns[1].not_null);
  EXPECT_TRUE(users->columns[2].generated);
  EXPECT_TRUE(users->columns[3].has_default);
  EXPECT_TRUE(users->Find("at")->commit_timestamp);
  ASSERT_EQ(users->indexes.size(), 1u);
  EXPECT_THAT(users->indexes[0].columns, ElementsAre("Tags", "At"));
  EXPECT_TRUE(users->indexes[0].unique);
  EXPECT_EQ(schema->Find("app.Orders")->parent, "app.Customers");
  EXPECT_EQ(schema->Find("app.Orders")->columns[0].type, nullptr);  // a type that we do not know
  EXPECT_TRUE(schema->Find("Summary")->view);
}

TEST(TargetSchemaTest, RefusesRowsOfAnotherShape) {
  auto rows = Rows();
  rows[2][0].pop_back();
  EXPECT_FALSE(ParseTargetSchema(rows).ok());
  rows.pop_back();
  EXPECT_FALSE(ParseTargetSchema(rows).ok());
}

TEST(TargetSchemaTest, HasAQueryForEverySetOfRows) {
  EXPECT_EQ(SchemaQueries().size(), Rows().size());
}

}  // namespace
}  // namespace ks::pipeline
