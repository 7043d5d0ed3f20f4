// Bits: & | ^ ~ << >>, BIT_COUNT, BIT_REVERSE.
// https://cloud.google.com/spanner/docs/reference/standard-sql/operators#bitwise_operators
#include <bit>

#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

struct AndOp {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct OrOp {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct XorOp {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

template <typename Op>
std::vector<Signature> Bitwise() {
  return {
      Scalar([](int64_t a, int64_t b) { return Op{}(a, b); }),
      Scalar([](Scope& s, BytesView a, BytesView b) -> std::optional<BytesView> {
        if (a.bytes.size() != b.bytes.size()) {
          return s.Fail(BytesLengthMismatch(a.bytes.size(), b.bytes.size()));
        }
        char* const to = s.arena().Allocate(a.bytes.size());
        for (size_t i = 0; i < a.bytes.size(); ++i) to[i] = Op{}(a.bytes[i], b.bytes[i]);
        return BytesView{{to, a.bytes.size()}};
      }),
  };
}

BytesView NotBytes(Scope& s, BytesView v) {
  char* const to = s.arena().Allocate(v.bytes.size());
  for (size_t i = 0; i < v.bytes.size(); ++i) to[i] = static_cast<char>(~v.bytes[i]);
  return {{to, v.bytes.size()}};
}

// The byte string shifted as one big-endian number; what falls out is lost.
BytesView ShiftBytes(Scope& s, std::string_view v, int64_t by, bool left) {
  const size_t size = v.size();
  char* const to = s.arena().Allocate(size);
  const size_t whole = static_cast<size_t>(by) / 8;
  const unsigned bits = static_cast<unsigned>(by % 8);
  const auto byte = [&](size_t i) { return i < size ? static_cast<unsigned char>(v[i]) : 0u; };
  for (size_t i = 0; i < size; ++i) {
    unsigned two;  // the byte that comes here and the one whose bits it borrows
    if (left) {
      two = (byte(i + whole) << 8 | byte(i + whole + 1)) << bits >> 8;
    } else {
      const size_t from = i - whole;  // wraps around when there is none: then it reads 0
      const unsigned before = i >= whole + 1 ? byte(from - 1) : 0;
      two = (before << 8 | (i >= whole ? byte(from) : 0)) >> bits;
    }
    to[i] = static_cast<char>(two);
  }
  return {{to, size}};
}

template <bool kLeft>
std::vector<Signature> Shift() {
  return {
      Scalar([](Scope& s, int64_t v, int64_t by) -> std::optional<int64_t> {
        if (by < 0) return s.Fail(NegativeShift());
        if (by >= 64) return 0;
        const uint64_t bits = static_cast<uint64_t>(v);
        return static_cast<int64_t>(kLeft ? bits << by : bits >> by);
      }),
      Scalar([](Scope& s, BytesView v, int64_t by) -> std::optional<BytesView> {
        if (by < 0) return s.Fail(NegativeShift());
        return ShiftBytes(s, v.bytes, by, kLeft);
      }),
  };
}

int64_t CountBytes(BytesView v) {
  int64_t count = 0;
  for (const char c : v.bytes) count += std::popcount(static_cast<unsigned char>(c));
  return count;
}

// All 64 bits, or, keeping the sign bit, the lower 63.
int64_t BitReverse(int64_t v, bool preserve_sign) {
  uint64_t bits = static_cast<uint64_t>(v);
  uint64_t reversed = 0;
  for (int i = 0; i < 64; ++i, bits >>= 1) reversed = reversed << 1 | (bits & 1);
  if (!preserve_sign) return static_cast<int64_t>(reversed);
  // The sign bit has come to the lowest place and goes back to the highest.
  return static_cast<int64_t>(reversed >> 1 | (reversed & 1) << 63);
}

}  // namespace

void AddBit(FunctionRegistry& table) {
  table.Add("$bitwise_and", Bitwise<AndOp>());
  table.Add("$bitwise_or", Bitwise<OrOp>());
  table.Add("$bitwise_xor", Bitwise<XorOp>());
  table.Add("$bitwise_not", {Scalar([](int64_t v) { return ~v; }),
                             Scalar([](Scope& s, BytesView v) { return NotBytes(s, v); })});
  table.Add("$shift_left", Shift<true>());
  table.Add("$shift_right", Shift<false>());
  table.Add("BIT_COUNT",
            {Scalar([](int64_t v) -> int64_t { return std::popcount(static_cast<uint64_t>(v)); }),
             Scalar([](BytesView v) { return CountBytes(v); })});
  table.Add("BIT_REVERSE", {Scalar([](int64_t v, bool keep) { return BitReverse(v, keep); })});
}

}  // namespace ks::sql
