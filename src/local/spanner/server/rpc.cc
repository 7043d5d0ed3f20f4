#include "local/spanner/server/rpc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "grpcpp/support/slice.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

void RpcService::AddHandler(const char* method, grpc::internal::RpcMethod::RpcType type,
                            grpc::internal::MethodHandler* handler) {
  names_.push_back(std::make_unique<std::string>(absl::StrCat(prefix_, method)));
  AddMethod(new grpc::internal::RpcServiceMethod(names_.back()->c_str(), type, handler));
}

RequestNames NamesOf(std::string_view wire) {
  RequestNames names;
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == 1) names.session = field.bytes;
    if (field.number == 2) names.transaction_id = field.bytes;
  }
  return names;
}

grpc::Status RpcService::Answer(grpc::ServerContext& context, const absl::Status& status) {
  const absl::string_view url(kRetryInfoUrl.data(), kRetryInfoUrl.size());
  if (const auto retry = status.GetPayload(url); retry.has_value()) {
    context.AddTrailingMetadata("google.rpc.retryinfo-bin", std::string(*retry));
  }
  return ToGrpc(status);
}

absl::Status RpcService::BeforeFaults(Call& call, const Faults& faults, const RequestNames& names) {
  for (int64_t left = absl::ToInt64Nanoseconds(faults.delay); left > 0;) {
    KS_RETURN_IF_ERROR(call.Check());
    const int64_t nap = std::min(left, call.NapNanos());
    env::SleepFor(nap);
    left -= nap;
  }
  SessionStore& sessions = call.server().sessions;
  if (faults.abort_transaction && !names.transaction_id.empty()) {
    sessions.AbortTransaction(names.session, names.transaction_id);
  }
  if (faults.lose_session) sessions.Lose(names.session);
  return faults.before;
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
