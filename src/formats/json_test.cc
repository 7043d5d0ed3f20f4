// The JSON decoder: what is accepted for each type, and that everything else is the error of its
// own record.
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/decoder.h"
#include "sql/types/value.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::Type;
using sql::TypeRef;
using sql::Value;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Decodes messages and keeps everything alive.
struct Decoded {
  explicit Decoded(Schema schema) : schema(std::move(schema)) {}

  void Run(const std::vector<std::string>& texts) {
    auto decoder = MakeJsonDecoder(schema);
    ASSERT_TRUE(decoder.ok()) << decoder.status();
    messages = texts;
    std::vector<std::string_view> views(messages.begin(), messages.end());
    std::vector<uint32_t> rows(messages.size());
    for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
    data.assign(schema.size(), std::vector<Datum>(messages.size(), Datum::Null()));
    std::vector<Datum*> columns;
    for (auto& column : data) columns.push_back(column.data());
    (*decoder)->Decode({views, rows}, arena, columns, &result);
  }

  Value At(size_t field, size_t row) const { return Value(schema[field].type, data[field][row]); }

  Schema schema;
  std::vector<std::string> messages;
  sql::Arena arena;
  std::vector<std::vector<Datum>> data;
  DecodeResult result;
  std::vector<RecordError>& errors = result.errors;
};

// The one field `x` of one message, as a SQL literal, or the error.
std::string One(TypeRef type, std::string_view json, bool not_null = false) {
  Decoded decoded({{"x", type, not_null}});
  decoded.Run({"{\"x\":" + std::string(json) + "}"});
  if (!decoded.errors.empty()) {
    return std::string(ErrorKindName(decoded.errors[0].kind)) + ": " + decoded.errors[0].message;
  }
  return decoded.At(0, 0).ToSql();
}

std::string Whole(const std::string& message) {
  Decoded decoded({{"x", Type::Int64(), false}});
  decoded.Run({message});
  return decoded.errors.empty() ? "ok" : decoded.errors[0].message;
}

TEST(JsonDecoderTest, DecodesColumnsOfAChunk) {
  Decoded decoded(
      {{"id", Type::Int64(), true}, {"name", Type::String(), false}, {"ok", Type::Bool(), false}});
  decoded.Run({R"({"id":1,"name":"a","ok":true})",
               R"( { "name" : "b" , "other": [1,{"z":null}], "id" : 2 } )",
               R"({"ok":false,"id":3})"});
  EXPECT_TRUE(decoded.errors.empty());
  EXPECT_EQ(decoded.At(0, 1), Value::Int64(2));
  EXPECT_EQ(decoded.At(1, 0), Value::String("a"));
  EXPECT_EQ(decoded.At(1, 1), Value::String("b"));
  EXPECT_TRUE(decoded.At(1, 2).null());
  EXPECT_EQ(decoded.At(2, 0), Value::Bool(true));
  EXPECT_TRUE(decoded.At(2, 1).null());
  EXPECT_EQ(decoded.At(2, 2), Value::Bool(false));
}

TEST(JsonDecoderTest, Int64IsExact) {
  EXPECT_EQ(One(Type::Int64(), "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(One(Type::Int64(), "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(One(Type::Int64(), "\"9007199254740993\""), "9007199254740993");
  EXPECT_EQ(One(Type::Int64(), "1.0"), "1");
  EXPECT_EQ(One(Type::Int64(), "12e2"), "1200");
  EXPECT_EQ(One(Type::Int64(), "-0"), "0");
  EXPECT_THAT(One(Type::Int64(), "9223372036854775808"),
              "out_of_range: field `x`: 9223372036854775808 at byte 5 is no value of INT64");
  EXPECT_THAT(One(Type::Int64(), "1.5"), HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Int64(), "1e400000000000000000000"), HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Int64(), "\"12a\""), HasSubstr("wrong_type"));
  EXPECT_THAT(One(Type::Int64(), "true"),
              "wrong_type: field `x`: expected a whole number for INT64, found true at byte 5");
}

TEST(JsonDecoderTest, NumericIsExact) {
  const auto numeric = [](std::string_view json) { return One(Type::Numeric(), json); };
  EXPECT_EQ(numeric("99999999999999999999999999999.999999999"),
            "NUMERIC '99999999999999999999999999999.999999999'");
  EXPECT_EQ(numeric("-0.000000001"), "NUMERIC '-0.000000001'");
  EXPECT_EQ(numeric("0.1"), "NUMERIC '0.1'");
  EXPECT_EQ(numeric("1.5000000000000000"), "NUMERIC '1.5'");
  EXPECT_EQ(numeric("1e28"), "NUMERIC '10000000000000000000000000000'");
  EXPECT_EQ(numeric("\"12.50\""), "NUMERIC '12.5'");
  EXPECT_THAT(numeric("0.0000000001"), HasSubstr("out_of_range"));
  EXPECT_THAT(numeric("1e29"), HasSubstr("out_of_range"));
  EXPECT_THAT(numeric("\"NaN\""), HasSubstr("wrong_type"));
}

TEST(JsonDecoderTest, Floats) {
  const auto at = [](TypeRef type, std::string_view json) {
    Decoded decoded({{"x", type, false}});
    decoded.Run({"{\"x\":" + std::string(json) + "}"});
    EXPECT_TRUE(decoded.errors.empty()) << decoded.errors[0].message;
    return decoded.data[0][0].float64();
  };
  EXPECT_EQ(at(Type::Float64(), "0.1"), 0.1);
  EXPECT_EQ(at(Type::Float64(), "-1e-7"), -1e-7);
  EXPECT_EQ(at(Type::Float64(), "1e-400"), 0.0);
  EXPECT_EQ(at(Type::Float32(), "0.1"), static_cast<double>(0.1F));
  EXPECT_TRUE(std::isnan(at(Type::Float64(), "\"NaN\"")));
  EXPECT_EQ(at(Type::Float64(), "\"-Infinity\""), -INFINITY);
  EXPECT_THAT(One(Type::Float64(), "1e400"), HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Float32(), "1e39"), HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Float64(), "\"inf\""), HasSubstr("wrong_type"));
  EXPECT_THAT(One(Type::Float64(), "NaN"), HasSubstr("malformed JSON at byte 5: expected a value"));
}

TEST(JsonDecoderTest, Strings) {
  EXPECT_EQ(One(Type::String(), R"("")"), "''");
  EXPECT_EQ(One(Type::String(), R"("a\"\\\/\b\f\n\r\t")"),
            Value::String("a\"\\/\b\f\n\r\t").ToSql());
  EXPECT_EQ(One(Type::String(), R"("\u00e9\u20AC\ud83d\ude00")"), Value::String("é€😀").ToSql());
  EXPECT_EQ(One(Type::String(), "\"é€😀\""), Value::String("é€😀").ToSql());
  EXPECT_THAT(One(Type::String(), R"("\ud83d")"),
              HasSubstr("malformed JSON at byte 6: expected a valid escape"));
  EXPECT_THAT(One(Type::String(), R"("\ud83d\u0041")"), HasSubstr("malformed"));
  EXPECT_THAT(One(Type::String(), R"("\ude00")"), HasSubstr("malformed"));
  EXPECT_THAT(One(Type::String(), R"("\x41")"), HasSubstr("malformed"));
  EXPECT_THAT(One(Type::String(), "5"), HasSubstr("wrong_type"));
  EXPECT_THAT(One(Type::String(), "{}"),
              HasSubstr("wrong_type: field `x`: expected a string for STRING, found {"));
}

TEST(JsonDecoderTest, BytesDatesTimestampsUuids) {
  EXPECT_EQ(One(Type::Bytes(), R"("Zm9vAP8=")"),
            Value::Bytes(std::string_view("foo\0\xff", 5)).ToSql());
  EXPECT_EQ(One(Type::Bytes(), R"("_-8")"), Value::Bytes("\xff\xef").ToSql());
  EXPECT_THAT(One(Type::Bytes(), R"("Zm9v*")"), HasSubstr("wrong_type"));
  EXPECT_EQ(One(Type::Date(), R"("2024-02-29")"), "DATE '2024-02-29'");
  EXPECT_THAT(One(Type::Date(), R"("2023-02-29")"), HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Date(), R"("29.2.2024")"),
              HasSubstr("expected a string YYYY-MM-DD for DATE"));
  const auto seconds = [](std::string_view json) {
    Decoded decoded({{"x", Type::Timestamp(), false}});
    decoded.Run({"{\"x\":" + std::string(json) + "}"});
    EXPECT_TRUE(decoded.errors.empty()) << decoded.errors[0].message;
    return decoded.data[0][0].timestamp();
  };
  EXPECT_EQ(seconds(R"("1970-01-01T00:00:01.000000001Z")"), (sql::TimestampValue{1, 1}));
  EXPECT_EQ(seconds(R"("1970-01-01T01:00:00.5+01:00")"), (sql::TimestampValue{0, 500000000}));
  EXPECT_EQ(seconds(R"("1969-12-31 23:59:59.999999999-00:00")"),
            (sql::TimestampValue{-1, 999999999}));
  EXPECT_THAT(One(Type::Timestamp(), R"("2024-01-01T00:00:00.0000000001Z")"),
              HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Timestamp(), R"("2024-01-01T24:00:00Z")"), HasSubstr("out_of_range"));
  EXPECT_THAT(One(Type::Timestamp(), R"("2024-01-01T00:00:00")"),
              HasSubstr("RFC 3339 string with a zone"));
  EXPECT_THAT(One(Type::Timestamp(), "1700000000000"), HasSubstr("wrong_type"));
  EXPECT_EQ(One(Type::Uuid(), R"("FEDCBA98-7654-3210-0123-456789abcdef")"),
            "CAST('fedcba98-7654-3210-0123-456789abcdef' AS UUID)");
}

TEST(JsonDecoderTest, NestedValues) {
  const TypeRef city = Type::Struct({{"name", Type::String()}, {"zip", Type::Int64()}});
  EXPECT_EQ(One(Type::Array(Type::Int64()), "[1, null ,3]"), "ARRAY<INT64>[1, NULL, 3]");
  EXPECT_THAT(One(Type::Array(Type::Int64()), "[]"), HasSubstr("[]"));
  EXPECT_THAT(One(Type::Array(Type::Int64()), "[1,\"a\"]"),
              HasSubstr("field `x[]`: expected a whole number"));
  EXPECT_THAT(One(Type::Array(Type::Int64()), "{}"), HasSubstr("expected an array"));
  Decoded decoded({{"x", Type::Array(city), false}});
  decoded.Run({R"({"x":[{"zip":5,"name":"a","more":{}},{"name":"b"},null]})",
               R"({"x":[{"zip":"x"}]})", R"({"x":[{"zip":1,"zip":2}]})"});
  const auto elements = decoded.data[0][0].elements();
  ASSERT_EQ(elements.size(), 3u);
  EXPECT_EQ(elements[0].elements()[0].str(), "a");
  EXPECT_EQ(elements[0].elements()[1].int64(), 5);
  EXPECT_TRUE(elements[1].elements()[1].null());
  EXPECT_TRUE(elements[2].null());
  ASSERT_EQ(decoded.errors.size(), 2u);
  EXPECT_THAT(decoded.errors[0].message, HasSubstr("field `x[].zip`"));
  EXPECT_THAT(decoded.errors[1].message, "field `x[].zip` stands a second time at byte 15");
}

TEST(JsonDecoderTest, JsonColumnsKeepAnyValueNormalized) {
  EXPECT_EQ(One(Type::Json(), R"({"b": [1 , "x"], "a":null})"), R"(JSON '{"a":null,"b":[1,"x"]}')");
  EXPECT_EQ(One(Type::Json(), R"("text")"), R"(JSON '"text"')");
  EXPECT_EQ(One(Type::Json(), "null"), "NULL");
  EXPECT_THAT(One(Type::Json(), "[1,]"), HasSubstr("malformed"));
}

TEST(JsonDecoderTest, NullsAndMissingFields) {
  EXPECT_EQ(One(Type::Int64(), "null"), "NULL");
  EXPECT_EQ(One(Type::Int64(), "null", true),
            "missing_field: field `x` is null, and the schema says NOT NULL");
  Decoded decoded({{"x", Type::Int64(), true}, {"y", Type::Int64(), false}});
  decoded.Run({R"({"y":1})", "{}", R"({"X":1})"});
  ASSERT_EQ(decoded.errors.size(), 3u);
  EXPECT_EQ(decoded.errors[0].message, "field `x` is missing, and the schema says NOT NULL");
  EXPECT_TRUE(decoded.data[1][0].null());  // the columns of a row with an error are NULL
}

TEST(JsonDecoderTest, MalformedMessagesSayWhere) {
  EXPECT_EQ(Whole(""), "malformed JSON at byte 0: the message is empty");
  EXPECT_EQ(Whole("  "), "malformed JSON at byte 0: the message is empty");
  EXPECT_EQ(Whole("[1]"), "malformed JSON at byte 0: expected an object");
  EXPECT_EQ(Whole(R"({"x":1)"), "malformed JSON at byte 6: expected `,` or `}`");
  EXPECT_EQ(Whole(R"({"x":1 "y":2})"), "malformed JSON at byte 7: expected `,` or `}`");
  EXPECT_EQ(Whole(R"({"x":1,})"), "malformed JSON at byte 7: expected a field name in quotes");
  EXPECT_EQ(Whole(R"({"x" 1})"), "malformed JSON at byte 5: expected `:`");
  EXPECT_EQ(Whole(R"({"x":})"), "malformed JSON at byte 5: expected a value");
  EXPECT_EQ(Whole(R"({"x":01})"), "malformed JSON at byte 5: expected a value");
  EXPECT_EQ(Whole(R"({"y":tru})"), "malformed JSON at byte 5: expected a value");
  EXPECT_EQ(Whole(R"({"x":1} x)"), "malformed JSON at byte 8: expected nothing more");
  EXPECT_EQ(Whole(R"({"x":"abc)"), "malformed JSON at byte 9: expected a string's closing quote");
  EXPECT_EQ(Whole(R"({"y":"a"b})"), "malformed JSON at byte 8: expected `,` or `}`");
  EXPECT_EQ(Whole(R"({"y":["a" "b"]})"), "malformed JSON at byte 10: expected `,` or `]`");
  EXPECT_EQ(Whole("{\"y\":\"a\xff\"}"), "malformed JSON at byte 7: expected valid UTF-8");
  EXPECT_EQ(Whole("{\"y\":\"a\n\"}"),
            "malformed JSON at byte 7: expected an escape, found a control character in a string");
  EXPECT_EQ(Whole(R"({"x":1,"x":2})"), "field `x` stands a second time at byte 7");
  EXPECT_THAT(Whole("{\"y\":" + std::string(1000, '[') + std::string(1000, ']') + "}"),
              HasSubstr("at most 256 deep"));
}

TEST(JsonDecoderTest, AMalformedMessageIsItsOwnErrorOnly) {
  for (const std::string& bad :
       {std::string(R"({"x":"open)"), std::string("{"), std::string("\"\xff\""), std::string(""),
        std::string("}}}"), std::string(R"({"x":"\)")}) {
    Decoded decoded({{"x", Type::Int64(), false}});
    decoded.Run({R"({"x":1})", bad, R"({"x":2})", bad, R"({"x":3})"});
    ASSERT_EQ(decoded.errors.size(), 2u) << bad;
    EXPECT_EQ(decoded.errors[0].row, 1u);
    EXPECT_EQ(decoded.errors[1].row, 3u);
    EXPECT_EQ(decoded.At(0, 0), Value::Int64(1));
    EXPECT_EQ(decoded.At(0, 2), Value::Int64(2));
    EXPECT_EQ(decoded.At(0, 4), Value::Int64(3));
  }
}

TEST(JsonDecoderTest, ReadsOnlyTheRowsGivenAcrossWindows) {
  auto decoder = MakeJsonDecoder({{"x", Type::String(), false}});
  ASSERT_TRUE(decoder.ok());
  std::vector<std::string> texts;
  for (int i = 0; i < 30; ++i)
    texts.push_back("{\"x\":\"" + std::string(50000, static_cast<char>('a' + i % 26)) + "\"}");
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<uint32_t> rows;
  for (uint32_t i = 1; i < 30; i += 2) rows.push_back(i);
  std::vector<Datum> column(30, Datum::Int64(-1));
  Datum* columns[] = {column.data()};
  DecodeResult result;
  const std::vector<RecordError>& errors = result.errors;
  sql::Arena arena;
  (*decoder)->Decode({views, rows}, arena, columns, &result);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(column[0].int64(), -1);
  EXPECT_EQ(column[29].str(), std::string(50000, 'd'));
}

TEST(JsonDecoderTest, RemembersNothingOfEarlierChunks) {
  auto decoder = MakeJsonDecoder({{"x", Type::Int64(), false}, {"y", Type::Int64(), false}});
  ASSERT_TRUE(decoder.ok());
  Datum x = Datum::Null();
  Datum y = Datum::Null();
  Datum* columns[] = {&x, &y};
  const uint32_t row = 0;
  DecodeResult result;
  const std::vector<RecordError>& errors = result.errors;
  sql::Arena arena;
  for (const std::string_view message : {R"({"x":1,"y":2})", R"({"y":3})", R"({"x":4})"}) {
    (*decoder)->Decode({{&message, 1}, {&row, 1}}, arena, columns, &result);
    EXPECT_TRUE(errors.empty()) << errors[0].message;
  }
  EXPECT_EQ(x.int64(), 4);
  EXPECT_TRUE(y.null());
}

TEST(JsonDecoderTest, RefusesTypesWithoutAForm) {
  EXPECT_EQ(MakeJsonDecoder({{"x", Type::Interval(), false}}).status().message(),
            "field `x`: INTERVAL cannot be read from JSON");
  EXPECT_FALSE(MakeJsonDecoder({{"x", Type::Int64()}, {"x", Type::Int64()}}).ok());
}

TEST(RawDecoderTest, DecodesKeysOfKafkasSerializers) {
  const auto decode = [](TypeRef type, RawForm form, std::string_view message,
                         bool not_null = false) -> std::string {
    auto decoder = MakeRawDecoder({"k", type, not_null}, form);
    if (!decoder.ok())
      return std::string(decoder.status().message().data(), decoder.status().message().size());
    Datum value = Datum::Null();
    Datum* columns[] = {&value};
    const uint32_t row = 0;
    DecodeResult result;
    const std::vector<RecordError>& errors = result.errors;
    sql::Arena arena;
    (*decoder)->Decode({{&message, 1}, {&row, 1}}, arena, columns, &result);
    return errors.empty() ? Value(type, value).ToSql() : errors[0].message;
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(decode(Type::Int64(), RawForm::kBinary, "\xff\xff\xff\xff\xff\xff\xff\xfe"sv), "-2");
  EXPECT_EQ(decode(Type::Int64(), RawForm::kBinary, "\0\0\1\0"sv), "256");
  EXPECT_EQ(decode(Type::Int64(), RawForm::kBinary, "\xff\xff\xff\xff"sv), "-1");
  EXPECT_EQ(decode(Type::Int64(), RawForm::kBinary, "abc"sv),
            "field `k`: expected 8 or 4 bytes for INT64, found 3");
  EXPECT_EQ(decode(Type::Float64(), RawForm::kBinary, "\x3f\xf8\0\0\0\0\0\0"sv), "1.5");
  EXPECT_EQ(decode(Type::String(), RawForm::kText, "user-1"sv), "'user-1'");
  EXPECT_EQ(decode(Type::String(), RawForm::kText, ""sv), "''");
  EXPECT_EQ(decode(Type::String(), RawForm::kText, std::string_view()), "NULL");
  EXPECT_EQ(decode(Type::String(), RawForm::kText, std::string_view(), true),
            "field `k` is null, and the schema says NOT NULL");
  EXPECT_EQ(decode(Type::String(), RawForm::kText, "a\xff"sv),
            "field `k`: not valid UTF-8 at byte 0");
  EXPECT_EQ(decode(Type::Int64(), RawForm::kText, "42"sv), "42");
  EXPECT_EQ(decode(Type::Int64(), RawForm::kText, "x"sv),
            "field `k`: expected its text for INT64, found x at byte 0");
  EXPECT_EQ(decode(Type::Bytes(), RawForm::kBinary, "\0\xff"sv), Value::Bytes("\0\xff"sv).ToSql());
  EXPECT_EQ(decode(Type::String(), RawForm::kBinary, ""),
            "field `k`: STRING cannot be read from a binary message");
}

}  // namespace
}  // namespace ks::formats
