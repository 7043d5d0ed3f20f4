#include "formats/meaning.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/str_cat.h"
#include "formats/json_text.h"
#include "formats/limits.h"
#include "sql/types/value.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::Type;
using sql::TypeKind;

constexpr int64_t kDateMinDays = -719162;  // 0001-01-01
constexpr int64_t kDateMaxDays = 2932896;  // 9999-12-31
constexpr int64_t kSecondsPerDay = 86400;

// Parts of a second in one unit of the meaning; 0: it is no time.
int64_t UnitsPerSecond(MeaningKind kind) {
  switch (kind) {
    case MeaningKind::kTimeMillis:
    case MeaningKind::kTimestampMillis:
    case MeaningKind::kLocalMillis:
      return 1000;
    case MeaningKind::kTimeMicros:
    case MeaningKind::kTimestampMicros:
    case MeaningKind::kLocalMicros:
      return 1000000;
    case MeaningKind::kTimeNanos:
    case MeaningKind::kTimestampNanos:
    case MeaningKind::kLocalNanos:
      return 1000000000;
    default:
      return 0;
  }
}

bool IsTime(MeaningKind kind) {
  return kind >= MeaningKind::kTimeMillis && kind <= MeaningKind::kTimeNanos;
}
bool IsTimestamp(MeaningKind kind) {
  return kind >= MeaningKind::kTimestampMillis && kind <= MeaningKind::kLocalNanos;
}
bool IsLocal(MeaningKind kind) {
  return kind >= MeaningKind::kLocalMillis && kind <= MeaningKind::kLocalNanos;
}

sql::TimestampValue SplitSeconds(int64_t value, int64_t units) {
  int64_t seconds = value / units;
  int64_t rest = value % units;
  if (rest < 0) {
    rest += units;
    --seconds;
  }
  return {seconds, static_cast<int32_t>(rest * (1000000000 / units))};
}

// `HH:MM:SS` and as many digits of fraction as the unit has.
std::string ClockText(sql::TimestampValue time, int64_t units) {
  char text[32];
  const int64_t of_day = ((time.seconds % kSecondsPerDay) + kSecondsPerDay) % kSecondsPerDay;
  const int digits = units == 1000 ? 3 : units == 1000000 ? 6 : 9;
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%0*d", static_cast<int>(of_day / 3600),
                static_cast<int>(of_day / 60 % 60), static_cast<int>(of_day % 60), digits,
                static_cast<int>(time.nanos / (1000000000 / units)));
  return text;
}

Parsed FromTimestamp(MeaningKind kind, int64_t value, sql::TypeRef type, sql::Arena& arena,
                     Datum* out) {
  const sql::TimestampValue time = SplitSeconds(value, UnitsPerSecond(kind));
  if (time.seconds < sql::kTimestampMinSeconds || time.seconds > sql::kTimestampMaxSeconds)
    return Parsed::kOutOfRange;
  if (type->Is(TypeKind::kTimestamp)) {
    *out = Datum::Timestamp(time);
    return Parsed::kOk;
  }
  int64_t days = time.seconds / kSecondsPerDay;
  if (time.seconds % kSecondsPerDay < 0) --days;
  std::string text;
  sql::AppendDate(days, &text);
  StrAppend(&text, "T", ClockText(time, UnitsPerSecond(kind)));
  *out = Datum::Str(arena.Copy(text));
  return Parsed::kOk;
}

Parsed FromWhole(int64_t value, sql::TypeRef type, sql::Arena& arena, Datum* out) {
  switch (type->kind()) {
    case TypeKind::kInt64:
      *out = Datum::Int64(value);
      return Parsed::kOk;
    case TypeKind::kNumeric:
      *out = Datum::Wide(arena.Store(static_cast<sql::Int128>(value) * 1000000000));
      return Parsed::kOk;
    case TypeKind::kFloat64: {
      constexpr int64_t kExact = int64_t{1} << 53;
      if (value > kExact || value < -kExact) return Parsed::kOutOfRange;
      *out = Datum::Float64(static_cast<double>(value));
      return Parsed::kOk;
    }
    default:
      return Parsed::kMalformed;
  }
}

// The number that `bytes` (big-endian two's complement) is; false: it has more than 128 bits.
bool ReadInt128(std::string_view bytes, sql::Int128* value) {
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80) != 0;
  const char fill = negative ? '\xff' : '\0';
  while (bytes.size() > 16 && bytes[0] == fill) bytes.remove_prefix(1);
  if (bytes.size() > 16) return false;
  auto result = negative ? ~static_cast<unsigned __int128>(0) : static_cast<unsigned __int128>(0);
  for (const char byte : bytes) result = result << 8 | static_cast<unsigned char>(byte);
  *value = static_cast<sql::Int128>(result);
  // Sixteen bytes with the other sign were cut one too far.
  return (*value < 0) == negative;
}

Parsed ToNumeric(std::string_view unscaled, int32_t scale, sql::Int128* value) {
  sql::Int128 number = 0;
  if (!ReadInt128(unscaled, &number)) return Parsed::kOutOfRange;
  for (; scale > 9 && number != 0; --scale) {
    if (number % 10 != 0) return Parsed::kOutOfRange;
    number /= 10;
  }
  constexpr sql::Int128 kLimit = [] {
    sql::Int128 power = 1;
    for (int i = 0; i < 38; ++i) power *= 10;
    return power;
  }();
  for (; scale < 9 && number != 0; ++scale) {
    if (number >= kLimit / 10 || number <= -kLimit / 10) return Parsed::kOutOfRange;
    number *= 10;
  }
  if (number >= kLimit || number <= -kLimit) return Parsed::kOutOfRange;
  *value = number;
  return Parsed::kOk;
}

Parsed FromDecimal(std::string_view unscaled, int32_t scale, sql::TypeRef type, sql::Arena& arena,
                   Datum* out) {
  if (scale > kDecimalScaleMax || scale < -kDecimalScaleMax || unscaled.empty() ||
      unscaled.size() > kDecimalBytesMax)
    return Parsed::kOutOfRange;
  if (type->Is(TypeKind::kString)) {
    *out = Datum::Str(arena.Copy(DecimalText(unscaled, scale)));
    return Parsed::kOk;
  }
  sql::Int128 value = 0;
  if (const Parsed parsed = ToNumeric(unscaled, scale, &value); parsed != Parsed::kOk)
    return parsed;
  if (type->Is(TypeKind::kNumeric)) {
    *out = Datum::Wide(arena.Store(value));
    return Parsed::kOk;
  }
  value = value % 1000000000 == 0 ? value / 1000000000 : std::numeric_limits<sql::Int128>::max();
  if (value > std::numeric_limits<int64_t>::max() || value < std::numeric_limits<int64_t>::min())
    return Parsed::kOutOfRange;
  *out = Datum::Int64(static_cast<int64_t>(value));
  return Parsed::kOk;
}

uint32_t ReadLittleEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// ISO 8601: P1M2DT3.004S.
std::string DurationText(std::string_view bytes) {
  const uint32_t months = ReadLittleEndian(bytes.data());
  const uint32_t days = ReadLittleEndian(bytes.data() + 4);
  const uint32_t millis = ReadLittleEndian(bytes.data() + 8);
  char text[64];
  std::snprintf(text, sizeof text, "P%uM%uDT%u.%03uS", months, days, millis / 1000, millis % 1000);
  return text;
}

}  // namespace

bool Converts(Wire wire, Meaning meaning, sql::TypeRef type) {
  const TypeKind to = type->kind();
  const auto one_of = [to](std::initializer_list<TypeKind> kinds) {
    for (const TypeKind kind : kinds) {
      if (kind == to) return true;
    }
    return false;
  };
  using enum TypeKind;
  switch (wire) {
    case Wire::kBool:
      return to == kBool;
    case Wire::kFloat:
      return one_of({kFloat32, kFloat64});
    case Wire::kDouble:
      return one_of({kFloat64});
    case Wire::kInteger:
      if (meaning.kind == MeaningKind::kDate) return one_of({kDate, kInt64});
      if (IsLocal(meaning.kind)) return one_of({kTimestamp, kString, kInt64});
      if (IsTimestamp(meaning.kind)) return one_of({kTimestamp, kInt64});
      if (IsTime(meaning.kind)) return one_of({kString, kInt64});
      return one_of({kInt64, kNumeric, kFloat64});
    case Wire::kText:
      if (meaning.kind == MeaningKind::kUuid) return one_of({kUuid, kString});
      if (meaning.kind == MeaningKind::kJson) return one_of({kJson, kString});
      return one_of({kString, kNumeric, kTimestamp, kDate, kUuid});
    case Wire::kBytes:
      if (meaning.kind == MeaningKind::kDecimal) return one_of({kNumeric, kString, kInt64});
      if (meaning.kind == MeaningKind::kDuration) return one_of({kString, kBytes});
      if (meaning.kind == MeaningKind::kUuid) return one_of({kUuid, kBytes});
      return to == kBytes;
  }
  return false;
}

sql::TypeRef NaturalType(Wire wire, Meaning meaning) {
  switch (wire) {
    case Wire::kBool:
      return Type::Bool();
    case Wire::kFloat:
      return Type::Float32();
    case Wire::kDouble:
      return Type::Float64();
    case Wire::kInteger:
      if (meaning.kind == MeaningKind::kDate) return Type::Date();
      if (IsLocal(meaning.kind) || IsTime(meaning.kind)) return Type::String();
      return IsTimestamp(meaning.kind) ? Type::Timestamp() : Type::Int64();
    case Wire::kText:
      if (meaning.kind == MeaningKind::kUuid) return Type::Uuid();
      return meaning.kind == MeaningKind::kJson ? Type::Json() : Type::String();
    case Wire::kBytes:
      if (meaning.kind == MeaningKind::kDecimal) return Type::Numeric();
      if (meaning.kind == MeaningKind::kUuid) return Type::Uuid();
      return meaning.kind == MeaningKind::kDuration ? Type::String() : Type::Bytes();
  }
  return Type::Bytes();
}

Parsed FromInteger(Meaning meaning, int64_t value, sql::TypeRef type, sql::Arena& arena,
                   Datum* out) {
  if (meaning.none() || type->Is(TypeKind::kInt64)) return FromWhole(value, type, arena, out);
  if (!Converts(Wire::kInteger, meaning, type)) return Parsed::kMalformed;
  if (meaning.kind == MeaningKind::kDate) {
    if (value < kDateMinDays || value > kDateMaxDays) return Parsed::kOutOfRange;
    *out = Datum::Date(value);
    return Parsed::kOk;
  }
  if (!IsTime(meaning.kind)) return FromTimestamp(meaning.kind, value, type, arena, out);
  const int64_t units = UnitsPerSecond(meaning.kind);
  if (value < 0 || value >= kSecondsPerDay * units) return Parsed::kOutOfRange;
  *out = Datum::Str(arena.Copy(ClockText(SplitSeconds(value, units), units)));
  return Parsed::kOk;
}

Parsed FromDouble(double value, bool single, sql::TypeRef type, Datum* out) {
  if (!Converts(single ? Wire::kFloat : Wire::kDouble, {}, type)) return Parsed::kMalformed;
  *out = Datum::Float64(value);
  return Parsed::kOk;
}

Parsed FromText(Meaning meaning, std::string_view text, sql::TypeRef type, sql::Arena& arena,
                Datum* out) {
  if (!Converts(Wire::kText, meaning, type)) return Parsed::kMalformed;
  if (!type->Is(TypeKind::kJson)) return ParseText(type, text, arena, out);
  const auto normalized = sql::NormalizeJson(text);
  if (!normalized.ok()) return Parsed::kOutOfRange;
  *out = Datum::Str(arena.Copy(*normalized));
  return Parsed::kOk;
}

Parsed FromBytes(Meaning meaning, std::string_view bytes, sql::TypeRef type, sql::Arena& arena,
                 Datum* out) {
  if (!Converts(Wire::kBytes, meaning, type)) return Parsed::kMalformed;
  if (meaning.kind == MeaningKind::kDecimal)
    return FromDecimal(bytes, meaning.scale, type, arena, out);
  if (type->Is(TypeKind::kBytes)) {
    *out = Datum::Str(bytes);
    return Parsed::kOk;
  }
  if (meaning.kind == MeaningKind::kDuration) {
    if (bytes.size() != 12) return Parsed::kOutOfRange;
    *out = Datum::Str(arena.Copy(DurationText(bytes)));
    return Parsed::kOk;
  }
  if (bytes.size() != 16) return Parsed::kOutOfRange;
  unsigned __int128 uuid = 0;
  for (const char byte : bytes) uuid = uuid << 8 | static_cast<unsigned char>(byte);
  *out = Datum::Wide(arena.Store(static_cast<sql::Int128>(uuid)));
  return Parsed::kOk;
}

std::string DecimalText(std::string_view unscaled, int32_t scale) {
  const bool negative = !unscaled.empty() && (static_cast<unsigned char>(unscaled[0]) & 0x80) != 0;
  std::string magnitude(unscaled);
  if (negative) {  // two's complement: invert and add one
    int carry = 1;
    for (size_t i = magnitude.size(); i-- > 0;) {
      const int byte = static_cast<unsigned char>(~magnitude[i]) + carry;
      magnitude[i] = static_cast<char>(byte);
      carry = byte >> 8;
    }
  }
  std::string digits;  // the last first
  for (size_t first = 0; first < magnitude.size();) {
    unsigned rest = 0;
    for (size_t i = first; i < magnitude.size(); ++i) {
      rest = rest << 8 | static_cast<unsigned char>(magnitude[i]);
      magnitude[i] = static_cast<char>(rest / 10);
      rest %= 10;
    }
    digits.push_back(static_cast<char>('0' + rest));
    while (first < magnitude.size() && magnitude[first] == 0) ++first;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (digits.empty()) digits = "0";
  if (scale < 0 && digits != "0") digits.insert(0, static_cast<size_t>(-scale), '0');
  const size_t fraction = scale > 0 ? static_cast<size_t>(scale) : 0;
  while (digits.size() <= fraction) digits.push_back('0');
  std::string text = negative ? "-" : "";
  text.append(digits.rbegin(), digits.rend() - static_cast<ptrdiff_t>(fraction));
  if (fraction > 0) {
    text.push_back('.');
    text.append(digits.rend() - static_cast<ptrdiff_t>(fraction), digits.rend());
  }
  return text;
}

}  // namespace ks::formats
