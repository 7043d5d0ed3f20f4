#include "local/spanner/server/resource_names.h"

#include "gtest/gtest.h"

namespace ks::local {
namespace {

TEST(ResourceNames, Parts) {
  const auto session = ParseSession("projects/p/instances/i/databases/d/sessions/s");
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session->session, "s");
  EXPECT_EQ(session->database.database, "d");
  EXPECT_EQ(session->database.uri, "projects/p/instances/i/databases/d");
  EXPECT_EQ(session->database.instance.uri, "projects/p/instances/i");
  EXPECT_EQ(session->database.instance.project, "p");
}

TEST(ResourceNames, OthersAreRefused) {
  for (const char* uri : {"", "foo", "projects/p", "projects/p/instances/", "projects//instances/i",
                          "projects/p/instances/i/databases/d/x", "projects/p/instances/i/"}) {
    EXPECT_FALSE(ParseDatabase(uri).ok()) << uri;
  }
  EXPECT_EQ(ParseDatabase("foo").status().message(), "Invalid project uri: foo");
}

TEST(ResourceNames, Operations) {
  const auto name = ParseOperation("projects/p/instances/i/databases/d/operations/o");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->resource, "projects/p/instances/i/databases/d");
  EXPECT_EQ(name->operation, "o");
  EXPECT_FALSE(ParseOperation("projects/p/instances/i").ok());
}

TEST(ResourceNames, CreateDatabase) {
  EXPECT_EQ(*ParseCreateDatabase("CREATE DATABASE app"), "app");
  EXPECT_EQ(*ParseCreateDatabase(" create  database `my-db` ;"), "my-db");
  EXPECT_EQ(*ParseCreateDatabase("CREATE DATABASE`my-db`"), "my-db");
  EXPECT_EQ(ParseCreateDatabase("").status().message(), "Missing create_statement in the request.");
  EXPECT_FALSE(ParseCreateDatabase("CREATE DATABASE my-db").ok());
  EXPECT_FALSE(ParseCreateDatabase("CREATE TABLE app").ok());
  EXPECT_FALSE(ParseCreateDatabase("CREATE DATABASE `A-`").ok());
}

TEST(ResourceNames, Ids) {
  EXPECT_TRUE(CheckInstanceId("a1").ok());
  EXPECT_FALSE(CheckInstanceId("a").ok());
  EXPECT_FALSE(CheckInstanceId("a_b").ok());
  EXPECT_TRUE(CheckDatabaseId("a_b").ok());
  EXPECT_FALSE(CheckDatabaseId("a_").ok());
  EXPECT_TRUE(CheckOperationId("my_op").ok());
  EXPECT_FALSE(CheckOperationId("1-X").ok());
}

}  // namespace
}  // namespace ks::local
