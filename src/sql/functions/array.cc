// Functions of ARRAY, and the makers of ARRAY and STRUCT.
// https://cloud.google.com/spanner/docs/reference/standard-sql/array_functions
#include <algorithm>
#include <cmath>

#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/comparison.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/limits.h"
#include "sql/functions/numeric_math.h"
#include "sql/functions/strings.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Text = std::string_view;
using Pattern = ArgumentType::Pattern;
using Elements = absl::Span<const Datum>;

Signature Custom(ArgumentType result, std::vector<ArgumentType> arguments, Kernel kernel,
                 NullHandling nulls = NullHandling::kPropagate,
                 Requirement requirement = Requirement::kNone) {
  Signature s{.result = result, .arguments = std::move(arguments)};
  s.kernel = kernel;
  s.nulls = nulls;
  s.requirement = requirement;
  return s;
}
Signature Repeated(Signature s) {
  s.repeated = true;
  return s;
}

// ---- Access ----
template <int kFirst, bool kSafe>
void ElementAtKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    const Elements elements = arguments[0].at(row).elements();
    const int64_t wanted = arguments[1].at(row).int64();
    if (wanted >= kFirst && static_cast<uint64_t>(wanted - kFirst) < elements.size()) {
      out[row] = elements[static_cast<size_t>(wanted - kFirst)];
      continue;
    }
    out[row] = Datum::Null();
    if (!kSafe) call.context.Fail(row, IndexOutOfBounds(wanted));
  }
}
template <bool kFirst>
void EndKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    const Elements elements = arguments[0].at(row).elements();
    if (!elements.empty()) {
      out[row] = kFirst ? elements.front() : elements.back();
      continue;
    }
    out[row] = Datum::Null();
    call.context.Fail(
        row, OutOfRange(kFirst ? "ARRAY_FIRST cannot get the first element of an empty array"
                               : "ARRAY_LAST cannot get the last element of an empty array"));
  }
}
void SliceKernel(Call&, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    const Elements elements = arguments[0].at(row).elements();
    const int64_t size = static_cast<int64_t>(elements.size());
    int64_t begin = arguments[1].at(row).int64();
    int64_t last = arguments[2].at(row).int64();
    if (begin < 0) begin = begin < -size ? 0 : begin + size;
    if (last < 0) last = last < -size ? -1 : last + size;
    last = std::min(last, size - 1);
    out[row] = begin > last
                   ? Datum::Elements({})
                   : Datum::Elements(elements.subspan(static_cast<size_t>(begin),
                                                      static_cast<size_t>(last - begin + 1)));
  }
}
void LengthKernel(Call&, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    out[row] = Datum::Int64(static_cast<int64_t>(arguments[0].at(row).elements().size()));
  }
}

// ---- Building ----
void ConcatKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const size_t count = call.argument_types.size();
  for (const uint32_t row : rows) {
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) size += arguments[i].at(row).elements().size();
    Datum* const to = call.context.arena.AllocateArray<Datum>(size);
    Datum* at = to;
    for (size_t i = 0; i < count; ++i) {
      const Elements elements = arguments[i].at(row).elements();
      at = std::copy(elements.begin(), elements.end(), at);
    }
    out[row] = Datum::Elements({to, size});
  }
}
void ReverseKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    const Elements elements = arguments[0].at(row).elements();
    Datum* const to = call.context.arena.AllocateArray<Datum>(elements.size());
    std::reverse_copy(elements.begin(), elements.end(), to);
    out[row] = Datum::Elements({to, elements.size()});
  }
}
void MakeKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const size_t count = call.argument_types.size();
  for (const uint32_t row : rows) {
    Datum* const to = call.context.arena.AllocateArray<Datum>(count);
    for (size_t i = 0; i < count; ++i) to[i] = arguments[i].at(row);
    out[row] = Datum::Elements({to, count});
  }
}

template <typename T>
Signature ToString() {
  return NullScalar(
      [](Scope& s, std::optional<ArrayView<T>> array, std::optional<T> separator,
         std::optional<T> null_text) -> std::optional<T> {
        const bool missing_null_text = s.call().argument_types.size() > 2 && !null_text.has_value();
        if (!array.has_value() || !separator.has_value() || missing_null_text) return std::nullopt;
        std::string text;
        bool first = true;
        for (const Datum& element : array->elements) {
          if (element.null() && !null_text.has_value()) continue;
          if (!first) text += SqlType<T>::Write(*separator, s.arena()).str();
          text += element.null() ? SqlType<T>::Write(*null_text, s.arena()).str() : element.str();
          first = false;
        }
        return T{s.arena().Copy(text)};
      },
      1);
}

// ---- Search ----
bool Contains(TypeRef type, Elements elements, const Datum& wanted) {
  for (const Datum& element : elements) {
    if (!element.null() && SqlEquals(type, element, wanted).value_or(false)) return true;
  }
  return false;
}
void IncludesKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[1];
  for (const uint32_t row : rows) {
    out[row] = Datum::Bool(Contains(type, arguments[0].at(row).elements(), arguments[1].at(row)));
  }
}
template <bool kAll>
void IncludesManyKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0]->element();
  for (const uint32_t row : rows) {
    const Elements elements = arguments[0].at(row).elements();
    bool result = kAll;
    for (const Datum& wanted : arguments[1].at(row).elements()) {
      const bool found = !wanted.null() && Contains(type, elements, wanted);
      if (found != kAll) {
        result = found;
        break;
      }
    }
    out[row] = Datum::Bool(result);
  }
}
void IsDistinctKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0]->element();
  for (const uint32_t row : rows) {
    const Elements elements = arguments[0].at(row).elements();
    bool distinct = true;
    for (size_t i = 0; i < elements.size() && distinct; ++i) {
      for (size_t j = 0; j < i && distinct; ++j) {
        distinct = !GroupingEquals(type, elements[i], elements[j]);
      }
    }
    out[row] = Datum::Bool(distinct);
  }
}
template <int kSign>
void ExtremeKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0]->element();
  for (const uint32_t row : rows) {
    Datum best = Datum::Null();
    for (const Datum& d : arguments[0].at(row).elements()) {
      if (d.null()) continue;
      const bool nan = type->is_floating() && std::isnan(d.float64());
      if (best.null() || nan || Compare(type, d, best) * kSign > 0) best = d;
      if (nan) break;
    }
    out[row] = best;
  }
}

// ---- GENERATE_ARRAY, GENERATE_DATE_ARRAY ----
// The values first, first+step, … up to `last`; nullopt when there are too many.
template <typename T, typename Make>
std::optional<Elements> Sequence(Scope& s, T first, T last, T step, Make make) {
  if (step == 0) return s.Fail(OutOfRange("Sequence step cannot be 0."));
  if (step > 0 ? first > last : first < last) return Elements();
  std::vector<Datum> values;
  for (int64_t i = 0; i < kGeneratedElementsMax; ++i) {
    const T value = first + step * static_cast<T>(i);
    if (step > 0 ? value > last : value < last) break;
    if (static_cast<int64_t>(values.size()) == kGeneratedElementsMax) break;
    values.push_back(make(value));
    if (i + 1 == kGeneratedElementsMax) {
      const T next = first + step * static_cast<T>(i + 1);
      if (step > 0 ? next <= last : next >= last) return s.Fail(ArrayTooLong());
    }
  }
  Datum* const to = s.arena().AllocateArray<Datum>(values.size());
  std::copy(values.begin(), values.end(), to);
  return Elements(to, values.size());
}
template <typename T>
std::optional<ArrayView<T>> Wrapped(const std::optional<Elements>& elements) {
  if (!elements.has_value()) return std::nullopt;
  return ArrayView<T>{*elements};
}

std::vector<Signature> GenerateArray() {
  return {
      Scalar([](Scope& s, int64_t first, int64_t last, std::optional<int64_t> step) {
        return Wrapped<int64_t>(Sequence<Int128>(s, first, last, step.value_or(1), [](Int128 v) {
          return Datum::Int64(static_cast<int64_t>(v));
        }));
      }),
      Scalar([](Scope& s, NumericValue first, NumericValue last, std::optional<NumericValue> step) {
        const Int128 by = step.value_or(NumericValue{kNumericScale}).scaled;
        return Wrapped<NumericValue>(
            Sequence<Int128>(s, first.scaled, last.scaled, by,
                             [&](Int128 v) { return Datum::Wide(s.arena().Store(v)); }));
      }),
      Scalar([](Scope& s, double first, double last, std::optional<double> step) {
        return Wrapped<double>(Sequence<double>(s, first, last, step.value_or(1),
                                                [](double v) { return Datum::Float64(v); }));
      }),
  };
}

constexpr PartArgument kDateArray{
    "GENERATE_DATE_ARRAY", 3,
    Parts(DatePart::kDay, DatePart::kWeek, DatePart::kMonth, DatePart::kQuarter, DatePart::kYear)};

std::optional<ArrayView<DateDays>> GenerateDateArray(Scope& s, DateDays first, DateDays last,
                                                     std::optional<int64_t> step,
                                                     std::optional<Text> part_name) {
  const DatePart part = FindDatePart(part_name.value_or("DAY")).value_or(DatePart::kDay);
  const int64_t by = step.value_or(1);
  if (by == 0) return s.Fail(OutOfRange("Sequence step cannot be 0."));
  std::vector<Datum> values;
  for (int64_t i = 0;; ++i) {
    // From the one before, not from the first: after 29 February comes 29 March.
    const std::optional<int64_t> days =
        i == 0 ? first.days : AddToDate(values.back().int64(), by, part);
    if (!days.has_value() || (by > 0 ? *days > last.days : *days < last.days)) break;
    if (i == kGeneratedElementsMax) return s.Fail(ArrayTooLong());
    values.push_back(Datum::Date(*days));
  }
  Datum* const to = s.arena().AllocateArray<Datum>(values.size());
  std::copy(values.begin(), values.end(), to);
  return ArrayView<DateDays>{{to, values.size()}};
}

void AddAccess(FunctionRegistry& table) {
  const std::vector<ArgumentType> at = {Pattern::kArrayOfAny1, Type::Int64()};
  table.Add("$array_at_offset", {Custom(Pattern::kAny1, at, &ElementAtKernel<0, false>)});
  table.Add("$array_at_ordinal", {Custom(Pattern::kAny1, at, &ElementAtKernel<1, false>)});
  table.Add("$safe_array_at_offset", {Custom(Pattern::kAny1, at, &ElementAtKernel<0, true>)});
  table.Add("$safe_array_at_ordinal", {Custom(Pattern::kAny1, at, &ElementAtKernel<1, true>)});
  table.Add("ARRAY_FIRST", {Custom(Pattern::kAny1, {Pattern::kArrayOfAny1}, &EndKernel<true>)});
  table.Add("ARRAY_LAST", {Custom(Pattern::kAny1, {Pattern::kArrayOfAny1}, &EndKernel<false>)});
  table.Add("ARRAY_LENGTH", {Custom(Type::Int64(), {Pattern::kArrayOfAny1}, &LengthKernel)});
  table.Add("ARRAY_SLICE",
            {Custom(Pattern::kArrayOfAny1, {Pattern::kArrayOfAny1, Type::Int64(), Type::Int64()},
                    &SliceKernel)});
}

void AddSearch(FunctionRegistry& table) {
  const auto kNulls = NullHandling::kPropagate;
  const std::vector<ArgumentType> arrays = {Pattern::kArrayOfAny1, Pattern::kArrayOfAny1};
  table.Add("ARRAY_INCLUDES", {Custom(Type::Bool(), {Pattern::kArrayOfAny1, Pattern::kAny1},
                                      &IncludesKernel, kNulls, Requirement::kEquality)});
  table.Add("ARRAY_INCLUDES_ANY", {Custom(Type::Bool(), arrays, &IncludesManyKernel<false>, kNulls,
                                          Requirement::kEquality)});
  table.Add("ARRAY_INCLUDES_ALL", {Custom(Type::Bool(), arrays, &IncludesManyKernel<true>, kNulls,
                                          Requirement::kEquality)});
  table.Add("ARRAY_IS_DISTINCT", {Custom(Type::Bool(), {Pattern::kArrayOfAny1}, &IsDistinctKernel,
                                         kNulls, Requirement::kGrouping)});
  table.Add("ARRAY_MIN", {Custom(Pattern::kAny1, {Pattern::kArrayOfAny1}, &ExtremeKernel<-1>,
                                 kNulls, Requirement::kOrdering)});
  table.Add("ARRAY_MAX", {Custom(Pattern::kAny1, {Pattern::kArrayOfAny1}, &ExtremeKernel<1>, kNulls,
                                 Requirement::kOrdering)});
}

}  // namespace

void AddArray(FunctionRegistry& table) {
  AddAccess(table);
  AddSearch(table);
  const Signature concat =
      Repeated(Custom(Pattern::kArrayOfAny1, {Pattern::kArrayOfAny1}, &ConcatKernel));
  table.Add("ARRAY_CONCAT", {concat});
  table.Add("$concat", {ConcatSignature(Type::String()), ConcatSignature(Type::Bytes()), concat});
  table.Add("ARRAY_REVERSE",
            {Custom(Pattern::kArrayOfAny1, {Pattern::kArrayOfAny1}, &ReverseKernel)});
  table.Add("ARRAY_TO_STRING", {ToString<std::string_view>(), ToString<BytesView>()});
  table.Add("GENERATE_ARRAY", GenerateArray());
  table.FloatFirst("GENERATE_ARRAY");
  table.Add("GENERATE_DATE_ARRAY",
            {With(Scalar([](Scope& s, DateDays first, DateDays last, std::optional<int64_t> step,
                            std::optional<Text> part) {
                    return GenerateDateArray(s, first, last, step, part);
                  }),
                  &PreparePart<kDateArray>)});
  table.Add("$make_array", {Repeated(Custom(Pattern::kArrayOfAny1, {Pattern::kAny1}, &MakeKernel,
                                            NullHandling::kKernel))});
  table.Add("$make_struct", {Repeated(Custom(Pattern::kAnyStruct, {Pattern::kAnyType}, &MakeKernel,
                                             NullHandling::kKernel))});
}

}  // namespace ks::sql
