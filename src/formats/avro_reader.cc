#include "formats/avro_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"
#include "formats/text.h"
#include "sql/functions/json_writer.h"
#include "sql/types/json_text.h"
#include "sql/types/value.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::Type;

template <typename T, typename Bits>
T FromLittleEndian(std::string_view bytes) {
  Bits bits = 0;
  for (size_t i = sizeof(Bits); i-- > 0;)
    bits = static_cast<Bits>(bits << 8 | static_cast<unsigned char>(bytes[i]));
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

bool AvroReader::Read(const AvroProgram& program, std::string_view body, size_t skipped,
                      sql::Arena& arena, absl::Span<Datum* const> columns, RecordError* error) {
  const uint32_t row = error->row;
  error_ = error;
  program_ = &program;
  arena_ = &arena;
  body_ = body;
  at_ = 0;
  skipped_ = skipped;
  depth_ = 0;
  scratch_.clear();
  const AvroStep& root = program.steps[program.root];
  for (uint32_t i = 0; i < root.count; ++i) {
    const AvroLink& link = program.links[root.first + i];
    if (link.slot < 0 ? !Skip(link.step)
                      : !ReadStep(link.step, &columns[static_cast<size_t>(link.slot)][row]))
      return false;
  }
  for (const uint32_t column : program.missing) columns[column][row] = Datum::Null();
  if (at_ == body.size()) return true;
  return Fail(ErrorKind::kMalformed, AvroBytesLeft(byte(), body.size() - at_));
}

bool AvroReader::ReadStep(uint32_t index, Datum* out) {
  const AvroStep& step = program_->steps[index];
  if (step.use == AvroUse::kJson) return ReadJson(index, out);
  if (step.use == AvroUse::kDefault) return ReadDefault(step, out);
  if (step.use == AvroUse::kRefuse) {
    return Fail(ErrorKind::kWrongType,
                NoValueOf(step.path, step.type, AvroKindName(step.kind), byte()));
  }
  switch (step.kind) {
    case AvroKind::kNull:
      return ReadNull(step, out);
    case AvroKind::kUnion:
      return ReadUnion(step, out);
    case AvroKind::kArray:
      return ReadArray(step, out);
    case AvroKind::kRecord:
      return ReadStruct(step, out);
    default:
      return ReadPrimitive(step, out);
  }
}

bool AvroReader::ReadDefault(const AvroStep& step, Datum* out) {
  const std::string_view body = std::exchange(body_, program_->defaults[step.size]);
  const size_t at = std::exchange(at_, 0);
  const bool ok = ReadStep(step.first, out);
  body_ = body;
  at_ = at;
  return ok;
}

bool AvroReader::ReadPrimitive(const AvroStep& step, Datum* out) {
  value_at_ = byte();
  switch (step.kind) {
    case AvroKind::kBool: {
      std::string_view byte;
      if (!Take(step, 1, &byte)) return false;
      if (static_cast<unsigned char>(byte[0]) > 1) return Malformed(step, "expected 0 or 1");
      *out = Datum::Bool(byte[0] == 1);
      return true;
    }
    case AvroKind::kInt:
    case AvroKind::kLong: {
      int64_t value = 0;
      if (!ReadInteger(step, &value)) return false;
      return Finish(step, FromInteger(step.meaning, value, step.type, *arena_, out));
    }
    case AvroKind::kFloat:
    case AvroKind::kDouble: {
      double value = 0;
      if (!ReadDouble(step, &value)) return false;
      return Finish(step, FromDouble(value, step.kind == AvroKind::kFloat, step.type, out));
    }
    case AvroKind::kString:
    case AvroKind::kEnum: {
      std::string_view text;
      if (!ReadText(step, &text)) return false;
      return Finish(step, FromText(step.meaning, text, step.type, *arena_, out));
    }
    default: {
      std::string_view bytes;
      if (!ReadBytes(step, &bytes)) return false;
      return Finish(step, FromBytes(step.meaning, bytes, step.type, *arena_, out));
    }
  }
}

bool AvroReader::ReadNull(const AvroStep& step, Datum* out) {
  if (step.not_null) return Fail(ErrorKind::kMissingField, NullField(step.path));
  *out = Datum::Null();
  return true;
}

bool AvroReader::ReadUnion(const AvroStep& step, Datum* out) {
  uint32_t branch = 0;
  if (!Enter(step) || !ReadBranch(step, &branch) || !ReadStep(branch, out)) return false;
  --depth_;
  return true;
}

bool AvroReader::ReadStruct(const AvroStep& step, Datum* out) {
  if (!Enter(step)) return false;
  const size_t count = step.type->fields().size();
  Datum* const fields = arena_->AllocateArray<Datum>(count);
  std::fill_n(fields, count, Datum::Null());
  for (uint32_t i = 0; i < step.count; ++i) {
    const AvroLink& link = program_->links[step.first + i];
    if (link.slot < 0 ? !Skip(link.step) : !ReadStep(link.step, fields + link.slot)) return false;
  }
  --depth_;
  *out = Datum::Elements({fields, count});
  return true;
}

bool AvroReader::ReadArray(const AvroStep& step, Datum* out) {
  if (!Enter(step)) return false;
  const size_t start = scratch_.size();
  const uint32_t element = program_->links[step.first].step;
  const bool read = ReadBlocks(step, [&] {
    Datum value = Datum::Null();
    if (!ReadStep(element, &value)) return false;
    scratch_.push_back(value);
    return true;
  });
  if (!read) return false;
  --depth_;
  const size_t count = scratch_.size() - start;
  Datum* const elements = arena_->AllocateArray<Datum>(count);
  std::copy(scratch_.begin() + static_cast<ptrdiff_t>(start), scratch_.end(), elements);
  scratch_.resize(start);
  *out = Datum::Elements({elements, count});
  return true;
}

template <typename Item>
bool AvroReader::ReadBlocks(const AvroStep& step, const Item& item) {
  int64_t empty = 0;
  while (true) {
    int64_t count = 0;
    if (!ReadLong(step, &count)) return false;
    if (count == 0) return true;
    if (count < 0) {  // then the block's bytes are told, for those who skip it
      int64_t bytes = 0;
      if (count == INT64_MIN || !ReadLong(step, &bytes)) return Malformed(step, "a wrong count");
      count = -count;
    }
    for (; count > 0; --count) {
      const size_t before = at_;
      if (!item()) return false;
      if (at_ == before && ++empty > kAvroEmptyElementsMax)
        return Malformed(step, StrCat("more than ", kAvroEmptyElementsMax, " empty elements"));
    }
  }
}

bool AvroReader::Skip(uint32_t index) {
  const AvroStep& step = program_->steps[index];
  int64_t number = 0;
  std::string_view bytes;
  switch (step.kind) {
    case AvroKind::kNull:
      return true;
    case AvroKind::kBool:
      return Take(step, 1, &bytes);
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum:
      return ReadLong(step, &number);
    case AvroKind::kFloat:
      return Take(step, 4, &bytes);
    case AvroKind::kDouble:
      return Take(step, 8, &bytes);
    case AvroKind::kBytes:
    case AvroKind::kString:
    case AvroKind::kFixed:
      return ReadBytes(step, &bytes);
    default:
      break;
  }
  if (!Enter(step)) return false;
  bool ok = true;
  if (step.kind == AvroKind::kUnion) {
    uint32_t branch = 0;
    ok = ReadBranch(step, &branch) && Skip(branch);
  } else if (step.kind == AvroKind::kRecord) {
    for (uint32_t i = 0; i < step.count && ok; ++i) ok = Skip(program_->links[step.first + i].step);
  } else {
    const uint32_t element = program_->links[step.first].step;
    ok = ReadBlocks(step, [&] {
      std::string_view key;
      if (step.kind == AvroKind::kMap && !ReadText(step, &key)) return false;
      return Skip(element);
    });
  }
  --depth_;
  return ok;
}

bool AvroReader::ReadJson(uint32_t index, Datum* out) {
  const AvroStep& step = program_->steps[index];
  json_.clear();
  value_at_ = byte();
  if (!AppendJson(index)) return false;
  if (json_ == "null") return ReadNull(step, out);
  const auto normalized = sql::NormalizeJson(json_);
  if (!normalized.ok()) return Finish(step, Parsed::kOutOfRange);
  *out = Datum::Str(arena_->Copy(*normalized));
  return true;
}

bool AvroReader::AppendJson(uint32_t index) {
  const AvroStep& step = program_->steps[index];
  bool ok = true;
  switch (step.kind) {
    case AvroKind::kNull:
      json_ += "null";
      return true;
    case AvroKind::kUnion: {
      uint32_t branch = 0;
      if (!Enter(step)) return false;
      ok = ReadBranch(step, &branch) && AppendJson(branch);
      break;
    }
    case AvroKind::kArray:
    case AvroKind::kMap:
      if (!Enter(step)) return false;
      ok = AppendJsonBlocks(step);
      break;
    case AvroKind::kRecord:
      if (!Enter(step)) return false;
      ok = AppendJsonRecord(step);
      break;
    default:
      return AppendJsonPrimitive(step);
  }
  --depth_;
  return ok;
}

bool AvroReader::AppendJsonBlocks(const AvroStep& step) {
  const bool map = step.kind == AvroKind::kMap;
  const uint32_t element = program_->links[step.first].step;
  bool first = true;
  json_.push_back(map ? '{' : '[');
  const bool ok = ReadBlocks(step, [&] {
    if (!first) json_.push_back(',');
    first = false;
    std::string_view key;
    if (map) {
      if (!ReadText({.kind = AvroKind::kString, .path = step.path}, &key)) return false;
      sql::AppendJsonString(key, &json_);
      json_.push_back(':');
    }
    return AppendJson(element);
  });
  json_.push_back(map ? '}' : ']');
  return ok;
}

bool AvroReader::AppendJsonRecord(const AvroStep& step) {
  json_.push_back('{');
  for (uint32_t i = 0; i < step.count; ++i) {
    if (i > 0) json_.push_back(',');
    sql::AppendJsonString((*step.names)[i], &json_);
    json_.push_back(':');
    if (!AppendJson(program_->links[step.first + i].step)) return false;
  }
  json_.push_back('}');
  return true;
}

// As the value's natural type stands in Spanner's JSON; numbers that JSON could not hold as text.
bool AvroReader::AppendJsonPrimitive(const AvroStep& step) {
  Wire wire;
  AvroWire(step.kind, &wire);
  AvroStep natural = step;
  natural.type =
      step.meaning.kind == MeaningKind::kDecimal ? Type::String() : NaturalType(wire, step.meaning);
  Datum value = Datum::Null();
  if (!ReadPrimitive(natural, &value)) return false;
  return sql::AppendJson({.point = step.kind != AvroKind::kFloat}, natural.type, value, &json_)
      .ok();
}

bool AvroReader::ReadLong(const AvroStep& step, int64_t* value) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ >= body_.size()) return Malformed(step, "the message ends inside a number");
    const auto byte = static_cast<unsigned char>(body_[at_++]);
    if (shift == 63 && byte > 1) return Malformed(step, "a number of more than 64 bits");
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    *value = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
    return true;
  }
  return Malformed(step, "a number of more than 64 bits");
}

bool AvroReader::ReadInteger(const AvroStep& step, int64_t* value) {
  if (!ReadLong(step, value)) return false;
  if (step.kind == AvroKind::kInt && (*value < INT32_MIN || *value > INT32_MAX))
    return Malformed(step, "an int of more than 32 bits");
  return true;
}

bool AvroReader::ReadDouble(const AvroStep& step, double* value) {
  std::string_view bytes;
  const bool single = step.kind == AvroKind::kFloat;
  if (!Take(step, single ? 4 : 8, &bytes)) return false;
  *value = single ? static_cast<double>(FromLittleEndian<float, uint32_t>(bytes))
                  : FromLittleEndian<double, uint64_t>(bytes);
  return true;
}

bool AvroReader::ReadBytes(const AvroStep& step, std::string_view* bytes) {
  int64_t size = step.size;
  if (step.kind != AvroKind::kFixed && !ReadLong(step, &size)) return false;
  if (size < 0) return Malformed(step, "a negative length");
  return Take(step, static_cast<size_t>(size), bytes);
}

// A string, or an enum's symbol.
bool AvroReader::ReadText(const AvroStep& step, std::string_view* text) {
  if (step.kind == AvroKind::kEnum) {
    int64_t symbol = 0;
    if (!ReadLong(step, &symbol)) return false;
    if (symbol < 0 || symbol >= static_cast<int64_t>(step.names->size()))
      return Malformed(step, "a symbol that the enum does not have");
    *text = (*step.names)[static_cast<size_t>(symbol)];
    return true;
  }
  if (!ReadBytes(step, text)) return false;
  return IsValidUtf8(*text) ||
         Fail(ErrorKind::kMalformed, InvalidUtf8(step.path, byte() - text->size()));
}

bool AvroReader::ReadBranch(const AvroStep& step, uint32_t* branch) {
  int64_t number = 0;
  if (!ReadLong(step, &number)) return false;
  if (number < 0 || number >= step.count)
    return Malformed(step, "a branch that the union does not have");
  *branch = program_->links[step.first + static_cast<uint32_t>(number)].step;
  return true;
}

bool AvroReader::Take(const AvroStep& step, size_t count, std::string_view* bytes) {
  if (count > body_.size() - at_) return Malformed(step, "the message ends inside a value");
  *bytes = body_.substr(at_, count);
  at_ += count;
  return true;
}

bool AvroReader::Enter(const AvroStep& step) {
  if (++depth_ <= kAvroDepthMax) return true;
  return Malformed(step, StrCat("values are nested more than ", kAvroDepthMax, " deep"));
}

bool AvroReader::Finish(const AvroStep& step, Parsed parsed) {
  if (parsed == Parsed::kOk) return true;
  const ErrorKind kind =
      parsed == Parsed::kMalformed ? ErrorKind::kWrongType : ErrorKind::kOutOfRange;
  return Fail(kind, NoValueOf(step.path, step.type, AvroKindName(step.kind), value_at_));
}

bool AvroReader::Fail(ErrorKind kind, std::string message) {
  error_->kind = kind;
  error_->message = std::move(message);
  return false;
}

bool AvroReader::Malformed(const AvroStep& step, std::string_view what) {
  return Fail(ErrorKind::kMalformed, MalformedAvro(step.path, byte(), what));
}

}  // namespace ks::formats
