#include "formats/protobuf_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"
#include "formats/meaning.h"
#include "sql/types/value.h"

namespace ks::formats {
namespace {

using google::protobuf::FieldDescriptor;
using sql::Datum;
using sql::TypeKind;
using sql::TypeRef;

// Wire types: protobuf.dev/programming-guides/encoding.
enum : int { kVarint = 0, kEight = 1, kBytes = 2, kGroup = 3, kGroupEnd = 4, kFour = 5 };

template <typename T>
T FromLittleEndian(const char* bytes) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;)
    value =
        static_cast<T>(static_cast<uint64_t>(value) << 8 | static_cast<unsigned char>(bytes[i]));
  return value;
}

template <typename To, typename From>
To BitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

int64_t ZigZag(uint64_t bits) {
  return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
}

constexpr char kEmpty[] = "";

}  // namespace

bool ProtobufReader::Read(const ProtobufProgram& program, std::string_view body, size_t skipped,
                          sql::Arena& arena, absl::Span<Datum* const> columns, RecordError* error) {
  const uint32_t row = error->row;
  error_ = error;
  arena_ = &arena;
  program_ = &program;
  body_ = body;
  skipped_ = skipped;
  depth_ = 0;
  spent_ = 0;
  slots_.clear();
  elements_.clear();
  const ProtobufMessage& plan = program.messages[program.root];
  Frame frame;
  if (!Begin(plan, body, &frame)) return false;
  for (size_t i = 0; i < plan.fields.size(); ++i) {
    const ProtobufField& field = plan.fields[i];
    if (field.use == ProtobufUse::kNothing) continue;
    if (!ReadField(field, frame, i, &columns[field.out][row])) return false;
  }
  for (const uint32_t column : program.missing) columns[column][row] = Datum::Null();
  return true;
}

bool ProtobufReader::Begin(const ProtobufMessage& plan, std::string_view body, Frame* frame) {
  if (++depth_ > kProtobufDepthMax)
    return Malformed("", body.data(),
                     StrCat("messages are nested more than ", kProtobufDepthMax, " deep"));
  *frame = {slots_.size(), elements_.size()};
  slots_.resize(slots_.size() + plan.fields.size());
  return Spend(plan.fields.size()) && Scan(plan, body, *frame);
}

void ProtobufReader::End(const Frame& frame) {
  --depth_;
  slots_.resize(frame.slots);
  elements_.resize(frame.elements);
}

bool ProtobufReader::Scan(const ProtobufMessage& plan, std::string_view body, const Frame& frame) {
  Cursor in{body.data(), body.data() + body.size()};
  const std::vector<ProtobufField>& fields = plan.fields;
  size_t next = 0;  // writers put fields in the order of their numbers
  while (in.at < in.end) {
    const char* const start = in.at;
    uint64_t tag = 0;
    if (!ReadVarint("", &in, &tag)) return false;
    const auto number = static_cast<uint32_t>(tag >> 3);
    const int wire = static_cast<int>(tag & 7);
    if (tag > UINT32_MAX || number == 0) return Malformed("", start, "expected a field's number");
    while (next < fields.size() && fields[next].number < number) ++next;
    if (next == fields.size() || fields[next].number != number) {
      next = static_cast<size_t>(
          std::lower_bound(fields.begin(), fields.end(), number,
                           [](const auto& field, uint32_t n) { return field.number < n; }) -
          fields.begin());
    }
    if (next < fields.size() && fields[next].number == number) {
      if (!ScanField(fields[next], wire, frame, next, plan, &in)) return false;
      continue;
    }
    Raw unused;
    if (!ReadRaw(wire, number, "", &in, &unused)) return false;
  }
  return true;
}

bool ProtobufReader::ScanField(const ProtobufField& field, int wire, const Frame& frame,
                               size_t index, const ProtobufMessage& plan, Cursor* in) {
  const char* const start = in->at;
  Raw raw;
  if (!ReadRaw(wire, field.number, field.path, in, &raw)) return false;
  if (wire == field.wire_type) {
    if (!field.repeated) {
      Put(plan, frame, index, raw);
      return true;
    }
    PutElement(frame, index, raw);
    return Spend(1);
  }
  const bool number = field.wire_type != kBytes && field.wire_type != kGroup;
  if (field.repeated && wire == kBytes && number) return Unpack(field, raw.bytes(), frame, index);
  return Fail(ErrorKind::kWrongType,
              WrongWireType(field.path, field.field->type_name(), wire, ByteOf(start)));
}

bool ProtobufReader::Unpack(const ProtobufField& field, std::string_view bytes, const Frame& frame,
                            size_t index) {
  Cursor in{bytes.data(), bytes.data() + bytes.size()};
  while (in.at < in.end) {
    Raw raw;
    if (!ReadRaw(field.wire_type, field.number, field.path, &in, &raw) || !Spend(1)) return false;
    PutElement(frame, index, raw);
  }
  return true;
}

void ProtobufReader::Put(const ProtobufMessage& plan, const Frame& frame, size_t index, Raw raw) {
  const ProtobufField& field = plan.fields[index];
  Slot& slot = slots_[frame.slots + index];
  if (field.oneof >= 0) {
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      if (i != index && plan.fields[i].oneof == field.oneof) slots_[frame.slots + i].raw = {};
    }
  }
  const bool message = field.written == FieldDescriptor::TYPE_MESSAGE ||
                       field.written == FieldDescriptor::TYPE_GROUP;
  if (message && slot.raw.data != nullptr && slot.raw.bits > 0) {
    // Two messages one after the other are the encoding of both merged.
    const size_t size = static_cast<size_t>(slot.raw.bits + raw.bits);
    char* const both = arena_->Allocate(size);
    std::copy_n(slot.raw.data, slot.raw.bits, both);
    std::copy_n(raw.data, raw.bits, both + slot.raw.bits);
    raw = {both, size};
  }
  slot.raw = raw;
}

void ProtobufReader::PutElement(const Frame& frame, size_t index, Raw raw) {
  Slot& slot = slots_[frame.slots + index];
  elements_.push_back({raw, slot.last});
  slot.last = static_cast<uint32_t>(elements_.size() - 1);
  ++slot.count;
}

bool ProtobufReader::ReadRaw(int wire, uint32_t number, std::string_view path, Cursor* in,
                             Raw* raw) {
  const auto left = static_cast<size_t>(in->end - in->at);
  raw->data = in->at;
  switch (wire) {
    case kVarint:
      return ReadVarint(path, in, &raw->bits);
    case kEight:
    case kFour: {
      const size_t size = wire == kEight ? 8 : 4;
      if (left < size) return Malformed(path, in->at, "the message ends inside a number");
      raw->bits =
          wire == kEight ? FromLittleEndian<uint64_t>(in->at) : FromLittleEndian<uint32_t>(in->at);
      in->at += size;
      return true;
    }
    case kBytes: {
      uint64_t size = 0;
      if (!ReadVarint(path, in, &size)) return false;
      if (size > static_cast<uint64_t>(in->end - in->at))
        return Malformed(path, in->at, "the message ends inside a value");
      *raw = {in->at, size};
      in->at += size;
      return true;
    }
    case kGroup:
      return FindGroupEnd(number, path, in, raw);
    default:
      return Malformed(path, in->at, "expected a value");
  }
}

bool ProtobufReader::ReadVarint(std::string_view path, Cursor* in, uint64_t* value) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in->at == in->end) return Malformed(path, in->at, "the message ends inside a number");
    const auto byte = static_cast<unsigned char>(*in->at++);
    if (shift == 63 && byte > 1) break;
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    *value = bits;
    return true;
  }
  return Malformed(path, in->at - 1, "a number of more than 64 bits");
}

// A group lies between two tags, and so may others inside it.
bool ProtobufReader::FindGroupEnd(uint32_t number, std::string_view path, Cursor* in, Raw* raw) {
  const char* const start = in->at;
  if (++depth_ > kProtobufDepthMax)
    return Malformed(path, start,
                     StrCat("groups are nested more than ", kProtobufDepthMax, " deep"));
  while (in->at < in->end) {
    const char* const here = in->at;
    uint64_t tag = 0;
    if (!ReadVarint(path, in, &tag)) return false;
    if ((tag & 7) == kGroupEnd) {
      if (tag >> 3 != number) break;
      --depth_;
      *raw = {start, static_cast<uint64_t>(here - start)};
      return true;
    }
    Raw unused;
    const auto inner = static_cast<uint32_t>(tag >> 3);
    if (!ReadRaw(static_cast<int>(tag & 7), inner, path, in, &unused)) return false;
  }
  return Malformed(path, start, "a group has no end");
}

// ---- Values ----

bool ProtobufReader::ReadField(const ProtobufField& field, const Frame& frame, size_t index,
                               Datum* out) {
  const Slot slot = slots_[frame.slots + index];
  const bool there = slot.count > 0 || slot.raw.data != nullptr;
  if (!there && field.presence) {
    if (field.not_null) return Fail(ErrorKind::kMissingField, MissingField(field.path));
    *out = Datum::Null();
    return true;
  }
  if (field.type->Is(TypeKind::kJson) && (!field.repeated || field.use != ProtobufUse::kJson))
    return ReadJson(field, frame, index, out);
  if (field.repeated) return ReadList(field, slot, out);
  return ReadOne(field, there ? slot.raw : Raw{kEmpty, 0}, out);
}

bool ProtobufReader::ReadList(const ProtobufField& field, const Slot& slot, Datum* out) {
  Datum* const values = arena_->AllocateArray<Datum>(slot.count);
  uint32_t at = slot.last;
  for (uint32_t i = slot.count; i-- > 0; at = elements_[at].before) {
    if (!ReadOne(field, elements_[at].raw, values + i)) return false;
  }
  *out = Datum::Elements({values, slot.count});
  return true;
}

bool ProtobufReader::ReadOne(const ProtobufField& field, Raw raw, Datum* out) {
  switch (field.use) {
    case ProtobufUse::kScalar:
      return ReadScalar(field, raw, field.type, out);
    case ProtobufUse::kStruct:
      return ReadStruct(field, raw, out);
    case ProtobufUse::kKnown:
      return ReadKnown(field, raw, out);
    case ProtobufUse::kRaw:
      *out = Datum::Str(raw.bytes());
      return true;
    default: {
      json_.clear();
      if (!AppendOne(field, raw)) return false;
      const auto normalized = sql::NormalizeJson(json_);
      if (!normalized.ok()) return Finish(field, field.type, raw, Parsed::kOutOfRange);
      *out = Datum::Str(arena_->Copy(*normalized));
      return true;
    }
  }
}

bool ProtobufReader::ReadScalar(const ProtobufField& field, Raw raw, TypeRef type, Datum* out) {
  switch (field.written) {
    case FieldDescriptor::TYPE_BOOL:
      if (raw.bits > 1) return Malformed(field.path, raw.data, "expected 0 or 1");
      *out = Datum::Bool(raw.bits == 1);
      return true;
    case FieldDescriptor::TYPE_FLOAT: {
      const auto value = BitsAs<float>(static_cast<uint32_t>(raw.bits));
      return Finish(field, type, raw, FromDouble(static_cast<double>(value), true, type, out));
    }
    case FieldDescriptor::TYPE_DOUBLE:
      return Finish(field, type, raw, FromDouble(BitsAs<double>(raw.bits), false, type, out));
    case FieldDescriptor::TYPE_STRING:
      if (!IsValidUtf8(raw.bytes()))
        return Fail(ErrorKind::kMalformed, InvalidUtf8(field.path, ByteOf(raw.data)));
      return Finish(field, type, raw, FromText({}, raw.bytes(), type, *arena_, out));
    case FieldDescriptor::TYPE_BYTES:
      return Finish(field, type, raw, FromBytes({}, raw.bytes(), type, *arena_, out));
    case FieldDescriptor::TYPE_ENUM:
      return ReadEnum(field, raw, type, out);
    default:
      return ReadInteger(field, raw, type, out);
  }
}

// A number of more bits than its field has comes of a writer with another schema: cutting it, as
// Protobuf's own readers do, would be a wrong value.
bool ProtobufReader::ReadInteger(const ProtobufField& field, Raw raw, TypeRef type, Datum* out) {
  auto value = static_cast<int64_t>(raw.bits);
  bool wide = false;
  switch (field.written) {
    case FieldDescriptor::TYPE_SINT32:
      value = ZigZag(raw.bits);
      wide = value < INT32_MIN || value > INT32_MAX;
      break;
    case FieldDescriptor::TYPE_INT32:
      wide = value < INT32_MIN || value > INT32_MAX;
      break;
    case FieldDescriptor::TYPE_SFIXED32:
      value = BitsAs<int32_t>(static_cast<uint32_t>(raw.bits));
      break;
    case FieldDescriptor::TYPE_UINT32:
      wide = raw.bits > UINT32_MAX;
      break;
    case FieldDescriptor::TYPE_SINT64:
      value = ZigZag(raw.bits);
      break;
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      if (value >= 0) break;
      if (!type->Is(TypeKind::kNumeric)) return Finish(field, type, raw, Parsed::kOutOfRange);
      *out = Datum::Wide(arena_->Store(static_cast<sql::Int128>(raw.bits) * 1000000000));
      return true;
    default:
      break;
  }
  if (wide) return Malformed(field.path, raw.data, "a number of more than 32 bits");
  return Finish(field, type, raw, FromInteger({}, value, type, *arena_, out));
}

bool ProtobufReader::ReadEnum(const ProtobufField& field, Raw raw, TypeRef type, Datum* out) {
  const auto number = static_cast<int64_t>(raw.bits);
  if (number < INT32_MIN || number > INT32_MAX)
    return Malformed(field.path, raw.data, "a number of more than 32 bits");
  if (type->Is(TypeKind::kInt64)) {
    *out = Datum::Int64(number);
    return true;
  }
  const auto* value = field.field->enum_type()->FindValueByNumber(static_cast<int>(number));
  if (value == nullptr)
    return Fail(ErrorKind::kOutOfRange, NoEnumValue(field.path, number, ByteOf(raw.data)));
  return Finish(field, type, raw, FromText({}, value->name(), type, *arena_, out));
}

bool ProtobufReader::ReadStruct(const ProtobufField& field, Raw raw, Datum* out) {
  const ProtobufMessage& plan = program_->messages[field.message];
  const size_t count = field.type->fields().size();
  Frame frame;
  if (!Spend(count) || !Begin(plan, raw.bytes(), &frame)) return false;
  Datum* const fields = arena_->AllocateArray<Datum>(count);
  std::fill_n(fields, count, Datum::Null());
  for (size_t i = 0; i < plan.fields.size(); ++i) {
    const ProtobufField& inner = plan.fields[i];
    if (inner.use == ProtobufUse::kNothing) continue;
    if (!ReadField(inner, frame, i, fields + inner.out)) return false;
  }
  End(frame);
  *out = Datum::Elements({fields, count});
  return true;
}

bool ProtobufReader::ReadKnown(const ProtobufField& field, Raw raw, Datum* out) {
  const ProtobufMessage& plan = program_->messages[field.message];
  if (plan.known == ProtobufKnown::kTimestamp) {
    sql::TimestampValue time;
    if (!TimestampOf(field, raw, &time)) return false;
    *out = Datum::Timestamp(time);
    return true;
  }
  if (plan.known == ProtobufKnown::kDuration) {
    std::string text;
    int64_t nanos = 0;
    const bool number = field.type->Is(TypeKind::kInt64);
    if (!DurationOf(field, raw, number ? nullptr : &text, &nanos)) return false;
    *out = number ? Datum::Int64(nanos) : Datum::Str(arena_->Copy(text));
    return true;
  }
  Frame frame;
  if (!Begin(plan, raw.bytes(), &frame) || !ReadField(plan.fields[0], frame, 0, out)) return false;
  End(frame);
  return true;
}

// The two numbers of a Timestamp or a Duration.
bool ProtobufReader::ReadTwo(const ProtobufField& field, Raw raw, int64_t* seconds,
                             int64_t* nanos) {
  const ProtobufMessage& plan = program_->messages[field.message];
  Frame frame;
  if (!Begin(plan, raw.bytes(), &frame)) return false;
  int64_t* const out[] = {seconds, nanos};
  for (size_t i = 0; i < 2; ++i) {
    const Raw number = slots_[frame.slots + i].raw;
    Datum value = Datum::Null();
    if (!ReadInteger(plan.fields[i], number.data == nullptr ? Raw{kEmpty, 0} : number,
                     sql::Type::Int64(), &value))
      return false;
    *out[i] = value.int64();
  }
  End(frame);
  return true;
}

bool ProtobufReader::TimestampOf(const ProtobufField& field, Raw raw, sql::TimestampValue* time) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  if (!ReadTwo(field, raw, &seconds, &nanos)) return false;
  if (seconds < sql::kTimestampMinSeconds || seconds > sql::kTimestampMaxSeconds || nanos < 0 ||
      nanos > 999999999)
    return Finish(field, sql::Type::Timestamp(), raw, Parsed::kOutOfRange);
  *time = {seconds, static_cast<int32_t>(nanos)};
  return true;
}

// As protobuf's JSON has it, `-1.500s`; or, with `text` null, all in nanoseconds.
bool ProtobufReader::DurationOf(const ProtobufField& field, Raw raw, std::string* text,
                                int64_t* all) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  if (!ReadTwo(field, raw, &seconds, &nanos)) return false;
  constexpr int64_t kSecondsMax = 315576000000;  // google/protobuf/duration.proto
  const bool mixed = (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0);
  if (mixed || seconds < -kSecondsMax || seconds > kSecondsMax || nanos < -999999999 ||
      nanos > 999999999)
    return Finish(field, field.type, raw, Parsed::kOutOfRange);
  if (text == nullptr) {
    const sql::Int128 sum = static_cast<sql::Int128>(seconds) * 1000000000 + nanos;
    if (sum > std::numeric_limits<int64_t>::max() || sum < std::numeric_limits<int64_t>::min())
      return Finish(field, field.type, raw, Parsed::kOutOfRange);
    *all = static_cast<int64_t>(sum);
    return true;
  }
  StrAppend(text, seconds < 0 || nanos < 0 ? "-" : "", seconds < 0 ? -seconds : seconds);
  int64_t part = nanos < 0 ? -nanos : nanos;
  if (part > 0) {
    size_t digits = 9;
    for (; digits > 3 && part % 1000 == 0; part /= 1000) digits -= 3;
    std::string fraction = StrCat(part);
    fraction.insert(0, digits - fraction.size(), '0');
    StrAppend(text, ".", fraction);
  }
  text->push_back('s');
  return true;
}

// ---- Ends ----

bool ProtobufReader::Finish(const ProtobufField& field, TypeRef type, Raw raw, Parsed parsed) {
  if (parsed == Parsed::kOk) return true;
  const ErrorKind kind =
      parsed == Parsed::kMalformed ? ErrorKind::kWrongType : ErrorKind::kOutOfRange;
  const auto* message = field.field->message_type();
  const std::string_view found = message == nullptr ? std::string_view(field.field->type_name())
                                                    : std::string_view(message->full_name());
  return Fail(kind, NoValueOf(field.path, type, found, ByteOf(raw.data)));
}

bool ProtobufReader::Fail(ErrorKind kind, std::string message) {
  error_->kind = kind;
  error_->message = std::move(message);
  return false;
}

bool ProtobufReader::Malformed(std::string_view path, const char* at, std::string_view what) {
  return Fail(ErrorKind::kMalformed, MalformedProtobuf(path, ByteOf(at), what));
}

// Of a value that was put together from several, the message's end.
size_t ProtobufReader::ByteOf(const char* at) const {
  const std::less_equal<const char*> before;
  const bool inside = before(body_.data(), at) && before(at, body_.data() + body_.size());
  return skipped_ + (inside ? static_cast<size_t>(at - body_.data()) : body_.size());
}

bool ProtobufReader::Spend(size_t values) {
  spent_ += values;
  if (spent_ <= kProtobufValuesMax) return true;
  return Malformed("", body_.data() + body_.size(),
                   StrCat("it holds more than ", kProtobufValuesMax, " values"));
}

}  // namespace ks::formats
