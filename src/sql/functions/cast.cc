// CAST: the conversions between types, and which of them happen by themselves.
// https://cloud.google.com/spanner/docs/reference/standard-sql/conversion_rules
#include <cmath>

#include "absl/container/flat_hash_map.h"
#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/cast_array.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/numeric_math.h"
#include "sql/functions/proto_cast.h"
#include "sql/functions/utf8.h"
#include "sql/functions/zone_table.h"
#include "sql/types/civil.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

struct Casts {
  Kernel kernels[16][16] = {};
  template <typename F>
  void Add(F f) {
    const Signature s = Scalar(f);
    const size_t from = static_cast<size_t>(s.arguments[0].type->kind());
    kernels[from][static_cast<size_t>(s.result.type->kind())] = s.kernel;
  }
  template <typename F>
  void AddClass() {
    const Signature s = ScalarOf<F>();
    const size_t from = static_cast<size_t>(s.arguments[0].type->kind());
    kernels[from][static_cast<size_t>(s.result.type->kind())] = s.kernel;
  }
};

void Set(TypeKind from, TypeKind to, Kernel kernel, Casts* casts) {
  casts->kernels[static_cast<size_t>(from)][static_cast<size_t>(to)] = kernel;
}

void CopyKernel(Call&, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) out[row] = arguments[0].at(row);
}

// The value stays as it is.
void AddSame(TypeKind from, TypeKind to, Casts* casts) { Set(from, to, &CopyKernel, casts); }

// ---- Numbers ----
std::optional<int64_t> Int64OfDouble(Scope& s, double v) {
  if (!std::isfinite(v)) return s.Fail(NonFiniteToInteger(v));
  const double rounded = std::round(v);
  // 2^63 is no INT64, and the double below it is far from it.
  if (rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0) [[likely]] {
    return static_cast<int64_t>(rounded);
  }
  return s.Fail(IntegerOutOfRange(StrCat(v)));
}
std::optional<NumericValue> NumericOfDouble(Scope& s, double v) {
  if (!std::isfinite(v)) return s.Fail(NonFiniteToNumeric(v));
  const std::optional<Int128> scaled = NumericFromDouble(v);
  if (!scaled.has_value()) return s.Fail(NumericOutOfRange(StrCat(v)));
  return NumericValue{*scaled};
}
std::optional<float> FloatOfDouble(Scope& s, double v) {
  const float narrow = static_cast<float>(v);
  if (std::isinf(narrow) && std::isfinite(v)) return s.Fail(FloatOutOfRange(v));
  return narrow;
}
std::optional<int64_t> Int64OfNumeric(Scope& s, NumericValue v) {
  const std::optional<int64_t> whole = NumericToInt64(v.scaled);
  if (whole.has_value()) return whole;
  std::string text;
  AppendNumeric(v.scaled, &text);
  return s.Fail(IntegerOutOfRange(text));
}

void AddNumbers(Casts& c) {
  c.Add([](bool v) { return int64_t{v}; });
  c.Add([](int64_t v) { return v != 0; });
  c.Add([](int64_t v) { return static_cast<double>(v); });
  c.Add([](int64_t v) { return static_cast<float>(v); });
  c.Add([](int64_t v) { return NumericValue{Int128{v} * kNumericScale}; });
  c.Add([](Scope& s, double v) { return Int64OfDouble(s, v); });
  c.Add([](Scope& s, double v) { return FloatOfDouble(s, v); });
  c.Add([](Scope& s, double v) { return NumericOfDouble(s, v); });
  c.Add([](Scope& s, float v) { return Int64OfDouble(s, v); });
  c.Add([](float v) { return double{v}; });
  c.Add([](Scope& s, float v) { return NumericOfDouble(s, v); });
  c.Add([](Scope& s, NumericValue v) { return Int64OfNumeric(s, v); });
  c.Add([](NumericValue v) { return NumericToDouble(v.scaled); });
  c.Add([](NumericValue v) { return static_cast<float>(NumericToDouble(v.scaled)); });
}

// ---- From STRING ----
bool EqualsIgnoringCase(Text text, Text lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// A plain decimal number of up to 18 digits, the usual case; nullopt: ask ParseInt64.
std::optional<int64_t> ShortInt64(Text text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 18) return std::nullopt;
  int64_t v = 0;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return std::nullopt;
    v = v * 10 + digit;
  }
  return negative ? -v : v;
}

std::optional<int64_t> Int64OfText(Scope& s, Text text) {
  if (const std::optional<int64_t> v = ShortInt64(text)) [[likely]]
    return v;
  absl::StatusOr<int64_t> v = ParseInt64(text);
  if (!v.ok()) return s.Fail(v.status());
  return *v;
}
std::optional<bool> BoolOfText(Scope& s, Text text) {
  if (EqualsIgnoringCase(text, "true")) return true;
  if (EqualsIgnoringCase(text, "false")) return false;
  return s.Fail(BadBool(text));
}

template <typename Wrapper, auto kParse>
std::optional<Wrapper> Parsed(Scope& s, Text text) {
  auto v = kParse(text);
  if (!v.ok()) return s.Fail(v.status());
  return Wrapper{*v};
}

void AddFromText(Casts& c) {
  c.Add([](Scope& s, Text t) { return BoolOfText(s, t); });
  c.Add([](Scope& s, Text t) { return Int64OfText(s, t); });
  c.Add([](Text t) { return ParseFloat64(t); });
  c.Add([](Text t) { return ParseFloat32(t); });
  c.Add([](Scope& s, Text t) { return Parsed<NumericValue, &ParseNumeric>(s, t); });
  c.Add([](Text t) { return BytesView{t}; });
  c.Add([](Scope& s, Text t) { return Parsed<DateDays, &ParseDate>(s, t); });
  c.Add([](Scope& s, Text t) { return ParseTimestamp(t, s.context().default_zone); });
  c.Add([](Scope& s, Text t) { return Parsed<UuidValue, &ParseUuid>(s, t); });
  c.Add([](Text t) { return ParseInterval(t); });
}

// ---- To STRING ----
template <typename Append>
Text Formatted(Scope& s, Append append) {
  std::string text;
  append(&text);
  return s.arena().Copy(text);
}

Text Int64Text(Scope& s, int64_t v) {
  char* const to = s.arena().Allocate(24);
  char* at = to + 24;
  uint64_t rest = v < 0 ? uint64_t{0} - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
  do {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (v < 0) *--at = '-';
  return {at, static_cast<size_t>(to + 24 - at)};
}

void AddToText(Casts& c) {
  c.Add([](bool v) -> Text { return v ? "true" : "false"; });
  c.Add([](Scope& s, int64_t v) { return Int64Text(s, v); });
  c.Add([](Scope& s, double v) {
    return Formatted(s, [&](std::string* out) { AppendFloat64(v, out); });
  });
  c.Add([](Scope& s, float v) {
    return Formatted(s, [&](std::string* out) { AppendFloat32(v, out); });
  });
  c.Add([](Scope& s, NumericValue v) {
    return Formatted(s, [&](std::string* out) { AppendNumeric(v.scaled, out); });
  });
  c.Add([](Scope& s, BytesView v) -> std::optional<Text> {
    if (!IsValidUtf8(v.bytes)) return s.Fail(BytesNotUtf8());
    return v.bytes;
  });
  c.Add([](Scope& s, DateDays v) {
    return Formatted(s, [&](std::string* out) { AppendDate(v.days, out); });
  });
  c.Add([](Scope& s, TimestampValue v) {
    return Formatted(s,
                     [&](std::string* out) { AppendTimestamp(v, s.context().default_zone, out); });
  });
  c.Add([](Scope& s, UuidValue v) {
    return Formatted(s, [&](std::string* out) { AppendUuid(v.bits, out); });
  });
  c.Add([](Scope& s, const IntervalValue& v) {
    return Formatted(s, [&](std::string* out) { AppendInterval(v, out); });
  });
}

// ---- Times, UUID and BYTES ----
struct DateOfTimestamp {
  explicit DateOfTimestamp(Call& call) { status = zone.Set(call.context.default_zone); }
  absl::Status status;
  ZoneCursor zone;
  std::optional<DateDays> operator()(Scope& s, TimestampValue t) {
    if (!status.ok()) [[unlikely]]
      return s.Fail(status);
    return DateDays{FloorDivide(zone.ToLocal(t.seconds), kSecondsPerDay)};
  }
};
struct TimestampOfDate {
  explicit TimestampOfDate(Call& call) { status = zone.Set(call.context.default_zone); }
  absl::Status status;
  ZoneCursor zone;
  std::optional<TimestampValue> operator()(Scope& s, DateDays date) {
    if (!status.ok()) [[unlikely]]
      return s.Fail(status);
    const int64_t seconds = zone.table().ToUtc(date.days * kSecondsPerDay);
    if (seconds >= kTimestampMinSeconds && seconds <= kTimestampMaxSeconds) {
      return TimestampValue{seconds, 0};
    }
    std::string text;
    AppendDate(date.days, &text);
    return s.Fail(OutOfRange(StrCat("Cannot convert date ", text, " to timestamp")));
  }
};

BytesView UuidBytes(Scope& s, UuidValue v) {
  char* const to = s.arena().Allocate(16);
  for (int i = 0; i < 16; ++i) to[i] = static_cast<char>(v.bits >> (120 - 8 * i));
  return {{to, 16}};
}
std::optional<UuidValue> UuidOfBytes(Scope& s, BytesView v) {
  if (v.bytes.size() != 16) {
    return s.Fail(
        OutOfRange(StrCat("Invalid BYTES for UUID: 16 bytes are needed, not ", v.bytes.size())));
  }
  unsigned __int128 bits = 0;
  for (const char c : v.bytes) bits = bits << 8 | static_cast<unsigned char>(c);
  return UuidValue{static_cast<Int128>(bits)};
}

void AddProtos(Casts* c) {
  AddSame(TypeKind::kBytes, TypeKind::kProto, c);
  AddSame(TypeKind::kProto, TypeKind::kBytes, c);
  AddSame(TypeKind::kEnum, TypeKind::kInt64, c);
  Set(TypeKind::kString, TypeKind::kEnum, &StringToEnumKernel, c);
  Set(TypeKind::kInt64, TypeKind::kEnum, &Int64ToEnumKernel, c);
  Set(TypeKind::kEnum, TypeKind::kString, &EnumToStringKernel, c);
  Set(TypeKind::kString, TypeKind::kProto, &StringToProtoKernel, c);
  Set(TypeKind::kProto, TypeKind::kString, &ProtoToStringKernel, c);
}

const Casts& AllCasts() {
  static const Casts* const casts = [] {
    auto* c = new Casts;
    AddNumbers(*c);
    AddFromText(*c);
    AddToText(*c);
    c->AddClass<DateOfTimestamp>();
    c->AddClass<TimestampOfDate>();
    c->Add([](Scope& s, UuidValue v) { return UuidBytes(s, v); });
    c->Add([](Scope& s, BytesView v) { return UuidOfBytes(s, v); });
    AddProtos(c);
    return c;
  }();
  return *casts;
}

bool SameShape(TypeRef from, TypeRef to, bool (*fits)(TypeRef, TypeRef)) {
  if (from->is_array() && to->is_array()) return fits(from->element(), to->element());
  if (!from->is_struct() || !to->is_struct()) return false;
  if (from->fields().size() != to->fields().size()) return false;
  for (size_t i = 0; i < from->fields().size(); ++i) {
    if (!fits(from->fields()[i].type, to->fields()[i].type)) return false;
  }
  return true;
}

bool Castable(TypeRef from, TypeRef to) { return FindCast(from, to) != nullptr; }

}  // namespace

Kernel FindCast(TypeRef from, TypeRef to) {
  if (from == to) return &CopyKernel;
  if (from->is_array() || from->is_struct()) {
    return SameShape(from, to, &Castable) ? &CastElementsKernel : nullptr;
  }
  return AllCasts().kernels[static_cast<size_t>(from->kind())][static_cast<size_t>(to->kind())];
}

bool ImplicitlyCoercible(TypeRef from, TypeRef to) {
  if (from == to) return true;
  switch (from->kind()) {
    case TypeKind::kInt64:
      return to->Is(TypeKind::kFloat64) || to->Is(TypeKind::kNumeric);
    case TypeKind::kFloat32:
    case TypeKind::kNumeric:
      return to->Is(TypeKind::kFloat64);
    case TypeKind::kStruct:
      return SameShape(from, to, &ImplicitlyCoercible);
    default:
      return false;
  }
}

bool LiteralCoercible(TypeRef from, TypeRef to) {
  if (ImplicitlyCoercible(from, to)) return true;
  switch (from->kind()) {
    case TypeKind::kString:
      return to->Is(TypeKind::kDate) || to->Is(TypeKind::kTimestamp) || to->Is(TypeKind::kEnum) ||
             to->Is(TypeKind::kProto) || to->Is(TypeKind::kUuid);
    case TypeKind::kBytes:
      return to->Is(TypeKind::kProto);
    case TypeKind::kInt64:
      return to->Is(TypeKind::kFloat32) || to->Is(TypeKind::kEnum);
    case TypeKind::kFloat64:
      return to->Is(TypeKind::kFloat32) || to->Is(TypeKind::kNumeric);
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return SameShape(from, to, &LiteralCoercible);
    default:
      return false;
  }
}

}  // namespace ks::sql
