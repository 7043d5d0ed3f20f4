// A unary call that is waited for. For this module's .cc files only; not to be called on gRPC's own
// threads.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "spanner/errors.h"
#include "spanner/stub.h"
#include "spanner/wire.h"

namespace ks::spanner {

// The deadline is the method's.
template <typename Response>
absl::StatusOr<Response> CallNow(Stub& stub, Method method, CallOptions options,
                                 const google::protobuf::MessageLite& request) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Response>>>();
  auto future = promise->get_future();
  stub.Unary(method, std::move(options), ToBuffer(request),
             [promise, method](const absl::Status& status, const grpc::ByteBuffer& bytes) {
               if (!status.ok()) return promise->set_value(status);
               Response response;
               if (!FromBuffer(bytes, &response))
                 return promise->set_value(BadAnswer(InfoOf(method).path));
               promise->set_value(std::move(response));
             });
  return future.get();
}

}  // namespace ks::spanner
