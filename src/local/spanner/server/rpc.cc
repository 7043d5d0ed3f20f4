#include "local/spanner/server/rpc.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/support/slice.h"

namespace ks::local {

void RpcService::AddHandler(const char* method, grpc::internal::RpcMethod::RpcType type,
                            grpc::internal::MethodHandler* handler) {
  names_.push_back(std::make_unique<std::string>(absl::StrCat(prefix_, method)));
  AddMethod(new grpc::internal::RpcServiceMethod(names_.back()->c_str(), type, handler));
}

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status ToContiguous(const grpc::ByteBuffer& buffer, grpc::Slice* slice) {
  if (buffer.TrySingleSlice(slice).ok()) return absl::OkStatus();
  if (buffer.DumpToSingleSlice(slice).ok()) return absl::OkStatus();
  return absl::InternalError("A request's bytes cannot be read.");
}

}  // namespace ks::local
