// Fields of protocol buffers, read from the wire format.
//   message.field      $proto_field(message, number, encoding, value of a message without it)
//   message.has_field  $proto_has(message, number)
// As Spanner's emulator does, bytes that are no message are read up to where they stop making
// sense. https://protobuf.dev/programming-guides/encoding
#include <bit>
#include <cstring>
#include <vector>

#include "sql/functions/function.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"
#include "sql/proto_catalog.h"

namespace ks::sql {
namespace {

using Bytes = std::string_view;

enum WireType : uint32_t { kVarint, kFixed64, kLength, kStartGroup, kEndGroup, kFixed32 };
constexpr int kGroupsMax = 100;  // groups in groups

bool ReadVarint(Bytes* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    *value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

uint64_t LittleEndian(Bytes bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

struct Part {  // one field as it stands in the message
  uint32_t number = 0;
  uint32_t wire_type = kVarint;
  uint64_t scalar = 0;  // kVarint, kFixed32, kFixed64
  Bytes bytes;          // kLength, kStartGroup: what is inside
};

bool ReadPart(Bytes* in, Part* part, int groups);

bool ReadGroup(Bytes* in, Part* part, int groups) {
  const Bytes begin = *in;
  for (;;) {
    const size_t size = begin.size() - in->size();
    Part inner;
    if (!ReadPart(in, &inner, groups)) return false;
    if (inner.wire_type != kEndGroup) continue;
    part->bytes = begin.substr(0, size);
    return inner.number == part->number;
  }
}

bool ReadPart(Bytes* in, Part* part, int groups) {
  uint64_t tag = 0;
  if (in->empty() || !ReadVarint(in, &tag)) return false;
  part->number = static_cast<uint32_t>(tag >> 3);
  part->wire_type = tag & 7;
  size_t size = 0;
  switch (part->wire_type) {
    case kVarint:
      return ReadVarint(in, &part->scalar);
    case kStartGroup:
      return groups < kGroupsMax && ReadGroup(in, part, groups + 1);
    case kEndGroup:
      return groups > 0;
    case kLength: {
      uint64_t length = 0;
      if (!ReadVarint(in, &length) || length > in->size()) return false;
      size = length;
      break;
    }
    case kFixed64:
    case kFixed32:
      size = part->wire_type == kFixed64 ? 8 : 4;
      if (in->size() < size) return false;
      part->scalar = LittleEndian(in->substr(0, size));
      break;
    default:
      return false;
  }
  part->bytes = in->substr(0, size);
  in->remove_prefix(size);
  return true;
}

uint32_t WireTypeOf(ProtoEncoding encoding) {
  switch (encoding) {
    case ProtoEncoding::kVarint:
    case ProtoEncoding::kZigzag:
      return kVarint;
    case ProtoEncoding::kFixed64:
    case ProtoEncoding::kDouble:
      return kFixed64;
    case ProtoEncoding::kFloat:
      return kFixed32;
    case ProtoEncoding::kLength:
      return kLength;
    case ProtoEncoding::kGroup:
      return kStartGroup;
  }
  return kVarint;
}

Datum DatumOf(const Part& part, ProtoEncoding encoding, TypeRef type) {
  switch (encoding) {
    case ProtoEncoding::kVarint:
      if (type->Is(TypeKind::kBool)) return Datum::Bool(part.scalar != 0);
      if (type->Is(TypeKind::kEnum)) return Datum::Int64(static_cast<int32_t>(part.scalar));
      return Datum::Int64(static_cast<int64_t>(part.scalar));
    case ProtoEncoding::kZigzag:
      return Datum::Int64(static_cast<int64_t>(part.scalar >> 1) ^
                          -static_cast<int64_t>(part.scalar & 1));
    case ProtoEncoding::kFixed64:
      return Datum::Int64(static_cast<int64_t>(part.scalar));
    case ProtoEncoding::kFloat:
      return Datum::Float64(std::bit_cast<float>(static_cast<uint32_t>(part.scalar)));
    case ProtoEncoding::kDouble:
      return Datum::Float64(std::bit_cast<double>(part.scalar));
    case ProtoEncoding::kLength:
    case ProtoEncoding::kGroup:
      return Datum::Str(part.bytes);
  }
  return Datum::Null();
}

// The values of a [packed] repeated scalar.
void Unpack(Bytes bytes, ProtoEncoding encoding, TypeRef type, std::vector<Datum>* values) {
  const uint32_t wire_type = WireTypeOf(encoding);
  while (!bytes.empty()) {
    Part part;
    if (wire_type == kVarint) {
      if (!ReadVarint(&bytes, &part.scalar)) return;
    } else {
      const size_t size = wire_type == kFixed64 ? 8 : 4;
      if (bytes.size() < size) return;
      part.scalar = LittleEndian(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    values->push_back(DatumOf(part, encoding, type));
  }
}

// All values that the message holds for the field, in their order.
void ReadField(Bytes message, uint32_t number, ProtoEncoding encoding, TypeRef type,
               std::vector<Datum>* values) {
  values->clear();
  const uint32_t wire_type = WireTypeOf(encoding);
  Part part;
  while (ReadPart(&message, &part, 0)) {
    if (part.number == number) {
      if (part.wire_type == wire_type) {
        values->push_back(DatumOf(part, encoding, type));
      } else if (part.wire_type == kLength && wire_type != kStartGroup) {
        Unpack(part.bytes, encoding, type, values);
      }
    }
    part = Part();
  }
}

// Of a message that stands several times the parts add up; of other values the last one counts.
Datum Single(const std::vector<Datum>& values, TypeRef type, Arena& arena) {
  if (values.size() == 1 || !type->Is(TypeKind::kProto)) return values.back();
  std::string merged;
  for (const Datum& value : values) merged += value.str();
  return Datum::Str(arena.Copy(merged));
}

void FieldKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  Arena& arena = call.context.arena;
  const bool repeated = call.result_type->is_array();
  const TypeRef type = repeated ? call.result_type->element() : call.result_type;
  std::vector<Datum> values;
  for (const uint32_t row : rows) {
    const Datum& message = arguments[0].at(row);
    if (message.null()) {
      out[row] = Datum::Null();
      continue;
    }
    ReadField(message.str(), static_cast<uint32_t>(arguments[1].at(row).int64()),
              static_cast<ProtoEncoding>(arguments[2].at(row).int64()), type, &values);
    if (values.empty()) {
      out[row] = arguments[3].at(row);
    } else if (!repeated) {
      out[row] = Single(values, type, arena);
    } else {
      Datum* elements = arena.AllocateArray<Datum>(values.size());
      std::memcpy(elements, values.data(), values.size() * sizeof(Datum));
      out[row] = Datum::Elements({elements, values.size()});
    }
  }
}

void HasKernel(Call&, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) {
    Bytes message = arguments[0].at(row).str();
    const auto number = static_cast<uint32_t>(arguments[1].at(row).int64());
    bool found = false;
    for (Part part; !found && ReadPart(&message, &part, 0); part = Part())
      found = part.number == number;
    out[row] = Datum::Bool(found);
  }
}

}  // namespace

void AddProto(FunctionRegistry& table) {
  using Pattern = ArgumentType::Pattern;
  table.Add(
      "$proto_field",
      {Signature{.result = Pattern::kAnyStruct,
                 .arguments = {Pattern::kAnyType, Type::Int64(), Type::Int64(), Pattern::kAnyType},
                 .kernel = &FieldKernel,
                 .nulls = NullHandling::kKernel}});
  table.Add("$proto_has", {Signature{.result = Type::Bool(),
                                     .arguments = {Pattern::kAnyType, Type::Int64()},
                                     .kernel = &HasKernel}});
}

}  // namespace ks::sql
