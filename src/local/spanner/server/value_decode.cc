#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "google/protobuf/struct.pb.h"
#include "local/spanner/server/base64.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/server/wire.h"
#include "local/spanner/storage/timestamp.h"
#include "sql/functions/moments.h"
#include "sql/functions/utf8.h"
#include "sql/types/civil.h"
#include "sql/types/numeric.h"
#include "sql/types/value.h"

namespace ks::local {

using sql::Arena;
using sql::Datum;
using sql::TypeKind;
using sql::TypeRef;

namespace {

constexpr std::string_view kCommitTimestamp = "spanner.commit_timestamp()";

// The fields of google.protobuf.Value.
enum ValueField : uint32_t {
  kNone = 0,
  kNull = 1,
  kNumber = 2,
  kString = 3,
  kBool = 4,
  kStruct = 5,
  kList = 6
};

struct WireValue {
  ValueField kind = kNone;
  uint64_t bits = 0;       // kNumber, kBool
  std::string_view bytes;  // kString, kStruct, kList
  std::string_view wire;   // the whole
};

bool ReadValue(std::string_view wire, WireValue* value) {
  value->wire = wire;
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number > kList) continue;
    value->kind = static_cast<ValueField>(field.number);
    value->bits = field.number_value;
    value->bytes = field.bytes;
    const bool text = field.number == kString || field.number == kStruct || field.number == kList;
    const WireType wanted = text                      ? WireType::kBytes
                            : field.number == kNumber ? WireType::kFixed64
                                                      : WireType::kVarint;
    if (field.type != wanted) return false;
  }
  return reader.ok();
}

absl::Status WrongKind(const WireValue& value, TypeRef type) {
  google::protobuf::Value parsed;
  if (!parsed.ParseFromArray(value.wire.data(), static_cast<int>(value.wire.size()))) {
    return errors::MalformedRequest("google.protobuf.Value");
  }
  return errors::ParseKind(parsed.DebugString(), type->ToString());
}

bool TakeDigits(std::string_view* text, size_t least, size_t most, int64_t* value) {
  size_t count = 0;
  int64_t result = 0;
  while (count < most && count < text->size() && (*text)[count] >= '0' && (*text)[count] <= '9') {
    result = result * 10 + ((*text)[count++] - '0');
  }
  if (count < least) return false;
  text->remove_prefix(count);
  *value = result;
  return true;
}

bool TakeChar(char wanted, std::string_view* text) {
  if (text->empty() || text->front() != wanted) return false;
  text->remove_prefix(1);
  return true;
}

// Whether a text is a date or a moment, and one that Spanner has.
enum class Read : uint8_t { kOk, kMalformed, kOutOfRange };

Read TakeDate(std::string_view* text, size_t least_digits, size_t most_year_digits, int64_t* days) {
  int64_t year = 0, month = 0, day = 0;
  if (!TakeDigits(text, 4, most_year_digits, &year) || !TakeChar('-', text) ||
      !TakeDigits(text, least_digits, 2, &month) || !TakeChar('-', text) ||
      !TakeDigits(text, least_digits, 2, &day)) {
    return Read::kMalformed;
  }
  if (month < 1 || month > 12 || day < 1 || day > sql::DaysInMonth(year, month))
    return Read::kMalformed;
  *days = sql::DaysFromCivil(year, month, day);
  return year < 1 || year > 9'999 ? Read::kOutOfRange : Read::kOk;
}

// Digits behind the ninth are cut off, as Spanner does.
bool TakeFraction(std::string_view* text, int32_t* nanos) {
  *nanos = 0;
  if (!TakeChar('.', text)) return true;
  int32_t unit = 100'000'000;
  size_t count = 0;
  for (; count < text->size() && (*text)[count] >= '0' && (*text)[count] <= '9'; ++count) {
    *nanos += ((*text)[count] - '0') * unit;
    unit /= 10;
  }
  text->remove_prefix(count);
  return count > 0;
}

// A leap second counts into the next minute.
Read ReadWireTimestamp(std::string_view text, sql::TimestampValue* out) {
  int64_t days = 0, hour = 0, minute = 0, second = 0;
  const Read date = TakeDate(&text, 2, 4, &days);
  if (date == Read::kMalformed || !(TakeChar('T', &text) || TakeChar('t', &text)) ||
      !TakeDigits(&text, 2, 2, &hour) || !TakeChar(':', &text) ||
      !TakeDigits(&text, 2, 2, &minute) || !TakeChar(':', &text) ||
      !TakeDigits(&text, 2, 2, &second) || !TakeFraction(&text, &out->nanos) || text != "Z" ||
      hour > 23 || minute > 59 || second > 60) {
    return Read::kMalformed;
  }
  if (second == 60) out->nanos = 0;
  out->seconds = days * sql::kSecondsPerDay + hour * 3600 + minute * 60 + second;
  return out->seconds > sql::kTimestampMaxSeconds ? Read::kOutOfRange : date;
}

absl::Status DecodeInt64(const WireValue& value, TypeRef type, Datum* out) {
  if (value.kind != kString) return WrongKind(value, type);
  int64_t number = 0;
  const char* end = value.bytes.data() + value.bytes.size();
  const auto [rest, error] = std::from_chars(value.bytes.data(), end, number);
  if ((error != std::errc() || rest != end) && !absl::SimpleAtoi(value.bytes, &number)) {
    return errors::ParseInt64(value.bytes);
  }
  *out = Datum::Int64(number);
  return absl::OkStatus();
}

absl::Status DecodeFloat(const WireValue& value, TypeRef type, Datum* out) {
  if (value.kind == kNumber) {
    double number = 0;
    std::memcpy(&number, &value.bits, sizeof(number));
    if (type->Is(TypeKind::kFloat32)) {
      const auto narrow = static_cast<float>(number);
      if (std::isinf(narrow) && !std::isinf(number)) return WrongKind(value, type);
      number = narrow;
    }
    *out = Datum::Float64(number);
    return absl::OkStatus();
  }
  if (value.kind != kString) return WrongKind(value, type);
  if (value.bytes == "NaN") {
    *out = Datum::Float64(std::numeric_limits<double>::quiet_NaN());
  } else if (value.bytes == "Infinity") {
    *out = Datum::Float64(std::numeric_limits<double>::infinity());
  } else if (value.bytes == "-Infinity") {
    *out = Datum::Float64(-std::numeric_limits<double>::infinity());
  } else {
    return errors::ParseFloat(value.bytes, type->ToString());
  }
  return absl::OkStatus();
}

absl::Status DecodeTimestamp(const WireValue& value, CommitTimestamps commit_timestamps,
                             Datum* out) {
  if (commit_timestamps == CommitTimestamps::kAllow && value.bytes == kCommitTimestamp) {
    *out = PendingCommitTimestamp();
    return absl::OkStatus();
  }
  sql::TimestampValue t{0, 0};
  switch (ReadWireTimestamp(value.bytes, &t)) {
    case Read::kMalformed:
      return errors::ParseTimestamp(value.bytes);
    case Read::kOutOfRange:
      return errors::TimestampOutOfRange(
          absl::FormatTime(absl::RFC3339_full, sql::ToAbslTime(t), absl::UTCTimeZone()));
    case Read::kOk:
      break;
  }
  *out = Datum::Timestamp(t);
  return absl::OkStatus();
}

absl::Status DecodeBytes(const WireValue& value, TypeRef type, Arena& arena, Datum* out) {
  char* bytes = arena.Allocate(DecodedRoom(value.bytes));
  size_t size = 0;
  if (!DecodeBase64(value.bytes, bytes, &size))
    return errors::ParseBytes(value.bytes, type->ToString());
  *out = Datum::Str({bytes, size});
  return absl::OkStatus();
}

absl::Status DecodeString(std::string_view bytes, Datum* out) {
  if (!sql::IsValidUtf8(bytes)) return errors::InvalidUtf8();
  *out = Datum::Str(bytes);
  return absl::OkStatus();
}

absl::Status DecodeDate(std::string_view text, Datum* out) {
  int64_t days = 0;
  std::string_view rest = text;
  const Read date = TakeDate(&rest, 1, 5, &days);
  if (date == Read::kMalformed || !rest.empty()) return errors::ParseDate(text);
  if (date == Read::kOutOfRange) return errors::DateOutOfRange(text);
  *out = Datum::Date(days);
  return absl::OkStatus();
}

absl::Status DecodeJson(std::string_view text, Arena& arena, Datum* out) {
  const absl::StatusOr<std::string> normal = sql::NormalizeJson(text);
  if (!normal.ok()) return errors::ParseJson(text);
  *out = Datum::Str(arena.Copy(*normal));
  return absl::OkStatus();
}

// Types whose Value is a string.
absl::Status DecodeText(TypeRef type, const WireValue& value, CommitTimestamps commit_timestamps,
                        Arena& arena, Datum* out) {
  if (value.kind != kString) return WrongKind(value, type);
  switch (type->kind()) {
    case TypeKind::kString:
      return DecodeString(value.bytes, out);
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return DecodeBytes(value, type, arena, out);
    case TypeKind::kDate:
      return DecodeDate(value.bytes, out);
    case TypeKind::kTimestamp:
      return DecodeTimestamp(value, commit_timestamps, out);
    case TypeKind::kJson:
      return DecodeJson(value.bytes, arena, out);
    case TypeKind::kNumeric: {
      const absl::StatusOr<sql::Int128> number = sql::ParseNumeric(value.bytes);
      if (!number.ok() || !sql::FitsNumericExactly(value.bytes)) {
        return errors::ParseNumeric(value.bytes);
      }
      *out = Datum::Wide(arena.Store(*number));
      return absl::OkStatus();
    }
    case TypeKind::kUuid: {
      const absl::StatusOr<sql::Int128> uuid = sql::ParseUuid(value.bytes);
      if (!uuid.ok()) return errors::ParseText(value.bytes, "a UUID");
      *out = Datum::Wide(arena.Store(*uuid));
      return absl::OkStatus();
    }
    case TypeKind::kInterval: {
      const absl::StatusOr<sql::IntervalValue> interval = sql::ParseInterval(value.bytes);
      if (!interval.ok()) return errors::ParseText(value.bytes, "an INTERVAL");
      *out = Datum::Interval(arena.Store(*interval));
      return absl::OkStatus();
    }
    default:
      return errors::TypeUnsupported(type->ToString());
  }
}

absl::Status DecodeArray(TypeRef type, const WireValue& value, CommitTimestamps commit_timestamps,
                         Arena& arena, Datum* out) {
  if (value.kind != kList) return WrongKind(value, type);
  size_t count = 0;
  WireField field;
  for (WireReader reader(value.bytes); reader.Next(&field);) count += field.number == 1;
  Datum* elements = arena.AllocateArray<Datum>(count);
  WireReader reader(value.bytes);
  size_t index = 0;
  while (reader.Next(&field)) {
    if (field.number != 1) continue;
    absl::Status decoded =
        DecodeValue(type->element(), field.bytes, commit_timestamps, arena, &elements[index]);
    if (!decoded.ok()) return errors::InArrayElement(decoded, index);
    ++index;
  }
  if (!reader.ok()) return errors::MalformedRequest("google.protobuf.ListValue");
  *out = Datum::Elements({elements, count});
  return absl::OkStatus();
}

absl::Status DecodeStruct(TypeRef type, const WireValue& value, CommitTimestamps commit_timestamps,
                          Arena& arena, Datum* out) {
  if (value.kind != kList) return WrongKind(value, type);
  const size_t count = type->fields().size();
  Datum* elements = arena.AllocateArray<Datum>(count);
  WireReader reader(value.bytes);
  WireField field;
  size_t index = 0;
  for (; reader.Next(&field); ++index) {
    if (field.number != 1 || index >= count) continue;
    KS_RETURN_IF_ERROR(DecodeValue(type->fields()[index].type, field.bytes, commit_timestamps,
                                   arena, &elements[index]));
  }
  if (!reader.ok()) return errors::MalformedRequest("google.protobuf.ListValue");
  if (index != count) return errors::StructFieldCount(count, index);
  *out = Datum::Elements({elements, count});
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeValue(TypeRef type, std::string_view wire, CommitTimestamps commit_timestamps,
                         Arena& arena, Datum* out) {
  WireValue value;
  if (!ReadValue(wire, &value)) return errors::MalformedRequest("google.protobuf.Value");
  if (value.kind == kNull) {
    *out = Datum::Null();
    return absl::OkStatus();
  }
  switch (type->kind()) {
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      return DecodeInt64(value, type, out);
    case TypeKind::kBool:
      if (value.kind != kBool) return WrongKind(value, type);
      *out = Datum::Bool(value.bits != 0);
      return absl::OkStatus();
    case TypeKind::kFloat64:
    case TypeKind::kFloat32:
      return DecodeFloat(value, type, out);
    case TypeKind::kArray:
      return DecodeArray(type, value, commit_timestamps, arena, out);
    case TypeKind::kStruct:
      return DecodeStruct(type, value, commit_timestamps, arena, out);
    default:
      return DecodeText(type, value, commit_timestamps, arena, out);
  }
}

}  // namespace ks::local
