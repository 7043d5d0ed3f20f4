#include "cli/sql/error_place.h"

#include <gtest/gtest.h>

namespace ks::cli {
namespace {

TEST(ErrorPlace, IsReadFromBothForms) {
  const auto query = PlaceIn("Unrecognized name: x [at 12:8]\nSELECT ...");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->line, 12);
  EXPECT_EQ(query->column, 8);
  const auto ddl = PlaceIn(
      "Error parsing Spanner DDL statement: x : Syntax error on line 1, "
      "column 3: Encountered 'x'");
  ASSERT_TRUE(ddl.has_value());
  EXPECT_EQ(ddl->column, 3);
  EXPECT_FALSE(PlaceIn("Table not found: T").has_value());
}

TEST(ErrorPlace, IsMarkedBelowItsCharacter) {
  EXPECT_EQ(MarkPlace("SELECT x", {1, 8}), "  SELECT x\n         ^\n");
  EXPECT_EQ(MarkPlace("SELECT 1,\n\t'é' + x", {2, 8}), "  \t'é' + x\n  \t      ^\n");
  EXPECT_EQ(MarkPlace("SELECT", {1, 7}), "  SELECT\n        ^\n");  // the end
  EXPECT_EQ(MarkPlace("SELECT", {3, 1}), "");
}

}  // namespace
}  // namespace ks::cli
