#include "sql/types/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace ks::sql {
namespace {

TEST(DatumTest, NullHasNoOtherByteSet) {
  const Datum null = Datum::Null();
  unsigned char bytes[sizeof(Datum)];
  std::memcpy(bytes, &null, sizeof(Datum));
  int nonzero = 0;
  for (unsigned char byte : bytes) nonzero += byte != 0 ? 1 : 0;
  EXPECT_TRUE(null.null());
  EXPECT_EQ(nonzero, 1);
}

TEST(TypeTest, EqualTypesAreOneObject) {
  EXPECT_EQ(Type::Array(Type::Int64()), Type::Array(Type::Int64()));
  EXPECT_NE(Type::Array(Type::Int64()), Type::Array(Type::String()));
  const TypeRef one = Type::Struct({{"a", Type::Int64()}, {"", Type::Array(Type::String())}});
  EXPECT_EQ(one, Type::Struct({{"a", Type::Int64()}, {"", Type::Array(Type::String())}}));
  EXPECT_NE(one, Type::Struct({{"b", Type::Int64()}, {"", Type::Array(Type::String())}}));
  EXPECT_EQ(Type::Proto("a.B"), Type::Proto("a.B"));
  EXPECT_NE(Type::Proto("a.B"), Type::Enum("a.B"));
  EXPECT_EQ(one->ToString(), "STRUCT<a INT64, ARRAY<STRING>>");
  EXPECT_EQ(Type::Struct({{"a b", Type::Bool()}})->ToString(), "STRUCT<`a b` BOOL>");
}

TEST(TypeTest, Names) {
  EXPECT_EQ(Type::FromName("int64"), Type::Int64());
  EXPECT_EQ(Type::FromName("Boolean"), Type::Bool());
  EXPECT_EQ(Type::FromName("INT"), nullptr);
  EXPECT_EQ(Type::FromName("DATETIME"), nullptr);
}

TEST(TypeTest, WhatMayBeComparedAndGrouped) {
  EXPECT_TRUE(Type::Timestamp()->SupportsOrdering());
  EXPECT_FALSE(Type::Json()->SupportsEquality());
  EXPECT_FALSE(Type::Array(Type::Int64())->SupportsEquality());
  const TypeRef row = Type::Struct({{"a", Type::Int64()}});
  EXPECT_TRUE(row->SupportsEquality());
  EXPECT_FALSE(row->SupportsOrdering());
  EXPECT_FALSE(row->SupportsGrouping());
  EXPECT_FALSE(Type::Struct({{"a", Type::Json()}})->SupportsEquality());
}

TEST(ArenaTest, ReusesBlocksAfterReset) {
  Arena arena(128);
  std::vector<char*> first;
  for (int i = 0; i < 20; ++i) first.push_back(arena.Allocate(48));
  const size_t reserved = arena.bytes_reserved();
  for (int round = 0; round < 3; ++round) {
    arena.Reset();
    for (char* expected : first) EXPECT_EQ(arena.Allocate(48), expected);
  }
  EXPECT_EQ(arena.bytes_reserved(), reserved);
}

TEST(ArenaTest, GivesLargePiecesAndAligns) {
  Arena arena(64);
  EXPECT_EQ(arena.Copy("abc"), "abc");
  char* big = arena.Allocate(10000);
  std::memset(big, 1, 10000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(big) % 16, 0u);
  arena.Copy("x");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.Allocate(1)) % 16, 0u);
  EXPECT_EQ(arena.Copy(""), "");
}

TEST(ValueTest, OwnsWhatItPointsTo) {
  Value copy;
  {
    std::string text = "a long text that lives on the heap and goes away";
    const Value element = Value::String(text);
    text.assign(text.size(), 'x');
    copy = Value::Array(Type::String(), {element, Value::Null(Type::String())});
  }
  EXPECT_EQ(copy.datum().elements()[0].str(), "a long text that lives on the heap and goes away");
  EXPECT_TRUE(copy.datum().elements()[1].null());
}

TEST(ValueTest, NullsNansAndZerosGroupTogether) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Value::Float64(nan), Value::Float64(-nan));
  EXPECT_EQ(Value::Float64(0.0), Value::Float64(-0.0));
  EXPECT_EQ(Value::Null(Type::Date()), Value::Null(Type::Date()));
  EXPECT_FALSE(Value::Null(Type::Date()) == Value::Date(0));
  EXPECT_FALSE(Value::Int64(1) == Value::Float64(1));
  EXPECT_EQ(GroupingHash(Type::Float64(), Datum::Float64(0.0)),
            GroupingHash(Type::Float64(), Datum::Float64(-0.0)));
  EXPECT_EQ(GroupingHash(Type::Float64(), Datum::Float64(nan)),
            GroupingHash(Type::Float64(), Datum::Float64(-nan)));
}

TEST(ValueTest, Order) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Datum> floats = {Datum::Null(),      Datum::Float64(nan), Datum::Float64(-inf),
                                     Datum::Float64(-1), Datum::Float64(0),   Datum::Float64(inf)};
  for (size_t i = 0; i < floats.size(); ++i) {
    for (size_t j = 0; j < floats.size(); ++j) {
      EXPECT_EQ(Compare(Type::Float64(), floats[i], floats[j]), i < j ? -1 : (i > j ? 1 : 0))
          << i << " " << j;
    }
  }
  EXPECT_LT(Compare(Type::String(), Datum::Str("a"), Datum::Str("\xc3\xa9")), 0);
  EXPECT_LT(Compare(Type::String(), Datum::Str("a"), Datum::Str("ab")), 0);
  EXPECT_LT(Compare(Type::Timestamp(), Datum::Timestamp({1, 5}), Datum::Timestamp({1, 6})), 0);
  const Int128 small = ParseUuid("0fffffff-ffff-ffff-ffff-ffffffffffff").value();
  const Int128 large = ParseUuid("f0000000-0000-0000-0000-000000000000").value();
  EXPECT_LT(Compare(Type::Uuid(), Datum::Wide(&small), Datum::Wide(&large)), 0);
  const IntervalValue month{1, 0, 0, 0}, days{0, 30, 0, 0}, hours{0, 29, 86'400'000'000, 0};
  EXPECT_EQ(Compare(Type::Interval(), Datum::Interval(&month), Datum::Interval(&days)), 0);
  EXPECT_EQ(GroupingHash(Type::Interval(), Datum::Interval(&month)),
            GroupingHash(Type::Interval(), Datum::Interval(&hours)));
}

TEST(ValueTest, HashesSpread) {
  std::vector<int> buckets(64);
  for (int64_t i = 0; i < 64000; ++i) ++buckets[GroupingHash(Type::Int64(), Datum::Int64(i)) % 64];
  for (int count : buckets) EXPECT_NEAR(count, 1000, 250);
}

TEST(ValueTest, AsSql) {
  EXPECT_EQ(Value::String("it's\n\\ é\x01").ToSql(), "'it\\'s\\n\\\\ é\\x01'");
  EXPECT_EQ(Value::Bytes(std::string_view("a\0\xff", 3)).ToSql(), "b'a\\x00\\xff'");
  EXPECT_EQ(Value::Float64(1).ToSql(), "1.0");
  EXPECT_EQ(Value::Float64(1e20).ToSql(), "1e+20");
  EXPECT_EQ(Value::Float64(-0.0).ToSql(), "-0.0");
  EXPECT_EQ(Value::Float64(std::numeric_limits<double>::infinity()).ToSql(),
            "CAST('inf' AS FLOAT64)");
  EXPECT_EQ(Value::Date(0).ToSql(), "DATE '1970-01-01'");
  EXPECT_EQ(Value::Timestamp({0, 1000}).ToSql(), "TIMESTAMP '1970-01-01 00:00:00.000001+00'");
  EXPECT_EQ(Value::Numeric(1'500'000'000).ToSql(), "NUMERIC '1.5'");
  EXPECT_EQ(Value::Null(Type::Json()).ToSql(), "NULL");
  EXPECT_EQ(Value::Array(Type::Int64(), {Value::Int64(1), Value::Null(Type::Int64())}).ToSql(),
            "ARRAY<INT64>[1, NULL]");
  const TypeRef row = Type::Struct({{"a", Type::Bool()}});
  EXPECT_EQ(Value::Struct(row, {Value::Bool(true)}).ToSql(), "STRUCT<a BOOL>(TRUE)");
}

}  // namespace
}  // namespace ks::sql
