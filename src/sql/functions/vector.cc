// Distances and products of vectors (ARRAY of numbers).
// https://cloud.google.com/spanner/docs/reference/standard-sql/mathematical_functions#cosine_distance
#include <cmath>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Elements = absl::Span<const Datum>;

// Both have the same number of elements and none is NULL.
bool Check(Scope& s, Elements a, Elements b) {
  if (a.size() != b.size()) {
    s.Fail(OutOfRange(StrCat("Array length mismatch: ", a.size(), " and ", b.size())));
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (!a[i].null() && !b[i].null()) continue;
    s.Fail(OutOfRange(
        StrCat("NULL array element in ", a[i].null() ? "first" : "second", " argument")));
    return false;
  }
  return true;
}

template <typename T>
std::optional<double> Cosine(Scope& s, ArrayView<T> a, ArrayView<T> b) {
  if (!Check(s, a.elements, b.elements)) return std::nullopt;
  double product = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.elements.size(); ++i) {
    const double x = a.elements[i].float64(), y = b.elements[i].float64();
    product += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa == 0 || bb == 0) {
    return s.Fail(OutOfRange("Cannot compute cosine distance against zero vector"));
  }
  return 1.0 - product / (std::sqrt(aa) * std::sqrt(bb));
}

template <typename T>
std::optional<double> Euclidean(Scope& s, ArrayView<T> a, ArrayView<T> b) {
  if (!Check(s, a.elements, b.elements)) return std::nullopt;
  double sum = 0;
  for (size_t i = 0; i < a.elements.size(); ++i) {
    const double d = a.elements[i].float64() - b.elements[i].float64();
    sum += d * d;
  }
  return std::sqrt(sum);
}

template <typename T>
std::optional<double> Dot(Scope& s, ArrayView<T> a, ArrayView<T> b) {
  if (!Check(s, a.elements, b.elements)) return std::nullopt;
  double sum = 0;
  for (size_t i = 0; i < a.elements.size(); ++i) {
    if constexpr (std::is_same_v<T, int64_t>) {
      sum +=
          static_cast<double>(a.elements[i].int64()) * static_cast<double>(b.elements[i].int64());
    } else {
      sum += a.elements[i].float64() * b.elements[i].float64();
    }
  }
  return sum;
}

// The function and its APPROX_ twin, exact too, whose `options` steer a vector index.
void AddDistance(FunctionRegistry& table, const std::string& name,
                 std::vector<Signature> signatures) {
  table.Add(name, signatures);
  for (Signature& s : signatures) {
    s.arguments.emplace_back(Type::Json());
    s.optional = 1;
    s.names = {"", "", "options"};
  }
  table.Add("APPROX_" + name, std::move(signatures));
}

}  // namespace

void AddVector(FunctionRegistry& table) {
  using F64 = ArrayView<double>;
  using F32 = ArrayView<float>;
  using I64 = ArrayView<int64_t>;
  AddDistance(table, "COSINE_DISTANCE",
              {Scalar([](Scope& s, F64 a, F64 b) { return Cosine(s, a, b); }),
               Scalar([](Scope& s, F32 a, F32 b) { return Cosine(s, a, b); })});
  AddDistance(table, "EUCLIDEAN_DISTANCE",
              {Scalar([](Scope& s, F64 a, F64 b) { return Euclidean(s, a, b); }),
               Scalar([](Scope& s, F32 a, F32 b) { return Euclidean(s, a, b); })});
  AddDistance(table, "DOT_PRODUCT",
              {Scalar([](Scope& s, I64 a, I64 b) { return Dot(s, a, b); }),
               Scalar([](Scope& s, F32 a, F32 b) { return Dot(s, a, b); }),
               Scalar([](Scope& s, F64 a, F64 b) { return Dot(s, a, b); })});
}

}  // namespace ks::sql
