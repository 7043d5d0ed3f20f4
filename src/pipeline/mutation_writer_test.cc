// The bytes of mutation_writer.h, read back by the generated protos.
#include "pipeline/mutation_writer.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "google/spanner/v1/spanner.pb.h"
#include "sql/types/arena.h"

namespace ks::pipeline {
namespace {

using google::spanner::v1::CommitRequest;
using google::spanner::v1::Mutation;
using sql::Datum;
using sql::Type;
using sql::TypeRef;
using sql::Value;
using testing::ElementsAre;

CommitRequest Parse(const WireBuffer& bytes) {
  CommitRequest request;
  EXPECT_TRUE(request.ParseFromString(std::string(bytes.view())));
  EXPECT_EQ(request.GetReflection()->GetUnknownFields(request).field_count(), 0);
  // Lengths are in their shortest form: protobuf writes the same bytes.
  EXPECT_EQ(request.SerializeAsString(), bytes.view());
  return request;
}

google::protobuf::Value EncodeOne(TypeRef type, const Datum& datum) {
  WireBuffer bytes;
  AppendListElement(type, datum, &bytes);
  google::protobuf::ListValue list;
  EXPECT_TRUE(list.ParseFromString(std::string(bytes.view())));
  EXPECT_EQ(list.SerializeAsString(), bytes.view());
  EXPECT_EQ(list.values_size(), 1);
  return list.values(0);
}

std::string Text(TypeRef type, const Datum& datum) {
  const google::protobuf::Value value = EncodeOne(type, datum);
  EXPECT_EQ(value.kind_case(), google::protobuf::Value::kStringValue);
  return value.string_value();
}

TEST(AppendListElementTest, Int64) {
  for (const int64_t value :
       std::initializer_list<int64_t>{0, -1, 7, 1234567890123, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(Text(Type::Int64(), Datum::Int64(value)), std::to_string(value));
  }
}

TEST(AppendListElementTest, NullAndBool) {
  EXPECT_TRUE(EncodeOne(Type::String(), Datum::Null()).has_null_value());
  EXPECT_TRUE(EncodeOne(Type::Array(Type::Int64()), Datum::Null()).has_null_value());
  EXPECT_TRUE(EncodeOne(Type::Bool(), Datum::Bool(true)).bool_value());
  EXPECT_TRUE(EncodeOne(Type::Bool(), Datum::Bool(false)).has_bool_value());
}

TEST(AppendListElementTest, Float) {
  for (const double value : {0.0, -0.0, 1.5, 1e300, 5e-324}) {
    const double read = EncodeOne(Type::Float64(), Datum::Float64(value)).number_value();
    EXPECT_EQ(read, value);
    EXPECT_EQ(std::signbit(read), std::signbit(value));
  }
  EXPECT_EQ(Text(Type::Float64(), Datum::Float64(NAN)), "NaN");
  EXPECT_EQ(Text(Type::Float32(), Datum::Float64(INFINITY)), "Infinity");
  EXPECT_EQ(Text(Type::Float64(), Datum::Float64(-INFINITY)), "-Infinity");
}

TEST(AppendListElementTest, StringsOfEveryLengthOfTheirLength) {
  for (const size_t size : {0, 1, 125, 126, 127, 128, 129, 16381, 16383, 16384, 16385, 3000000}) {
    const std::string text(size, 'x');
    EXPECT_EQ(Text(Type::String(), Datum::Str(text)), text) << size;
  }
}

TEST(AppendListElementTest, Base64) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {std::string("\xff\xfe\x00\xfb", 4), "//4A+w=="}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(Text(Type::Bytes(), Datum::Str(bytes)), text);
}

TEST(AppendListElementTest, Date) {
  const std::vector<std::pair<int64_t, std::string>> cases = {
      {0, "1970-01-01"},      {-1, "1969-12-31"},     {sql::kDateMinDays, "0001-01-01"},
      {11016, "2000-02-29"},  {11017, "2000-03-01"},  {sql::kDateMaxDays, "9999-12-31"},
      {-25509, "1900-02-28"}, {-25508, "1900-03-01"}, {19782, "2024-02-29"}};
  for (const auto& [days, text] : cases) EXPECT_EQ(Text(Type::Date(), Datum::Date(days)), text);
}

TEST(AppendListElementTest, Timestamp) {
  const auto text = [](int64_t seconds, int32_t nanos) {
    return Text(Type::Timestamp(), Datum::Timestamp({seconds, nanos}));
  };
  EXPECT_EQ(text(0, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(text(-1, 1), "1969-12-31T23:59:59.000000001Z");
  EXPECT_EQ(text(1706659200, 120000000), "2024-01-31T00:00:00.120Z");
  EXPECT_EQ(text(1706659200, 120300), "2024-01-31T00:00:00.000120300Z");
  EXPECT_EQ(text(1706659200, 1000), "2024-01-31T00:00:00.000001Z");
  EXPECT_EQ(text(sql::kTimestampMinSeconds, 0), "0001-01-01T00:00:00Z");
  EXPECT_EQ(text(sql::kTimestampMaxSeconds, 999999999), "9999-12-31T23:59:59.999999999Z");
  EXPECT_EQ(Text(Type::Timestamp(), PendingCommitTimestampDatum()), "spanner.commit_timestamp()");
}

TEST(AppendListElementTest, Numeric) {
  constexpr sql::Int128 kOne = 1000000000;
  const sql::Int128 largest = [] {
    sql::Int128 value = 1;
    for (int i = 0; i < 38; ++i) value *= 10;
    return value - 1;
  }();
  const std::vector<std::pair<sql::Int128, std::string>> cases = {
      {0, "0"},
      {1, "0.000000001"},
      {-1, "-0.000000001"},
      {kOne, "1"},
      {-kOne * 12 - 500000000, "-12.5"},
      {kOne * 1000000000, "1000000000"},
      {kOne * 1000000001 * 1000000000 + 100, "1000000001000000000.0000001"},
      {largest, "99999999999999999999999999999.999999999"},
      {-largest, "-99999999999999999999999999999.999999999"}};
  for (const auto& [value, text] : cases)
    EXPECT_EQ(Text(Type::Numeric(), Datum::Wide(&value)), text);
}

TEST(AppendListElementTest, Uuid) {
  const sql::Int128 value =
      static_cast<sql::Int128>(0xfedcba9876543210ULL) << 64 | 0x0123456789abcdefULL;
  EXPECT_EQ(Text(Type::Uuid(), Datum::Wide(&value)), "fedcba98-7654-3210-0123-456789abcdef");
}

TEST(AppendListElementTest, Array) {
  const std::string large(200, 'y');
  const std::vector<Datum> elements = {Datum::Str("a"), Datum::Null(), Datum::Str(large)};
  const auto value = EncodeOne(Type::Array(Type::String()), Datum::Elements(elements));
  ASSERT_EQ(value.list_value().values_size(), 3);
  EXPECT_EQ(value.list_value().values(0).string_value(), "a");
  EXPECT_TRUE(value.list_value().values(1).has_null_value());
  EXPECT_EQ(value.list_value().values(2).string_value(), large);
  EXPECT_TRUE(EncodeOne(Type::Array(Type::Int64()), Datum::Elements({})).has_list_value());
}

TEST(MutationShapeTest, WritesRowsOfEveryLengthOfTheirLength) {
  const MutationShape shape(MutationKind::kInsertOrUpdate, "Albums", {"Id", "Title"},
                            {Type::Int64(), Type::String()});
  const std::vector<size_t> sizes = {0,   100, 110,   111,   112,   113,
                                     120, 130, 16360, 16370, 16380, 2100000};
  WireBuffer rows;
  for (const size_t size : sizes) {
    const std::string title(size, 't');
    shape.AppendRow({Datum::Int64(static_cast<int64_t>(size)), Datum::Str(title)}, &rows);
  }
  WireBuffer bytes;
  shape.AppendMutation(rows.view(), &bytes);
  EXPECT_EQ(bytes.size(), shape.MutationBytes(rows.size()));
  const CommitRequest request = Parse(bytes);
  ASSERT_EQ(request.mutations_size(), 1);
  const Mutation::Write& write = request.mutations(0).insert_or_update();
  EXPECT_EQ(write.table(), "Albums");
  EXPECT_THAT(write.columns(), ElementsAre("Id", "Title"));
  ASSERT_EQ(write.values_size(), static_cast<int>(sizes.size()));
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(write.values(i).values(0).string_value(), std::to_string(sizes[i]));
    EXPECT_EQ(write.values(i).values(1).string_value().size(), sizes[i]);
  }
}

TEST(MutationShapeTest, WritesColumns) {
  const MutationShape shape(MutationKind::kInsert, "T", {"A", "B"}, {Type::Int64(), Type::Bool()});
  const std::vector<Datum> a = {Datum::Int64(1), Datum::Int64(2)};
  const Datum b = Datum::Bool(true);
  const std::vector<sql::Column> columns = {{a.data(), false}, {&b, true}};
  WireBuffer rows;
  const MutationShape::RowBytes row = shape.AppendRow(columns, 1, 1, &rows);
  WireBuffer key;
  AppendListElement(Type::Int64(), a[1], &key);
  EXPECT_EQ(rows.view().substr(row.elements, row.key_end - row.elements), key.view());
  EXPECT_EQ(row.end, rows.size());
  WireBuffer again;
  shape.AppendRowOfElements(key.view(), rows.view().substr(row.key_end), &again);
  EXPECT_EQ(again.view(), rows.view());
  WireBuffer bytes;
  shape.AppendMutation(rows.view(), &bytes);
  const CommitRequest request = Parse(bytes);
  const Mutation::Write& write = request.mutations(0).insert();
  EXPECT_EQ(write.values(0).values(0).string_value(), "2");
  EXPECT_TRUE(write.values(0).values(1).bool_value());
}

TEST(MutationShapeTest, EveryKindIsItsOwnField) {
  WireBuffer bytes;
  for (const MutationKind kind :
       {MutationKind::kInsert, MutationKind::kUpdate, MutationKind::kInsertOrUpdate,
        MutationKind::kReplace, MutationKind::kDelete}) {
    AppendMutationOf(kind, "s.T", {{"Id", Value::Int64(5)}}, &bytes);
  }
  const CommitRequest request = Parse(bytes);
  ASSERT_EQ(request.mutations_size(), 5);
  EXPECT_EQ(request.mutations(0).insert().table(), "s.T");
  EXPECT_EQ(request.mutations(1).update().values_size(), 1);
  EXPECT_EQ(request.mutations(2).insert_or_update().columns(0), "Id");
  EXPECT_EQ(request.mutations(3).replace().values(0).values(0).string_value(), "5");
  const Mutation::Delete& del = request.mutations(4).delete_();
  EXPECT_EQ(del.table(), "s.T");
  ASSERT_EQ(del.key_set().keys_size(), 1);
  EXPECT_EQ(del.key_set().keys(0).values(0).string_value(), "5");
  EXPECT_FALSE(del.key_set().all());
}

TEST(MutationShapeTest, NoRowsAreNoMutation) {
  const MutationShape shape(MutationKind::kDelete, "T", {"Id"}, {Type::Int64()});
  WireBuffer bytes;
  shape.AppendMutation({}, &bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(shape.MutationBytes(0), 0u);
}

TEST(MutationCountTest, CountsIndexEntries) {
  const MutationCost cost = {.columns = 4, .indexes = 3, .indexes_touched = 2};
  EXPECT_EQ(MutationCount(MutationKind::kInsert, cost), 7u);
  EXPECT_EQ(MutationCount(MutationKind::kUpdate, cost), 8u);
  EXPECT_EQ(MutationCount(MutationKind::kInsertOrUpdate, cost), 8u);
  EXPECT_EQ(MutationCount(MutationKind::kDelete, cost), 4u);
}

}  // namespace
}  // namespace ks::pipeline
