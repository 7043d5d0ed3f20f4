// Protobuf messages to and from gRPC's byte buffers. For this module's .cc files only.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <string>
#include <utility>

namespace ks::spanner {

// A buffer that owns `bytes` without copying them.
inline grpc::Slice OwningSlice(std::string bytes) {
  auto* held = new std::string(std::move(bytes));
  return grpc::Slice(
      held->data(), held->size(), [](void* p) { delete static_cast<std::string*>(p); }, held);
}

inline grpc::ByteBuffer ToBuffer(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice = OwningSlice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// False when the bytes are not such a message.
inline bool FromBuffer(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* message) {
  grpc::ByteBuffer shared = buffer;  // shares the slices; the reader wants a mutable one
  if (!shared.Valid()) return message->ParseFromString("");
  grpc::ProtoBufferReader reader(&shared);
  return reader.status().ok() && message->ParseFromZeroCopyStream(&reader);
}

}  // namespace ks::spanner
