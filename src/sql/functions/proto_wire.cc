#include "sql/functions/proto_wire.h"

namespace ks::sql {
namespace {

constexpr int kGroupsMax = 100;  // groups in groups

bool ReadPart(std::string_view* in, ProtoPart* part, int groups);

bool ReadGroup(std::string_view* in, ProtoPart* part, int groups) {
  const std::string_view begin = *in;
  for (;;) {
    const size_t size = begin.size() - in->size();
    ProtoPart inner;
    if (!ReadPart(in, &inner, groups)) return false;
    if (inner.wire_type != kEndGroup) continue;
    part->bytes = begin.substr(0, size);
    return inner.number == part->number;
  }
}

bool ReadPart(std::string_view* in, ProtoPart* part, int groups) {
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

}  // namespace

bool ReadVarint(std::string_view* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    *value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

bool ReadPart(std::string_view* in, ProtoPart* part) {
  const std::string_view begin = *in;
  *part = ProtoPart();
  if (!ReadPart(in, part, 0)) return false;
  part->whole = begin.substr(0, begin.size() - in->size());
  return true;
}

WireType WireTypeOf(ProtoEncoding encoding) {
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

}  // namespace ks::sql
