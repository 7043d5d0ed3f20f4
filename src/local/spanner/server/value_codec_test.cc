#include "local/spanner/server/value_codec.h"

#include <limits>

#include "google/protobuf/struct.pb.h"
#include "google/spanner/v1/type.pb.h"
#include "gtest/gtest.h"
#include "local/spanner/server/wire.h"
#include "local/spanner/storage/timestamp.h"
#include "sql/types/value.h"

namespace ks::local {
namespace {

using google::protobuf::Value;
using sql::Arena;
using sql::Datum;
using sql::Type;
using sql::TypeRef;

Value Text(const std::string& text) {
  Value value;
  value.set_string_value(text);
  return value;
}
Value Number(double number) {
  Value value;
  value.set_number_value(number);
  return value;
}

absl::StatusOr<sql::Value> Decode(TypeRef type, const Value& value) {
  Arena arena;
  Datum datum;
  const std::string wire = value.SerializeAsString();
  const absl::Status status = DecodeValue(type, wire, CommitTimestamps::kRefuse, arena, &datum);
  if (!status.ok()) return status;
  return sql::Value(type, datum);
}

// What AppendValue writes must be what protobuf itself would write for the same Value.
Value Encode(TypeRef type, const sql::Value& value) {
  std::string list;
  AppendValue(1, type, value.datum(), &list);
  google::protobuf::ListValue parsed;
  EXPECT_TRUE(parsed.ParseFromString(list));
  EXPECT_EQ(parsed.values_size(), 1);
  return parsed.values(0);
}

struct RoundTrip {
  TypeRef type;
  std::string text;
};

TEST(ValueCodec, TextsComeBackAsTheyWent) {
  const RoundTrip cases[] = {
      {Type::Int64(), "-9223372036854775808"},
      {Type::Int64(), "9223372036854775807"},
      {Type::String(), "é\U0001F600"},
      {Type::String(), ""},
      {Type::Bytes(), "AP8="},
      {Type::Bytes(), "YWJj"},
      {Type::Date(), "0001-01-01"},
      {Type::Date(), "9999-12-31"},
      {Type::Timestamp(), "2020-01-02T03:04:05.123456789Z"},
      {Type::Timestamp(), "0001-01-01T00:00:00Z"},
      {Type::Timestamp(), "1969-12-31T23:59:59.9Z"},
      {Type::Numeric(), "-99999999999999999999999999999.999999999"},
      {Type::Numeric(), "0.5"},
      {Type::Float64(), "NaN"},
      {Type::Float64(), "-Infinity"},
      {Type::Json(), R"({"a":[1,null],"b":"x"})"},
  };
  for (const RoundTrip& c : cases) {
    const absl::StatusOr<sql::Value> value = Decode(c.type, Text(c.text));
    ASSERT_TRUE(value.ok()) << c.text << ": " << value.status();
    EXPECT_EQ(Encode(c.type, *value).string_value(), c.text);
  }
}

TEST(ValueCodec, NumbersAndBools) {
  EXPECT_EQ(Encode(Type::Float64(), *Decode(Type::Float64(), Number(1.5))).number_value(), 1.5);
  EXPECT_EQ(Encode(Type::Float32(), *Decode(Type::Float32(), Number(0.1))).number_value(),
            static_cast<double>(0.1f));
  Value yes;
  yes.set_bool_value(true);
  EXPECT_TRUE(Encode(Type::Bool(), *Decode(Type::Bool(), yes)).bool_value());
  EXPECT_FALSE(Decode(Type::Float32(), Number(1e300)).ok());
}

TEST(ValueCodec, NullOfEveryType) {
  Value null;
  null.set_null_value(google::protobuf::NULL_VALUE);
  for (const TypeRef type : {Type::Int64(), Type::String(), Type::Array(Type::Int64())}) {
    EXPECT_TRUE(Decode(type, null)->null());
    EXPECT_EQ(Encode(type, sql::Value::Null(type)).kind_case(), Value::kNullValue);
  }
}

TEST(ValueCodec, ArraysAndStructs) {
  const TypeRef type = Type::Array(Type::Struct({{"a", Type::Int64()}, {"", Type::String()}}));
  Value value;
  auto* row = value.mutable_list_value()->add_values()->mutable_list_value();
  *row->add_values() = Text("1");
  *row->add_values() = Text("x");
  value.mutable_list_value()->add_values()->set_null_value(google::protobuf::NULL_VALUE);
  const absl::StatusOr<sql::Value> decoded = Decode(type, value);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Encode(type, *decoded).SerializeAsString(), value.SerializeAsString());
  row->add_values();
  EXPECT_FALSE(Decode(type, value).ok());
}

TEST(ValueCodec, RefusesWithTheEmulatorsTexts) {
  const auto text = [](TypeRef type, const Value& value) {
    const absl::Status status = Decode(type, value).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  EXPECT_EQ(text(Type::Int64(), Text("abc")), "Could not parse abc as an integer");
  EXPECT_EQ(text(Type::Int64(), Number(1.5)), "Could not parse number_value: 1.5\n as INT64");
  EXPECT_EQ(text(Type::Date(), Text("2020-13-01")).substr(0, 36),
            "Could not parse 2020-13-01 as a DATE");
  EXPECT_FALSE(Decode(Type::Timestamp(), Text("2020-11-01T00:00:00")).ok());
  EXPECT_FALSE(Decode(Type::Timestamp(), Text("2020-11-01T24:00:00Z")).ok());
  EXPECT_FALSE(Decode(Type::Timestamp(), Text("2020-02-30T00:00:00Z")).ok());
  EXPECT_FALSE(Decode(Type::Bytes(), Text("a")).ok());
  EXPECT_FALSE(Decode(Type::Float64(), Text("1.5")).ok());
}

TEST(ValueCodec, RefusesTextThatIsNotUtf8) {
  std::string wire;
  WriteBytes(3, "\xC3\x28", &wire);
  Arena arena;
  Datum datum;
  EXPECT_EQ(DecodeValue(Type::String(), wire, CommitTimestamps::kRefuse, arena, &datum).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ValueCodec, CommitTimestampsOnlyWhereAllowed) {
  Arena arena;
  Datum datum;
  const std::string wire = Text("spanner.commit_timestamp()").SerializeAsString();
  ASSERT_TRUE(DecodeValue(Type::Timestamp(), wire, CommitTimestamps::kAllow, arena, &datum).ok());
  EXPECT_TRUE(IsPendingCommitTimestamp(datum));
  EXPECT_FALSE(DecodeValue(Type::Timestamp(), wire, CommitTimestamps::kRefuse, arena, &datum).ok());
}

TEST(ValueCodec, TruncatedBytesAreRefused) {
  const std::string wire = Text("abcdef").SerializeAsString();
  Arena arena;
  Datum datum;
  for (size_t size = 1; size < wire.size(); ++size) {
    EXPECT_FALSE(
        DecodeValue(Type::String(), wire.substr(0, size), CommitTimestamps::kRefuse, arena, &datum)
            .ok());
  }
}

TEST(TypeCodec, RoundTrips) {
  for (const TypeRef type : {Type::Int64(), Type::Json(), Type::Array(Type::Numeric()),
                             Type::Struct({{"a", Type::Array(Type::Date())}})}) {
    google::spanner::v1::Type proto;
    ToProto(type, &proto);
    EXPECT_EQ(*FromProto(proto), type) << type->ToString();
  }
  EXPECT_FALSE(FromProto(google::spanner::v1::Type()).ok());
}

}  // namespace
}  // namespace ks::local
