#include "sql/eval/query.h"

#include <algorithm>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sql/analyzer/analyzer.h"
#include "sql/eval/dml.h"
#include "sql/eval/record_select.h"
#include "sql/parser/error_location.h"
#include "sql/testing/fake_table.h"
#include "sql/testing/wire_json.h"

namespace ks::sql {
namespace {

class QueryTest : public ::testing::Test {
 protected:
  QueryTest() {
    const std::vector<TableColumn> columns = {
        {"Id", Type::Int64(), true}, {"Name", Type::String()}, {"Ref", Type::Int64()}};
    a_ = &catalog_.Add(std::make_unique<FakeTable>("A", columns, std::vector<KeyPart>{{0, false}}));
    b_ = &catalog_.Add(std::make_unique<FakeTable>("B", columns, std::vector<KeyPart>{{0, false}}));
    b_->AddIndex("BByName", {{1, false}}, {});
    for (int64_t i = 0; i < 200; ++i) {
      b_->Put({Value::Int64(i), Value::String("n" + std::to_string(i % 50)), Value::Int64(i / 10)});
    }
    for (int64_t i = 0; i < 5; ++i)
      a_->Put({Value::Int64(i), Value::String("a"), Value::Int64(i * 20)});
  }

  // Rows as JSON, or the error's message.
  std::string Run(std::string_view sql) {
    auto result = RunQuery(sql, &catalog_);
    if (!result.ok()) return std::string(result.status().message());
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& row : result->rows) {
      nlohmann::json values = nlohmann::json::array();
      for (const Value& value : row) values.push_back(ToWireJson(value.type(), value.datum()));
      rows.push_back(std::move(values));
    }
    return rows.dump();
  }

  FakeCatalog catalog_;
  FakeTable* a_;
  FakeTable* b_;
};

TEST_F(QueryTest, PointReadDoesNotScan) {
  EXPECT_EQ(Run("SELECT Name FROM B WHERE Id = 7"), R"([["n7"]])");
  EXPECT_EQ(b_->rows_read, 1);
}

TEST_F(QueryTest, InListAndRangeReadOnlyTheirKeys) {
  EXPECT_EQ(Run("SELECT Id FROM B WHERE Id IN (5, 3, 3)"), R"([["3"],["5"]])");
  EXPECT_EQ(b_->rows_read, 2);
  EXPECT_EQ(Run("SELECT COUNT(*) FROM B WHERE Id > 10 AND Id <= 20"), R"([["10"]])");
  EXPECT_EQ(b_->rows_read, 12);
}

TEST_F(QueryTest, IndexIsUsedAndBaseRowsLookedUp) {
  EXPECT_EQ(Run("SELECT Id, Ref FROM B WHERE Name = 'n3' ORDER BY Id"),
            R"([["3","0"],["53","5"],["103","10"],["153","15"]])");
  EXPECT_EQ(b_->rows_read, 8);
}

TEST_F(QueryTest, JoinOnKeyLooksUp) {
  EXPECT_EQ(Run("SELECT a.Id, b.Name FROM A a JOIN B b ON b.Id = a.Ref ORDER BY 1"),
            R"([["0","n0"],["1","n20"],["2","n40"],["3","n10"],["4","n30"]])");
  EXPECT_EQ(b_->rows_read, 5);
}

TEST_F(QueryTest, LeftJoinKeepsRowsWithoutPartner) {
  EXPECT_EQ(
      Run("SELECT a.Id, b.Id FROM A a LEFT JOIN B b ON b.Id = a.Ref AND b.Id > 50 ORDER BY 1"),
      R"([["0",null],["1",null],["2",null],["3","60"],["4","80"]])");
}

TEST_F(QueryTest, OrderOfTheKeyNeedsNoSort) {
  auto analyzed = AnalyzeStatement("SELECT Id FROM B ORDER BY Id LIMIT 3", {.catalog = &catalog_});
  ASSERT_TRUE(analyzed.ok()) << analyzed.status();
  auto cursor = OpenQuery(*analyzed->query, {});
  ASSERT_TRUE(cursor.ok());
  EXPECT_EQ(ToText((*cursor)->Explain()).find("Sort"), std::string::npos);
}

TEST_F(QueryTest, LastRowsOfTheKeyReadNoMore) {
  EXPECT_EQ(Run("SELECT Id FROM B ORDER BY Id DESC LIMIT 2"), R"([["199"],["198"]])");
  EXPECT_EQ(b_->rows_read, 2);
  EXPECT_EQ(Run("SELECT Id, Name FROM B WHERE Id < 100 ORDER BY Id DESC LIMIT 2 OFFSET 1"),
            R"([["98","n48"],["97","n47"]])");
  EXPECT_EQ(b_->rows_read, 2 + 16);  // one batch
}

// The index gives names; Ref comes from the base table, row by row.
TEST_F(QueryTest, FirstAndLastRowsOfAnIndexReadNoMore) {
  EXPECT_EQ(Run("SELECT Name, Id, Ref FROM B ORDER BY Name, Id LIMIT 2"),
            R"([["n0","0","0"],["n0","50","5"]])");
  EXPECT_EQ(b_->rows_read, 4);
  EXPECT_EQ(Run("SELECT Name, Id, Ref FROM B ORDER BY Name DESC, Id DESC LIMIT 2"),
            R"([["n9","159","15"],["n9","109","10"]])");
  EXPECT_EQ(b_->rows_read, 8);
  EXPECT_EQ(Run("SELECT Id FROM B WHERE Name = 'n7' ORDER BY Id DESC LIMIT 1"), R"([["157"]])");
  EXPECT_EQ(b_->rows_read, 8 + 4);
}

// Keys may hold NULL: the row behind such an index entry was lost.
TEST_F(QueryTest, IndexFindsRowsWithNullInTheirKey) {
  FakeTable& c = catalog_.Add(std::make_unique<FakeTable>(
      "C",
      std::vector<TableColumn>{{"K", Type::Int64()}, {"V", Type::Int64()}, {"W", Type::Int64()}},
      std::vector<KeyPart>{{0, false}}));
  c.AddIndex("CByV", {{1, false}}, {});
  c.Put({Value::Null(Type::Int64()), Value::Int64(7), Value::Int64(8)});
  c.Put({Value::Int64(1), Value::Int64(7), Value::Int64(9)});
  EXPECT_EQ(Run("SELECT K, W FROM C WHERE V = 7 ORDER BY W"), R"([[null,"8"],["1","9"]])");
}

// A condition may leave few of the rows that the index gives: each would cost a lookup.
TEST_F(QueryTest, ConditionsKeepTheOrderOfAnIndexFromBeingUsedForWhatItLacks) {
  EXPECT_EQ(Run("SELECT Name FROM B WHERE Ref = 19 ORDER BY Name LIMIT 1"), R"([["n40"]])");
  EXPECT_EQ(b_->rows_read, 200);
}

TEST_F(QueryTest, MixedDirectionsAreSorted) {
  EXPECT_EQ(Run("SELECT Name, Id FROM B ORDER BY Name DESC, Id LIMIT 2"),
            R"([["n9","9"],["n9","59"]])");
  EXPECT_EQ(b_->rows_read, 200);
}

TEST_F(QueryTest, MinAndMaxOfAKeyReadOneBatch) {
  EXPECT_EQ(Run("SELECT MAX(Id) FROM B"), R"([["199"]])");
  EXPECT_EQ(Run("SELECT MIN(Id) FROM B WHERE Id > 20"), R"([["21"]])");
  EXPECT_EQ(Run("SELECT MAX(Name) FROM B"), R"([["n9"]])");
  EXPECT_EQ(Run("SELECT MAX(Id) FROM B WHERE Id < 0"), R"([[null]])");
  EXPECT_EQ(b_->rows_read, 3 * 16);
}

TEST_F(QueryTest, MinSkipsNulls) {
  a_->AddIndex("AByRef", {{2, false}}, {});
  a_->Put({Value::Int64(9), Value::String("z"), Value::Null(Type::Int64())});
  EXPECT_EQ(Run("SELECT MIN(Ref) FROM A"), R"([["0"]])");
  EXPECT_EQ(Run("SELECT MAX(Ref) FROM A"), R"([["80"]])");
}

// Ref has no index: B is read once as it comes and once to be kept, however many rows A has.
TEST_F(QueryTest, CorrelatedSubqueriesWithoutIndexReadTheTableTwiceAtMost) {
  for (const char* sql :
       {"SELECT Id FROM A WHERE NOT EXISTS (SELECT 1 FROM B WHERE B.Ref = A.Id) ORDER BY Id",
        "SELECT Id FROM A WHERE (SELECT COUNT(*) FROM B WHERE B.Ref = A.Id AND B.Id > A.Ref) = 0",
        "SELECT Id FROM A WHERE Id NOT IN (SELECT b.Ref FROM B b WHERE b.Ref = A.Id)"}) {
    b_->rows_read = 0;
    EXPECT_NE(Run(sql), "") << sql;
    EXPECT_LE(b_->rows_read, 400) << sql;
  }
  EXPECT_EQ(Run("SELECT Id, (SELECT COUNT(*) FROM B WHERE B.Ref = A.Ref) FROM A ORDER BY Id"),
            R"([["0","10"],["1","0"],["2","0"],["3","0"],["4","0"]])");
}

TEST_F(QueryTest, NestedJoinsArePlannedOnce) {
  std::string sql = "SELECT COUNT(*) FROM A t0";
  for (int i = 1; i <= 15; ++i) {
    const std::string name = "t" + std::to_string(i);
    sql += " JOIN B " + name + " ON " + name + ".Id = t" + std::to_string(i - 1) + ".Id";
  }
  EXPECT_EQ(Run(sql), R"([["5"]])");
}

TEST_F(QueryTest, WhoeverNobodyWaitsForStopsInsideJoinsAndUnnest) {
  for (const char* sql : {"SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 3000)) a "
                          "JOIN UNNEST(GENERATE_ARRAY(1, 3000)) b ON a + b < 0",
                          "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 8000)) a"}) {
    int asked = 0;
    ExecuteOptions options;
    options.check_alive = [&asked] {
      return ++asked > 3 ? absl::CancelledError("gone") : absl::OkStatus();
    };
    EXPECT_EQ(RunQuery(sql, &catalog_, options).status().code(), absl::StatusCode::kCancelled)
        << sql;
  }
}

TEST_F(QueryTest, SortUnderALimitKeepsTheFirstRowsOnly) {
  ExecuteOptions options;
  options.memory_limit_bytes = 4 << 20;
  const std::string all =
      "SELECT x FROM UNNEST(GENERATE_ARRAY(1, 900)) a, UNNEST(GENERATE_ARRAY(1, 200)) b, "
      "UNNEST([a * 1000 + b]) x ORDER BY MOD(x * 7919, 1000003), x";
  auto first = RunQuery(all + " LIMIT 3 OFFSET 1", &catalog_, options);
  ASSERT_TRUE(first.ok()) << first.status();
  options.memory_limit_bytes = kQueryMemoryBytesMax;
  auto whole = RunQuery(all, &catalog_, options);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_EQ(first->rows.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(first->rows[i], whole->rows[i + 1]);
}

TEST_F(QueryTest, CorrelatedSubqueryByKey) {
  EXPECT_EQ(
      Run("SELECT Id, (SELECT Name FROM B WHERE B.Id = A.Ref) FROM A WHERE Id < 2 ORDER BY Id"),
      R"([["0","n0"],["1","n20"]])");
  EXPECT_EQ(b_->rows_read, 2);
}

// Long sorts go by pieces: rows with equal keys stay in order, and who is gone stops it between.
TEST_F(QueryTest, ALongSortIsStableAndMayBeStopped) {
  const std::string rows =
      "SELECT MOD(a * 7919 + b * 31, 1000) AS k, a * 1000 + b AS v "
      "FROM UNNEST(GENERATE_ARRAY(1, 500)) a, UNNEST(GENERATE_ARRAY(0, 399)) b";
  int asked = 0;
  ExecuteOptions options;
  options.check_alive = [&asked] {
    ++asked;
    return absl::OkStatus();
  };
  auto wanted = RunQuery(rows, &catalog_, options);
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  const int asked_by_rows = asked;
  std::stable_sort(wanted->rows.begin(), wanted->rows.end(), [](const auto& a, const auto& b) {
    return a[0].datum().int64() < b[0].datum().int64();
  });
  auto sorted = RunQuery(rows + " ORDER BY k", &catalog_, options);
  ASSERT_TRUE(sorted.ok()) << sorted.status();
  EXPECT_TRUE(sorted->rows == wanted->rows);
  asked = 0;
  options.check_alive = [&] {
    return ++asked > asked_by_rows + 1 ? absl::CancelledError("gone") : absl::OkStatus();
  };
  EXPECT_EQ(RunQuery(rows + " ORDER BY k", &catalog_, options).status().code(),
            absl::StatusCode::kCancelled);
}

// The question goes down to the network: asked at each lookup it took most of the time.
TEST_F(QueryTest, LookupsSeldomAskWhetherAnybodyWaits) {
  const std::string sql =
      "SELECT COUNT(*) FROM B WHERE EXISTS (SELECT 1 FROM A WHERE A.Id = B.Ref)";
  int asked = 0;
  ExecuteOptions options;
  options.check_alive = [&asked] {
    ++asked;
    return absl::OkStatus();
  };
  ASSERT_TRUE(RunQuery(sql, &catalog_, options).ok());
  EXPECT_GE(asked, 2);
  EXPECT_LE(asked, 10);
  options.check_alive = [] { return absl::CancelledError("gone"); };
  EXPECT_EQ(RunQuery(sql, &catalog_, options).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(QueryTest, ErrorsSayWhere) {
  EXPECT_EQ(Run("SELECT foo FROM A"),
            "Unrecognized name: foo [at 1:8]\nSELECT foo FROM A\n       ^");
  EXPECT_EQ(Run("SELECT * FROM X"),
            "Table not found: X [at 1:15]\nSELECT * FROM X\n              ^");
}

TEST_F(QueryTest, UpdateGivesRowsAndReturns) {
  auto analyzed =
      AnalyzeStatement("UPDATE A SET Name = CONCAT(Name, 'x') WHERE Id = 2 THEN RETURN Id, Name",
                       {.catalog = &catalog_});
  ASSERT_TRUE(analyzed.ok()) << analyzed.status();
  auto plan = DmlPlan::Make(*analyzed->dml, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  auto rows = (*plan)->Rows();
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(*(*rows)[0].values[0], Value::String("ax"));
  EXPECT_EQ((*rows)[0].old_row[0], Value::Int64(2));
  EXPECT_EQ(a_->rows_read, 1);
  auto returned =
      (*plan)->Returned({Value::Int64(2), Value::String("ax"), Value::Int64(40)}, "UPDATE");
  ASSERT_TRUE(returned.ok());
  EXPECT_EQ((*returned)[1], Value::String("ax"));
}

TEST_F(QueryTest, InsertWithDefault) {
  auto analyzed = AnalyzeStatement("INSERT INTO A (Id, Name) VALUES (1, 'x'), (2, DEFAULT)",
                                   {.catalog = &catalog_});
  ASSERT_TRUE(analyzed.ok()) << analyzed.status();
  auto plan = DmlPlan::Make(*analyzed->dml, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  auto rows = (*plan)->Rows();
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(*(*rows)[0].values[1], Value::String("x"));
  EXPECT_FALSE((*rows)[1].values[1].has_value());
}

TEST(RecordSelectTest, FanOutKeepsTheRecordOfEachRowAndOfErrors) {
  const std::vector<RecordSource> sources = {
      {"s", {{"id", Type::Int64()}, {"xs", Type::Array(Type::Int64())}}}};
  auto select =
      AnalyzeSelect("SELECT id, 10 / x AS y FROM s, UNNEST(xs) AS x WHERE x != 5", sources);
  ASSERT_TRUE(select.ok()) << select.status();
  auto program = RecordSelect::Compile(*select);
  ASSERT_TRUE(program.ok()) << program.status();
  Arena arena;
  EvalContext context(arena);
  const Datum ids[] = {Datum::Int64(1), Datum::Int64(2), Datum::Int64(3)};
  const Datum first[] = {Datum::Int64(2), Datum::Int64(5)};
  const Datum second[] = {Datum::Int64(1), Datum::Int64(0)};
  const Datum arrays[] = {Datum::Elements(first), Datum::Elements(second), Datum::Null()};
  const Column inputs[] = {{ids, false}, {arrays, false}};
  RecordSelect::Result result;
  (*program)->Run(context, AllRows(3), inputs, &result);
  ASSERT_EQ(result.rows.size(), 1u);
  EXPECT_EQ(result.records[result.rows[0]], 0u);
  EXPECT_EQ(result.columns[1].at(result.rows[0]).float64(), 5.0);
  ASSERT_EQ(context.errors().size(), 1u);
  EXPECT_EQ(context.errors()[0].first, 1u);
}

}  // namespace
}  // namespace ks::sql
