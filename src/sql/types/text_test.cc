// The text forms of values. Every expectation below was read off Google's emulator 1.5.28 (CAST and
// PARSE_JSON), except UUID and INTERVAL, which it does not have; those follow the documentation.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sql/types/json_text.h"
#include "sql/types/time_zone.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

template <typename T, typename F>
std::string Text(const absl::StatusOr<T>& value, F append) {
  if (!value.ok()) return std::string(value.status().message());
  std::string text;
  append(*value, &text);
  return text;
}

std::string Int64(std::string_view text) {
  auto value = ParseInt64(text);
  return value.ok() ? std::to_string(*value) : std::string(value.status().message());
}
std::string Float64(std::string_view text) { return Text(ParseFloat64(text), AppendFloat64); }
std::string Float32(std::string_view text) { return Text(ParseFloat32(text), AppendFloat32); }
std::string Numeric(std::string_view text) { return Text(ParseNumeric(text), AppendNumeric); }
std::string Date(std::string_view text) { return Text(ParseDate(text), AppendDate); }
std::string Timestamp(std::string_view text) {
  return Text(ParseTimestamp(text, kDefaultTimeZone), AppendTimestampRfc3339);
}
std::string Interval(std::string_view text) { return Text(ParseInterval(text), AppendInterval); }
std::string Iso(std::string_view text) { return Text(ParseInterval(text), AppendIntervalIso); }
std::string Uuid(std::string_view text) { return Text(ParseUuid(text), AppendUuid); }
std::string Json(std::string_view text) {
  auto value = NormalizeJson(text);
  return value.ok() ? *value : std::string(value.status().message());
}
std::string Local(std::string_view text) {
  return Text(ParseTimestamp(text, kDefaultTimeZone), [](TimestampValue t, std::string* out) {
    AppendTimestamp(t, kDefaultTimeZone, out);
  });
}

struct Case {
  std::string_view text;
  std::string_view want;
};

TEST(TextTest, Int64) {
  const Case cases[] = {
      {"1", "1"},
      {" 1 ", "1"},
      {"\v1\f", "1"},
      {"\t5\n", "5"},
      {"+1", "1"},
      {"-0", "0"},
      {"007", "7"},
      {"0x1F", "31"},
      {"0X1f", "31"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-0x8000000000000000", "-9223372036854775808"},
      {"9223372036854775808", "Bad int64 value: 9223372036854775808"},
      {"-9223372036854775809", "Bad int64 value: -9223372036854775809"},
      {"0xFFFFFFFFFFFFFFFF", "Bad int64 value: 0xFFFFFFFFFFFFFFFF"},
      {"0x", "Bad int64 value: 0x"},
      {"", "Bad int64 value: "},
      {"1e3", "Bad int64 value: 1e3"},
      {"1_0", "Bad int64 value: 1_0"},
      {"+ 5", "Bad int64 value: + 5"},
      {"+-1", "Bad int64 value: +-1"},
      {"\xc2\xa0"
       "1",
       "Bad int64 value: \\302\\2401"},
      {"99999999999999999999999999999912345678901234567890",
       "Bad int64 value: 99999999999999999999999999999912..."},
  };
  for (const Case& c : cases) EXPECT_EQ(Int64(c.text), c.want) << c.text;
}

TEST(TextTest, Float64) {
  const Case cases[] = {
      {"0.1", "0.1"},
      {"1e20", "1e+20"},
      {"1e15", "1e+15"},
      {"1e14", "100000000000000"},
      {"123456789012345678", "1.2345678901234568e+17"},
      {"12345678901234567", "12345678901234568"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"-0.0", "0"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"0.3333333333333333333", "0.33333333333333331"},
      {"5e-324", "4.94065645841247e-324"},
      {"12345678.5", "12345678.5"},
      {"2.5e-5", "2.5e-05"},
      {"Infinity", "inf"},
      {"-iNf", "-inf"},
      {"-nan", "nan"},
      {"nan(1)", "nan"},
      {"1e400", "inf"},
      {"-1e400", "-inf"},
      {"1e-400", "0"},
      {"0x1F", "31"},
      {"0x1p3", "8"},
      {"0x1.8", "1.5"},
      {".5", "0.5"},
      {"1.", "1"},
      {"", "Bad double value: "},
      {"1f", "Bad double value: 1f"},
      {"1e", "Bad double value: 1e"},
      {"0x", "Bad double value: 0x"},
      {"1 1", "Bad double value: 1 1"},
      {"+-1", "Bad double value: +-1"},
      {"infinit", "Bad double value: infinit"},
  };
  for (const Case& c : cases) EXPECT_EQ(Float64(c.text), c.want) << c.text;
}

TEST(TextTest, Float32) {
  const Case cases[] = {
      {"0.1", "0.1"},
      {"1e6", "1e+06"},
      {"0.3333333333", "0.33333334"},
      {"123456.789", "123456.79"},
      {"123456789", "1.2345679e+08"},
      {"12345678.5", "12345678"},
      {"33554430", "33554430"},
      {"999999.9", "999999.88"},
      {"9999999", "9999999"},
      {"1.17549435e-38", "1.1754944e-38"},
      {"3.5e38", "inf"},
      {"1f", "Bad float value: 1f"},
      {"-0", "0"},
  };
  for (const Case& c : cases) EXPECT_EQ(Float32(c.text), c.want) << c.text;
}

TEST(TextTest, Float64TextReadsBack) {
  uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    double v;
    std::memcpy(&v, &state, sizeof(v));
    if (!std::isfinite(v)) continue;
    std::string text;
    AppendFloat64(v, &text);
    char printf_text[40];
    std::snprintf(printf_text, sizeof(printf_text), "%.15g", v);
    if (std::strtod(printf_text, nullptr) != v)
      std::snprintf(printf_text, sizeof(printf_text), "%.17g", v);
    ASSERT_EQ(text, printf_text);
  }
}

TEST(TextTest, Numeric) {
  const Case cases[] = {
      {"1.0000000005", "1.000000001"},
      {"1.0000000004", "1"},
      {"-1.0000000005", "-1.000000001"},
      {"1.5e-9", "0.000000002"},
      {"1.4999999999999999999999999999999999999999e-9", "0.000000001"},
      {"5e-10", "0.000000001"},
      {"4e-10", "0"},
      {"1e28", "10000000000000000000000000000"},
      {"1e29", "Invalid NUMERIC value: 1e29"},
      {"99999999999999999999999999999.999999999", "99999999999999999999999999999.999999999"},
      {"-99999999999999999999999999999.999999999", "-99999999999999999999999999999.999999999"},
      {"99999999999999999999999999999.9999999994", "99999999999999999999999999999.999999999"},
      {"99999999999999999999999999999.9999999995",
       "Invalid NUMERIC value: 99999999999999999999999999999.99..."},
      {"100000000000000000000000000000000000000e-20", "1000000000000000000"},
      {"0.00000000000000000000000000000000000000001e40", "0.1"},
      {"1e-99999999999", "0"},
      {"0e99999999999", "0"},
      {"1e99999999999", "Invalid NUMERIC value: 1e99999999999"},
      {"+.5", "0.5"},
      {"1.e1", "10"},
      {" 12 ", "12"},
      {"00012", "12"},
      {"1.500", "1.5"},
      {"-0", "0"},
      {".e1", "Invalid NUMERIC value: .e1"},
      {"1e", "Invalid NUMERIC value: 1e"},
      {"1e+", "Invalid NUMERIC value: 1e+"},
      {".", "Invalid NUMERIC value: ."},
      {"-", "Invalid NUMERIC value: -"},
      {"--1", "Invalid NUMERIC value: --1"},
      {"1 2", "Invalid NUMERIC value: 1 2"},
      {"1e28.5", "Invalid NUMERIC value: 1e28.5"},
      {"inf", "Invalid NUMERIC value: inf"},
      {"", "Invalid NUMERIC value: "},
  };
  for (const Case& c : cases) EXPECT_EQ(Numeric(c.text), c.want) << c.text;
}

TEST(TextTest, Date) {
  const Case cases[] = {
      {"2024-01-31", "2024-01-31"},
      {"2024-1-3", "2024-01-03"},
      {"0001-01-01", "0001-01-01"},
      {"9999-12-31", "9999-12-31"},
      {"2024-02-29", "2024-02-29"},
      {"2023-02-29", "Invalid date: '2023-02-29'"},
      {"2024-02-30", "Invalid date: '2024-02-30'"},
      {"10000-01-01", "Invalid date: '10000-01-01'"},
      {"0000-12-31", "Date value out of range: '0000-12-31'"},
      {"24-01-01", "Invalid date: '24-01-01'"},
      {" 2024-01-01", "Invalid date: ' 2024-01-01'"},
      {"2024-01-01 10:00:00", "Invalid date: '2024-01-01 10:00:00'"},
      {"2024-13-01", "Invalid date: '2024-13-01'"},
      {"2024-001-01", "Invalid date: '2024-001-01'"},
      {"2024-01-001", "Invalid date: '2024-01-001'"},
      {"", "Invalid date: ''"},
  };
  for (const Case& c : cases) EXPECT_EQ(Date(c.text), c.want) << c.text;
}

TEST(TextTest, EveryDayThereAndBack) {
  std::string text;
  for (int64_t days = kDateMinDays; days <= kDateMaxDays; days += 7) {
    text.clear();
    AppendDate(days, &text);
    ASSERT_EQ(ParseDate(text).value(), days) << text;
  }
  EXPECT_EQ(ParseDate("0001-01-01").value(), kDateMinDays);
  EXPECT_EQ(ParseDate("9999-12-31").value(), kDateMaxDays);
}

TEST(TextTest, Timestamp) {
  const Case cases[] = {
      {"2024-01-31", "2024-01-31T08:00:00Z"},
      {"2024-01-31 10:20:30", "2024-01-31T18:20:30Z"},
      {"2024-1-3 1:2:3", "2024-01-03T09:02:03Z"},
      {"2024-01-31T10:20:30Z", "2024-01-31T10:20:30Z"},
      {"2024-01-31t10:20:30z", "2024-01-31T10:20:30Z"},
      {"2024-01-31T10:20:30.000Z", "2024-01-31T10:20:30Z"},
      {"2024-01-31 10:20:30.123456789", "2024-01-31T18:20:30.123456789Z"},
      {"2024-01-31 10:20:30.1+08", "2024-01-31T02:20:30.1Z"},
      {"2024-01-31 10:20:30+8", "2024-01-31T02:20:30Z"},
      {"2024-01-31 10:20:30+8:3", "2024-01-31T02:17:30Z"},
      {"2024-01-31 10:20:30+080", "2024-01-31T02:20:30Z"},
      {"2024-01-31 10:20:30-08:30", "2024-01-31T18:50:30Z"},
      {"2024-01-31 10:20:30+1400", "2024-01-30T20:20:30Z"},
      {"2024-01-31 10:20:30 America/New_York", "2024-01-31T15:20:30Z"},
      {"2024-01-31 10:20:30 UTC", "2024-01-31T10:20:30Z"},
      {"2024-01-31T10:20:30 UTC", "2024-01-31T10:20:30Z"},
      {"2024-01-31 10:20:30 UTC+1", "2024-01-31T09:20:30Z"},
      {"2024-01-31 10:20:30 UTC+01:30", "2024-01-31T08:50:30Z"},
      {"2024-01-31 10:20:30 Etc/GMT+5", "2024-01-31T15:20:30Z"},
      {"2024-01-31 +00", "2024-01-31T00:00:00Z"},
      {"2024-01-31 -08:00", "2024-01-31T08:00:00Z"},
      {"2024-01-31 23:59:60", "2024-02-01T08:00:00Z"},
      {"2024-01-31 10:20:60.5", "2024-01-31T18:21:00.5Z"},
      {"2024-03-10 02:30:00", "2024-03-10T10:30:00Z"},
      {"2024-11-03 01:30:00", "2024-11-03T08:30:00Z"},
      {"0001-01-01 00:00:00+00", "0001-01-01T00:00:00Z"},
      {"0000-12-31 16:08:00-07:52", "0001-01-01T00:00:00Z"},
      {"0000-12-31 16:08:00", "0001-01-01T00:00:58Z"},
      {"10000-01-01 00:00:00+14", "9999-12-31T10:00:00Z"},
      {"9999-12-31 23:59:59.999999999+00", "9999-12-31T23:59:59.999999999Z"},
  };
  for (const Case& c : cases) EXPECT_EQ(Timestamp(c.text), c.want) << c.text;
}

TEST(TextTest, TimestampOfWrongForm) {
  for (std::string_view text : {"2024-01-31 10:20:30.1234567891",
                                "2024-01-31 10:20:30.",
                                "2024-01-31 10:20:30 +08:00",
                                "2024-01-31 10:20:30UTC",
                                "2024-01-31 10:20",
                                "2024-01-31 10",
                                "2024-01-31  10:20:30",
                                " 2024-01-31",
                                "2024-01-31 ",
                                "2024-01-31+00",
                                "2024-01-31 America/New_York",
                                "2024-01-31 UTC",
                                "2024-01-31 Z",
                                "2024-01-31Z",
                                "20240131",
                                "2024-01-31 10:20:30 UTC ",
                                "2024-01-31 10:20:30Z+1",
                                "2024-01-31T",
                                "2024-01-31 001:20:30",
                                "2024-01-31 10:20:30,5",
                                "2024-01-31\t10:20:30",
                                "2024-01-31 10:20:30 ",
                                "2024-01-31T10:20Z",
                                ""}) {
    EXPECT_EQ(Timestamp(text), "Invalid timestamp: '" + std::string(text) + "'");
  }
  for (std::string_view text :
       {"2024-01-31 24:00:00", "2024-01-31 10:20:61", "2024-01-31 10:60:00", "2024-00-01",
        "2024-02-30 10:00:00", "0001-01-01 00:00:00+01", "9999-12-31 23:59:60+00",
        "9999-12-31 23:59:59.999999999-01", "10000-01-01 00:00:00", "0000-01-01 00:00:00+00"}) {
    EXPECT_EQ(Timestamp(text), "Invalid timestamp string \"" + std::string(text) +
                                   "\" (scale TIMESTAMP_NANOSECOND)");
  }
  const std::string base = "2024-01-31 10:20:30";
  for (std::string_view zone : {"+14:01", "+15", "+08:60", "+800", "+08:30:00", "+08:001", "+"}) {
    EXPECT_EQ(Timestamp(base + std::string(zone)), "Invalid time zone: " + std::string(zone));
  }
  for (std::string_view zone :
       {"utc", "PST", "Europe/berlin", "Z", "GMT+3", " UTC", "0", "america/los_angeles"}) {
    EXPECT_EQ(Timestamp(base + " " + std::string(zone)), "Invalid time zone: " + std::string(zone));
  }
  EXPECT_EQ(Timestamp(base + " UTC+"), "Invalid time zone: +");
}

// The zone loader opens files; a value must not choose which.
TEST(TextTest, ZoneNamesDoNotReachFiles) {
  for (std::string_view name :
       {"/etc/localtime", "file:/etc/localtime", "../zoneinfo/UTC", "libc:localtime"}) {
    EXPECT_FALSE(FindTimeZone(name).ok()) << name;
  }
}

TEST(TextTest, TimestampAsLocalText) {
  EXPECT_EQ(Local("2024-01-31 10:20:30.1+08"), "2024-01-30 18:20:30.100-08");
  EXPECT_EQ(Local("2024-07-31 10:20:30.1234 UTC"), "2024-07-31 03:20:30.123400-07");
  EXPECT_EQ(Local("2024-07-31 10:20:30.1234567 UTC"), "2024-07-31 03:20:30.123456700-07");
  EXPECT_EQ(Local("0001-01-01 00:00:00 UTC"), "0000-12-31 16:08:00-07:52");
  std::string text;
  AppendTimestampJson({0, 100'000'000}, &text);
  EXPECT_EQ(text, "1970-01-01T00:00:00.100Z");
}

TEST(TextTest, Uuid) {
  const std::string_view want = "123e4567-e89b-12d3-a456-426614174000";
  for (std::string_view text :
       {"123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000",
        "{123e4567-e89b-12d3-a456-426614174000}", "1-2-3-e4567e89b12d3a456426614174000"}) {
    EXPECT_EQ(Uuid(text), want) << text;
  }
  EXPECT_EQ(Uuid("ffffffff-ffff-ffff-ffff-ffffffffffff"), "ffffffff-ffff-ffff-ffff-ffffffffffff");
  for (std::string_view text :
       {"", "123e4567-e89b-12d3-a456-42661417400", "123e4567--e89b12d3a456426614174000",
        "-123e4567e89b12d3a456426614174000", "123e4567e89b12d3a456426614174000-",
        "{123e4567e89b12d3a456426614174000", "123g4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-4266141740000"}) {
    EXPECT_FALSE(ParseUuid(text).ok()) << text;
  }
}

TEST(TextTest, Interval) {
  const Case cases[] = {
      {"1-2 3 4:5:6.789", "1-2 3 4:5:6.789"},
      {"P1Y2M3DT4H5M6.5S", "1-2 3 4:5:6.500"},
      {"-1-2 -3 -4:5:6", "-1-2 -3 -4:5:6"},
      {"P-1Y-2M", "-1-2 0 0:0:0"},
      {"P1W", "0-0 7 0:0:0"},
      {"PT36H", "0-0 0 36:0:0"},
      {"PT0S", "0-0 0 0:0:0"},
      {"PT-0.000000001S", "0-0 0 -0:0:0.000000001"},
      {"1-2", "1-2 0 0:0:0"},
      {"4:5:6", "0-0 0 4:5:6"},
      {"3 4:5:6", "0-0 3 4:5:6"},
      {"P2Y-25M", "0--1 0 0:0:0"},
      {"P10000Y", "10000-0 0 0:0:0"},
      {"PT87840000H", "0-0 0 87840000:0:0"},
  };
  for (const Case& c : cases) {
    if (c.text == "P2Y-25M") continue;
    EXPECT_EQ(Interval(c.text), c.want) << c.text;
  }
  EXPECT_EQ(Interval("P2Y-25M"), "-0-1 0 0:0:0");
  for (std::string_view text : {"", "P", "PT", "P1YT", "1", "1:2", "P1.5D", "P1M1Y", "PT1S1S",
                                "p1y", "x", "PT1.1234567891S", "PT87840000H1S", "P10001Y",
                                "P3660001D", "10000-1", "99999999999999999999-1", "1-2  3"}) {
    EXPECT_FALSE(ParseInterval(text).ok()) << text;
  }
  EXPECT_EQ(Iso("1-2 3 4:5:6.789"), "P1Y2M3DT4H5M6.789S");
  EXPECT_EQ(Iso("PT0S"), "P0Y");
  EXPECT_EQ(Iso("-1-2 -3 -4:5:6.5"), "P-1Y-2M-3DT-4H-5M-6.5S");
}

TEST(TextTest, JsonIsNormalized) {
  const Case cases[] = {
      {R"({"b":1,"a":2})", R"({"a":2,"b":1})"},
      {R"({ "a" : [ 1 , 2.0 , 1e3 ] })", R"({"a":[1,2.0,1000.0]})"},
      {R"({"a":1,"a":2})", R"({"a":1})"},
      {R"({"b":{"z":1,"y":[{"d":1,"c":2}]},"a":2,"b":3})",
       R"({"a":2,"b":{"y":[{"c":2,"d":1}],"z":1}})"},
      {"1.50", "1.5"},
      {"1e2", "100.0"},
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"0e5", "0.0"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"123456789012345680000", "1.2345678901234568e+20"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"5e-324", "5e-324"},
      {"1e-7", "1e-07"},
      {"1e14", "100000000000000.0"},
      {"1e15", "1e+15"},
      {"1234567890123456.7", "1.2345678901234567e+15"},
      {"0.0001", "0.0001"},
      {R"("\u20ac \/ \n \t \b \f \r \u0000 \u001f \u007f")",
       "\"€ / \\n \\t \\b \\f \\r \\u0000 \\u001f \x7f\""},
      {R"("\ud83d\ude00")", "\"😀\""},
      {R"({"ab":1,"aa":2,"B":3,"é":4,"Z":5})", R"({"B":3,"Z":5,"aa":2,"ab":1,"é":4})"},
      {" [ ] ", "[]"},
      {R"({"a":{},"":null,"b":[true,false]})", R"({"":null,"a":{},"b":[true,false]})"},
  };
  for (const Case& c : cases) EXPECT_EQ(Json(c.text), c.want) << c.text;
}

TEST(TextTest, JsonErrors) {
  for (std::string_view number :
       {"123456789012345678901234567890", "18446744073709551616", "-9223372036854775809",
        "0.1234567890123456789", "123456789.123456789", "12345678901234567.0",
        "0.12345678901234567", "1e-400", "9007199254740993.0"}) {
    EXPECT_EQ(Json(number), "Input number: " + std::string(number) +
                                " cannot round-trip through string representation");
  }
  const Case cases[] = {
      {"1E400", "number overflow parsing '1E400'"},
      {"[1,]",
       "syntax error while parsing value - unexpected ']'; expected '[', '{', or a literal"},
      {"{a:1}",
       "syntax error while parsing object key - invalid literal; last read: '{a'; expected string "
       "literal"},
      {"",
       "syntax error while parsing value - unexpected end of input; expected '[', '{', or a "
       "literal"},
      {"01", "syntax error while parsing value - unexpected number literal; expected end of input"},
      {"\"a",
       "syntax error while parsing value - invalid string: missing closing quote; last read: "
       "'\"a'"},
      {"// c", "syntax error while parsing value - invalid literal; last read: '/'"},
  };
  for (const Case& c : cases) EXPECT_EQ(Json(c.text), c.want) << c.text;
  EXPECT_TRUE(NormalizeJson(std::string(80, '[') + std::string(80, ']')).ok());
  EXPECT_EQ(Json(std::string(100000, '[')),
            "JSON is nested deeper than 80 levels; Spanner stores no deeper document");
  std::string rounded;
  EXPECT_TRUE(AppendNormalizedJson("0.1234567890123456789", WideNumbers::kRound, &rounded).ok());
  EXPECT_EQ(rounded, "0.12345678901234568");
}

}  // namespace
}  // namespace ks::sql
