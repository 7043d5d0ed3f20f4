// The wire format of protocol buffers, part by part. Bytes that are no message are read up to where
// they stop making sense. https://protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/proto_catalog.h"

namespace ks::sql {

enum WireType : uint32_t { kVarint, kFixed64, kLength, kStartGroup, kEndGroup, kFixed32 };

struct ProtoPart {  // one field as it stands in the message
  uint32_t number = 0;
  uint32_t wire_type = kVarint;
  uint64_t scalar = 0;     // kVarint, kFixed32, kFixed64
  std::string_view bytes;  // kLength, kStartGroup: what is inside
  std::string_view whole;  // all of it, with its tag
};

bool ReadVarint(std::string_view* in, uint64_t* value);
uint64_t LittleEndian(std::string_view bytes);
// Takes the first part off; false when there is none, or nothing that makes sense.
bool ReadPart(std::string_view* in, ProtoPart* part);

// How a value of the encoding stands alone (not packed).
WireType WireTypeOf(ProtoEncoding encoding);

}  // namespace ks::sql
