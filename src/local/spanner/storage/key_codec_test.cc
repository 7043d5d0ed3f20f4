#include "local/spanner/storage/key_codec.h"

#include <cmath>
#include <limits>
#include <random>

#include "gtest/gtest.h"
#include "sql/types/value.h"

namespace ks::local {
namespace {

using sql::Datum;
using sql::Type;
using sql::TypeKind;

// Values that sit on edges, and random ones near them.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  Datum Make(sql::TypeRef type, sql::Arena& arena) {
    if (Pick(8) == 0) return Datum::Null();
    switch (type->kind()) {
      case TypeKind::kBool:
        return Datum::Bool(Pick(2) == 1);
      case TypeKind::kInt64:
        return Datum::Int64(Integer());
      case TypeKind::kDate:
        return Datum::Date(static_cast<int64_t>(Pick(100)) - 50);
      case TypeKind::kFloat64: {
        constexpr double kInf = std::numeric_limits<double>::infinity();
        const double edges[] = {0.0, -0.0, 1.5, -1.5, kInf, -kInf, 5e-324, -5e-324, std::nan("")};
        return Datum::Float64(edges[Pick(9)]);
      }
      case TypeKind::kNumeric:
        return Datum::Wide(arena.Store(sql::Int128{Integer()} * (Pick(2) == 0 ? 1 : 1'000'000)));
      case TypeKind::kTimestamp:
        return Datum::Timestamp({static_cast<int64_t>(Pick(5)) - 2, static_cast<int32_t>(Pick(3))});
      default: {
        std::string text;
        for (size_t n = Pick(4); n > 0; --n) text.push_back("\x00\x01\x61\xff"[Pick(4)]);
        return Datum::Str(arena.Copy(text));
      }
    }
  }
  size_t Pick(size_t bound) { return random_() % bound; }

 private:
  int64_t Integer() {
    const int64_t edges[] = {0,
                             1,
                             -1,
                             255,
                             256,
                             -256,
                             std::numeric_limits<int64_t>::min(),
                             std::numeric_limits<int64_t>::max()};
    return edges[Pick(8)];
  }
  std::mt19937 random_;
};

int CompareKeys(const KeyShape& shape, const Datum* a, const Datum* b) {
  for (size_t i = 0; i < shape.parts.size(); ++i) {
    int order = sql::Compare(shape.parts[i].type, a[i], b[i]);
    if (order != 0) return shape.parts[i].descending ? -order : order;
  }
  return 0;
}

TEST(KeyCodec, BytesSortAsValuesAndDecodeBack) {
  const sql::TypeRef types[] = {Type::Bool(),  Type::Int64(),   Type::Float64(),   Type::String(),
                                Type::Bytes(), Type::Numeric(), Type::Timestamp(), Type::Date()};
  Generator g(7);
  for (int round = 0; round < 20'000; ++round) {
    sql::Arena arena;
    KeyShape shape{static_cast<KeySpaceId>(g.Pick(3)), {}};
    for (size_t n = 1 + g.Pick(3); n > 0; --n) {
      shape.parts.push_back({types[g.Pick(8)], g.Pick(2) == 1});
    }
    std::vector<Datum> a, b;
    for (const KeyPartType& part : shape.parts) {
      a.push_back(g.Make(part.type, arena));
      b.push_back(g.Pick(3) == 0 ? a.back() : g.Make(part.type, arena));
    }
    std::string key_a = EncodeKey(shape, a), key_b = EncodeKey(shape, b);
    int order = CompareKeys(shape, a.data(), b.data());
    int bytes = key_a.compare(key_b);
    ASSERT_EQ(order < 0, bytes < 0) << round;
    ASSERT_EQ(order == 0, bytes == 0) << round;
    if (bytes != 0) {
      ASSERT_FALSE(key_b.starts_with(key_a)) << round;
    }

    std::vector<Datum> back(a.size());
    ASSERT_TRUE(DecodeKey(shape, key_a, arena, back.data()).ok());
    ASSERT_EQ(CompareKeys(shape, a.data(), back.data()), 0) << round;

    KeySpan prefix = PrefixSpan(EncodeKey(shape, {a.data(), 1}));
    bool same_first = CompareKeys({0, {shape.parts[0]}}, a.data(), b.data()) == 0;
    ASSERT_EQ(same_first, prefix.start <= key_b && key_b < prefix.limit) << round;
  }
}

TEST(KeyCodec, DecodingGarbageIsAnError) {
  KeyShape shape{1, {{Type::String()}, {Type::Int64(), true}}};
  Datum parts[2];
  std::mt19937 random(3);
  std::string key = EncodeKey(shape, {Datum::Str("ab"), Datum::Int64(5)});
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = key.substr(0, random() % (key.size() + 1));
    if (!bad.empty()) bad[random() % bad.size()] = static_cast<char>(random());
    sql::Arena arena;
    DecodeKey(shape, bad, arena, parts).IgnoreError();
  }
  sql::Arena arena;
  EXPECT_FALSE(DecodeKey(shape, key.substr(0, key.size() - 1), arena, parts).ok());
  EXPECT_FALSE(DecodeKey(shape, key + "x", arena, parts).ok());
}

TEST(KeyCodec, BoundsOpenAndClosed) {
  KeyShape shape{1, {{Type::Int64()}, {Type::Int64()}}};
  auto key = [&](int64_t a, int64_t b) {
    return EncodeKey(shape, {Datum::Int64(a), Datum::Int64(b)});
  };
  Datum two[] = {Datum::Int64(2)};
  Datum four[] = {Datum::Int64(4)};
  auto has = [](const KeySpan& span, const std::string& k) {
    return span.start <= k && k < span.limit;
  };
  KeySpan closed = EncodeBounds(shape, {two, four, true, true});
  EXPECT_TRUE(has(closed, key(2, -9)) && has(closed, key(4, 9)) && !has(closed, key(5, 0)));
  KeySpan open = EncodeBounds(shape, {two, four, false, false});
  EXPECT_TRUE(!has(open, key(2, 9)) && has(open, key(3, 0)) && !has(open, key(4, -9)));
  Datum point[] = {Datum::Int64(2), Datum::Int64(7)};
  KeySpan one = EncodeBounds(shape, {point, point, true, true});
  EXPECT_TRUE(IsPoint(one));
  EXPECT_FALSE(IsPoint(closed));
  EXPECT_TRUE(has(one, key(2, 7)) && !has(one, key(2, 8)));
}

}  // namespace
}  // namespace ks::local
