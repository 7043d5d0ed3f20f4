// The order, equality and hash of values, without SQL's three-valued logic.

#include <bit>
#include <cmath>
#include <cstring>

#include "sql/types/civil.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// NaN comes before every number; -0.0 equals 0.0.
int OrderFloat(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return static_cast<int>(std::isnan(b)) - static_cast<int>(std::isnan(a));
  return Order(a, b);
}

// A month counts as 30 days and a day as 24 hours.
Int128 IntervalNanos(const IntervalValue& v) {
  const Int128 days = static_cast<Int128>(v.months) * 30 + v.days;
  return (days * kSecondsPerDay * 1'000'000 + v.micros) * 1000 + v.nano_fractions;
}

int OrderElements(TypeRef type, const Datum& a, const Datum& b) {
  const auto left = a.elements();
  const auto right = b.elements();
  for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
    TypeRef element = type->is_array() ? type->element() : type->fields()[i].type;
    if (int order = Compare(element, left[i], right[i]); order != 0) return order;
  }
  return Order(left.size(), right.size());
}

// A deterministic 64-bit mix: multiply to 128 bits and fold.
constexpr uint64_t kMix1 = 0x9e3779b97f4a7c15;
constexpr uint64_t kMix2 = 0xd1b54a32d192ed03;
constexpr uint64_t kScalarSeed = 0x8cb92ba72f3d8dd7;
uint64_t Mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a ^ kMix1) * (b ^ kMix2);
  uint64_t folded = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  folded = (folded ^ folded >> 31) * kMix2;
  return folded ^ folded >> 29;
}

uint64_t HashBytes(std::string_view bytes) {
  uint64_t hash = bytes.size();
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = Mix(hash, word);
  }
  if (left == 0) return hash;
  uint64_t tail = 0;
  std::memcpy(&tail, at, left);
  return Mix(hash, tail);
}

uint64_t HashWide(Int128 value) {
  const auto bits = static_cast<unsigned __int128>(value);
  return Mix(static_cast<uint64_t>(bits), static_cast<uint64_t>(bits >> 64));
}

uint64_t HashFloat(double value) {
  if (std::isnan(value)) return Mix(0x7ff8, kScalarSeed);
  if (value == 0) value = 0.0;
  return Mix(std::bit_cast<uint64_t>(value), kScalarSeed);
}

}  // namespace

int Compare(TypeRef type, const Datum& a, const Datum& b) {
  if (a.null() || b.null()) return static_cast<int>(b.null()) - static_cast<int>(a.null());
  switch (type->kind()) {
    case TypeKind::kBool:
    case TypeKind::kInt64:
    case TypeKind::kDate:
    case TypeKind::kEnum:
      return Order(a.int64(), b.int64());
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return OrderFloat(a.float64(), b.float64());
    case TypeKind::kTimestamp:
      return Order(a.timestamp(), b.timestamp());
    case TypeKind::kNumeric:
      return Order(a.wide(), b.wide());
    case TypeKind::kUuid:
      return Order(static_cast<unsigned __int128>(a.wide()),
                   static_cast<unsigned __int128>(b.wide()));
    case TypeKind::kInterval:
      return Order(IntervalNanos(a.interval()), IntervalNanos(b.interval()));
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return OrderElements(type, a, b);
    default: {
      const int order =
          a.str().compare(b.str());  // bytes as unsigned, which is also code point order
      return Order(order, 0);
    }
  }
}

bool GroupingEquals(TypeRef type, const Datum& a, const Datum& b) {
  return Compare(type, a, b) == 0;
}

uint64_t GroupingHash(TypeRef type, const Datum& datum) {
  if (datum.null()) return kMix1;
  switch (type->kind()) {
    case TypeKind::kBool:
    case TypeKind::kInt64:
    case TypeKind::kDate:
    case TypeKind::kEnum:
      return Mix(static_cast<uint64_t>(datum.int64()), kScalarSeed);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return HashFloat(datum.float64());
    case TypeKind::kTimestamp:
      return Mix(static_cast<uint64_t>(datum.timestamp().seconds),
                 static_cast<uint64_t>(datum.timestamp().nanos));
    case TypeKind::kNumeric:
    case TypeKind::kUuid:
      return HashWide(datum.wide());
    case TypeKind::kInterval:
      return HashWide(IntervalNanos(datum.interval()));
    case TypeKind::kArray:
    case TypeKind::kStruct: {
      const auto elements = datum.elements();
      uint64_t hash = elements.size();
      for (size_t i = 0; i < elements.size(); ++i) {
        TypeRef element = type->is_array() ? type->element() : type->fields()[i].type;
        hash = Mix(hash, GroupingHash(element, elements[i]));
      }
      return hash;
    }
    default:
      return HashBytes(datum.str());
  }
}

}  // namespace ks::sql
