// Stub: Spanner's RPCs as bytes in, bytes out. The one place where a call can be wrapped.
//
// There are two kinds of calls, unary and server-streaming, and all methods go through these two
// functions. So a decorator (metadata, retry, auth, logging) is a class with two methods, not one
// method per RPC; stub_factory.h puts them on in one place. Bytes, because the hot path writes a
// CommitRequest straight as wire bytes.
//
// Thread safety: all methods may be called from any thread; callbacks run on gRPC's threads and
// must not block. Each `done` is called exactly once, also when the deadline passes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace grpc {
class ByteBuffer;
}

namespace ks::spanner {

class Cancellation;

enum class Method : uint8_t {
  kCreateSession,
  kDeleteSession,
  kCommit,
  kBeginTransaction,
  kRollback,
  kStreamingRead,
  kExecuteStreamingSql,
  kExecuteBatchDml,
  kUpdateDatabaseDdl,
  kGetDatabaseDdl,
  kGetDatabase,
  kCreateDatabase,
  kCreateInstance,
  kGetInstance,
  kGetOperation,
  kTestIamPermissions,
};

// What is known of a method before it is called.
struct MethodInfo {
  Method method;
  const char* path;           // gRPC's name of it
  const char* routing_field;  // the request's field that x-goog-request-params names
  bool routes_to_leader;      // x-goog-spanner-route-to-leader, where it does not depend on the
                              // transaction
  bool retry_unavailable;     // may be sent again after UNAVAILABLE
  int64_t timeout_ms;         // of one attempt
};
const MethodInfo& InfoOf(Method method);

struct CallOptions {
  std::string resource_prefix;   // projects/…/databases/… : google-cloud-resource-prefix
  std::string routing_value;     // value of MethodInfo::routing_field
  bool route_to_leader = false;  // a read or query in a read-write transaction
  int64_t timeout_ms = 0;        // 0: the method's
  std::shared_ptr<Cancellation> cancellation;                // null: nobody ends the call early
  std::vector<std::pair<std::string, std::string>> headers;  // added by decorators
};

using UnaryDone = std::function<void(absl::Status, const grpc::ByteBuffer& answer)>;
// Return false to end the stream; `done` then gets CANCELLED.
using StreamMessage = std::function<bool(const grpc::ByteBuffer& message)>;
using StreamDone = std::function<void(absl::Status)>;

class Stub {
 public:
  virtual ~Stub() = default;
  virtual void Unary(Method method, CallOptions options, const grpc::ByteBuffer& request,
                     UnaryDone done) = 0;
  virtual void Stream(Method method, CallOptions options, const grpc::ByteBuffer& request,
                      StreamMessage on_message, StreamDone done) = 0;
};

}  // namespace ks::spanner
