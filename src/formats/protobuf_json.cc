// ProtobufReader's JSON: Protobuf's own mapping, with the fields' names as the .proto file has them
// and 64-bit numbers as numbers. Fields that are always there stand there, 0 too; those that may be
// absent and are do not. Source: protobuf.dev/programming-guides/json.
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/limits.h"
#include "formats/protobuf_reader.h"
#include "sql/functions/json_writer.h"
#include "sql/types/json_text.h"
#include "sql/types/value.h"

namespace ks::formats {
namespace {

using google::protobuf::FieldDescriptor;
using sql::Datum;
using sql::Type;

constexpr char kEmpty[] = "";

}  // namespace

bool ProtobufReader::ReadJson(const ProtobufField& field, const Frame& frame, size_t index,
                              Datum* out) {
  const Slot slot = slots_[frame.slots + index];
  json_.clear();
  if (!AppendField(field, slot)) return false;
  if (json_ == "null") {
    if (field.not_null) return Fail(ErrorKind::kMissingField, NullField(field.path));
    *out = Datum::Null();
    return true;
  }
  const auto normalized = sql::NormalizeJson(json_);
  if (!normalized.ok()) return Finish(field, field.type, slot.raw, Parsed::kOutOfRange);
  *out = Datum::Str(arena_->Copy(*normalized));
  return true;
}

bool ProtobufReader::AppendField(const ProtobufField& field, const Slot& slot) {
  if (json_.size() > kProtobufJsonBytesMax)
    return Malformed(field.path, body_.data(), "it is too long as JSON");
  if (field.use == ProtobufUse::kJsonMap) return AppendMap(field, slot);
  if (field.use == ProtobufUse::kJsonList) return AppendList(field, slot);
  return AppendOne(field, slot.raw.data == nullptr ? Raw{kEmpty, 0} : slot.raw);
}

bool ProtobufReader::AppendList(const ProtobufField& field, const Slot& slot) {
  std::vector<Raw> values(slot.count);
  uint32_t at = slot.last;
  for (uint32_t i = slot.count; i-- > 0; at = elements_[at].before) values[i] = elements_[at].raw;
  json_.push_back('[');
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) json_.push_back(',');
    if (!AppendOne(field, values[i])) return false;
  }
  json_.push_back(']');
  return true;
}

// From the last to the first: of equal keys the last counts, and JSON keeps the first.
bool ProtobufReader::AppendMap(const ProtobufField& field, const Slot& slot) {
  const ProtobufMessage& entry = program_->messages[field.message];
  json_.push_back('{');
  uint32_t at = slot.last;
  for (uint32_t i = 0; i < slot.count; ++i, at = elements_[at].before) {
    if (i > 0) json_.push_back(',');
    Frame frame;
    if (!Begin(entry, elements_[at].raw.bytes(), &frame)) return false;
    const size_t start = json_.size();
    const Slot key = slots_[frame.slots];
    const Slot value = slots_[frame.slots + 1];
    if (!AppendField(entry.fields[0], key)) return false;
    if (json_[start] != '"') {
      json_.insert(start, 1, '"');
      json_.push_back('"');
    }
    json_.push_back(':');
    if (!AppendField(entry.fields[1], value)) return false;
    End(frame);
  }
  json_.push_back('}');
  return true;
}

bool ProtobufReader::AppendOne(const ProtobufField& field, Raw raw) {
  Wire wire;
  if (!ProtobufWire(field.written, &wire)) {
    const ProtobufMessage& plan = program_->messages[field.message];
    if (plan.known == ProtobufKnown::kTimestamp) {
      sql::TimestampValue time;
      if (!TimestampOf(field, raw, &time)) return false;
      json_.push_back('"');
      sql::AppendTimestampJson(time, &json_);
      json_.push_back('"');
      return true;
    }
    if (plan.known == ProtobufKnown::kDuration) {
      std::string text;
      if (!DurationOf(field, raw, &text, nullptr)) return false;
      sql::AppendJsonString(text, &json_);
      return true;
    }
    return AppendMessage(field, plan, raw.bytes());
  }
  if (field.written == FieldDescriptor::TYPE_ENUM) {
    const auto* type = field.field->enum_type();
    const auto number = static_cast<int>(raw.bits);
    if (type->full_name() == "google.protobuf.NullValue") {
      json_ += "null";
      return true;
    }
    if (type->FindValueByNumber(number) == nullptr) {
      StrAppend(&json_, number);
      return true;
    }
  }
  const bool wide = (field.written == FieldDescriptor::TYPE_UINT64 ||
                     field.written == FieldDescriptor::TYPE_FIXED64);
  if (wide) {
    StrAppend(&json_, raw.bits);
    return true;
  }
  const sql::TypeRef type = NaturalType(wire, {});
  Datum value = Datum::Null();
  return ReadScalar(field, raw, type, &value) &&
         sql::AppendJson({.point = wire != Wire::kFloat}, type, value, &json_).ok();
}

bool ProtobufReader::AppendMessage(const ProtobufField& field, const ProtobufMessage& plan,
                                   std::string_view body) {
  Frame frame;
  if (!Begin(plan, body, &frame)) return false;
  bool ok = true;
  switch (plan.known) {
    case ProtobufKnown::kJson:
    case ProtobufKnown::kWrapper:
      ok = AppendField(plan.fields[0], Slot(slots_[frame.slots]));
      break;
    case ProtobufKnown::kValue: {
      const size_t start = json_.size();
      for (size_t i = 0; i < plan.fields.size() && ok; ++i) {
        const Slot slot = slots_[frame.slots + i];
        if (slot.raw.data != nullptr) ok = AppendField(plan.fields[i], slot);
      }
      if (json_.size() == start) json_ += "null";
      break;
    }
    case ProtobufKnown::kAny:
      ok = AppendAny(field, plan, frame);
      break;
    default:
      json_.push_back('{');
      ok = AppendFields(plan, frame, true);
      json_.push_back('}');
      break;
  }
  if (ok) End(frame);
  return ok;
}

bool ProtobufReader::AppendFields(const ProtobufMessage& plan, const Frame& frame, bool first) {
  for (size_t i = 0; i < plan.fields.size(); ++i) {
    const ProtobufField& inner = plan.fields[i];
    const Slot slot = slots_[frame.slots + i];
    if (inner.presence && slot.raw.data == nullptr) continue;
    if (!first) json_.push_back(',');
    first = false;
    sql::AppendJsonString(inner.field->name(), &json_);
    json_.push_back(':');
    if (!AppendField(inner, slot)) return false;
  }
  return true;
}

// The message inside, with its type beside its fields.
bool ProtobufReader::AppendAny(const ProtobufField& field, const ProtobufMessage& plan,
                               const Frame& frame) {
  const Raw url = slots_[frame.slots].raw;
  const Raw value = slots_[frame.slots + 1].raw;
  if (url.data == nullptr) {
    json_ += "{}";
    return true;
  }
  if (!IsValidUtf8(url.bytes()))
    return Fail(ErrorKind::kMalformed, InvalidUtf8(field.path, ByteOf(url.data)));
  const std::string_view name = url.bytes().substr(url.bytes().rfind('/') + 1);
  const auto found = program_->by_name.find(name);
  if (found == program_->by_name.end())
    return Fail(ErrorKind::kOutOfRange, NoMessageType(field.path, name, ByteOf(url.data)));
  const ProtobufMessage& inner = program_->messages[found->second];
  const std::string_view body = value.data == nullptr ? std::string_view(kEmpty, 0) : value.bytes();
  json_ += "{\"@type\":";
  sql::AppendJsonString(url.bytes(), &json_);
  bool ok = true;
  if (inner.known == ProtobufKnown::kNone) {
    Frame fields;
    ok = Begin(inner, body, &fields) && AppendFields(inner, fields, false);
    if (ok) End(fields);
  } else {
    json_ += ",\"value\":";
    ProtobufField whole = plan.fields[1];
    whole.written = FieldDescriptor::TYPE_MESSAGE;
    whole.message = found->second;
    ok = AppendOne(whole, {body.data(), body.size()});
  }
  json_.push_back('}');
  return ok;
}

}  // namespace ks::formats
