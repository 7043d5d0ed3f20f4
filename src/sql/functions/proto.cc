// Fields of protocol buffers, read from the wire format.
//   message.field      $proto_field(message, number, encoding, value of a message without it)
//   message.has_field  $proto_has(message, number)
// proto_set.cc writes them.
// As Spanner's emulator does, bytes that are no message are read up to where they stop making
// sense. https://protobuf.dev/programming-guides/encoding
#include <bit>
#include <cstring>
#include <vector>

#include "sql/functions/function.h"
#include "sql/functions/lift.h"
#include "sql/functions/proto_wire.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

Datum DatumOf(const ProtoPart& part, ProtoEncoding encoding, TypeRef type) {
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
void Unpack(std::string_view bytes, ProtoEncoding encoding, TypeRef type,
            std::vector<Datum>* values) {
  const uint32_t wire_type = WireTypeOf(encoding);
  while (!bytes.empty()) {
    ProtoPart part;
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
void ReadField(std::string_view message, uint32_t number, ProtoEncoding encoding, TypeRef type,
               std::vector<Datum>* values) {
  values->clear();
  const uint32_t wire_type = WireTypeOf(encoding);
  ProtoPart part;
  while (ReadPart(&message, &part)) {
    if (part.number == number) {
      if (part.wire_type == wire_type) {
        values->push_back(DatumOf(part, encoding, type));
      } else if (part.wire_type == kLength && wire_type != kStartGroup) {
        Unpack(part.bytes, encoding, type, values);
      }
    }
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
    std::string_view message = arguments[0].at(row).str();
    const auto number = static_cast<uint32_t>(arguments[1].at(row).int64());
    bool found = false;
    for (ProtoPart part; !found && ReadPart(&message, &part);) found = part.number == number;
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
