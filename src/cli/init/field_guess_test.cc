#include "cli/init/field_guess.h"

#include <gtest/gtest.h>

#include "cli/init/proposal.h"

namespace ks::cli {
namespace {

std::string Types(const std::vector<std::string>& texts) {
  std::vector<nlohmann::ordered_json> objects;
  for (const std::string& text : texts) objects.push_back(nlohmann::ordered_json::parse(text));
  std::string types;
  for (const GuessedField& field : GuessFields(objects))
    types += (types.empty() ? "" : " ") + field.name + ":" + field.type;
  return types;
}

TEST(FieldGuessTest, TypesHoldEveryValueThatWasSeen) {
  EXPECT_EQ(Types({R"({"a": 1, "b": true, "c": "x", "d": 1.25})"}),
            "a:INT64 b:BOOL c:STRING d:NUMERIC");
  EXPECT_EQ(Types({R"({"a": 1})", R"({"a": 1.5})", R"({"a": null})"}), "a:NUMERIC");
  EXPECT_EQ(Types({R"({"a": 1.25})", R"({"a": 0.1234567890123})"}), "a:FLOAT64");
  EXPECT_EQ(Types({R"({"a": 1e300})"}), "a:FLOAT64");
  EXPECT_EQ(Types({R"({"a": 18446744073709551615})"}), "a:NUMERIC");
  EXPECT_EQ(Types({R"({"a": 1})", R"({"a": "x"})"}), "a:JSON");
  EXPECT_EQ(Types({R"({"a": {"x": 1}, "b": [], "c": null})"}), "a:JSON b:JSON c:JSON");
}

TEST(FieldGuessTest, TextsThatAreTimesAreTimesOnlyIfAllAre) {
  EXPECT_EQ(Types({R"({"a": "2026-01-01T00:00:00Z", "b": "2026-01-01", "c": "2026-01-01"})",
                   R"({"a": "2026-01-01T00:00:00.123456789+02:00", "b": "soon", "c": null})"}),
            "a:TIMESTAMP b:STRING c:DATE");
}

TEST(FieldGuessTest, ArraysHaveTheTypeOfAllElements) {
  EXPECT_EQ(Types({R"({"a": ["x", null], "b": [1], "c": [1, "x"], "d": [{"x": 1}]})",
                   R"({"a": [], "b": [2], "c": [], "d": []})"}),
            "a:ARRAY<STRING> b:ARRAY<INT64> c:JSON d:JSON");
}

TEST(FieldGuessTest, AFormatFitsAllSamples) {
  EXPECT_EQ(GuessPart({}).format, "");
  EXPECT_EQ(GuessPart({std::nullopt, R"({"a": 1})"}).format, "json");
  EXPECT_EQ(GuessPart({R"({"a": 1})", "[1]"}).format, "string");
  EXPECT_EQ(GuessPart({"ann", "bob"}).format, "string");
  EXPECT_EQ(GuessPart({std::string("\0\0\0\0\0\0\0\x2a", 8)}).format, "int64");
  EXPECT_EQ(GuessPart({"\xff\xfe", "a"}).format, "bytes");
  const GuessedPart framed = GuessPart({std::string("\0\0\0\0\x07{\"a\": 1}", 13)});
  EXPECT_TRUE(framed.framed);
  EXPECT_EQ(framed.format, "json");
}

TEST(FieldGuessTest, ChangeEventsHaveTheFieldsOfTheirRows) {
  const GuessedPart value =
      GuessPart({R"({"before": null, "after": {"id": 1}, "op": "c", "source": {}})",
                 R"({"before": {"id": 1, "x": "y"}, "after": null, "op": "d", "source": {}})"});
  EXPECT_EQ(value.format, "debezium");
  ASSERT_EQ(value.fields.size(), 2u);
  EXPECT_EQ(value.fields[1].name, "x");
  const GuessedPart key = GuessPart({R"({"schema": {}, "payload": {"id": 1}})"});
  EXPECT_EQ(key.format, "debezium");
  EXPECT_EQ(key.fields[0].name, "id");
}

TEST(FieldGuessTest, AKeyIsCalledAsTheFieldThatEqualsItInAllRecords) {
  EXPECT_EQ(KeyColumnName({"7", "8"}, {R"({"n": 7, "id": 7})", R"({"n": 1, "id": 8})"}), "id");
  EXPECT_EQ(KeyColumnName({"7"}, {R"({"n": 1})"}), "key");
  EXPECT_EQ(KeyColumnName({"7"}, {"text"}), "key");
}

TEST(FieldGuessTest, NamesBecomePascalCase) {
  EXPECT_EQ(PascalCase("user_id"), "UserId");
  EXPECT_EQ(PascalCase("user-signups.v1"), "UserSignupsV1");
  EXPECT_EQ(PascalCase("2fa"), "C2fa");
}

}  // namespace
}  // namespace ks::cli
