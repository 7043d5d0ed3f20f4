// ServedCall: one RPC on gRPC's asynchronous API, from its arrival until its answer is out.
//
// It is served by the thread that leads its loop (call_loop.h). Its answer is one message with the
// status behind it, which goes out in one piece, or many messages: then the thread hands over
// first, because it waits until each has gone. A commit may leave its rest (CommitRest) to be done
// when it has been written. It deletes itself when gRPC needs it no more. Thread safety: belongs to
// the thread that serves it; gRPC's events come on others.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/call_loop.h"
#include "local/spanner/server/message_writer.h"

namespace ks::local {

// What a commit leaves to do when it has been written.
class CommitRest {
 public:
  virtual ~CommitRest() = default;
  // Null when there is nothing to write.
  virtual ReadyCommit* commit() = 0;
  // Until when it may wait for others to be written with (max_commit_delay): monotonic nanoseconds;
  // 0: not at all.
  virtual int64_t patient_until() const { return 0; }
  // Whether End may wait for locks, as when all has to be done again.
  virtual bool EndMayWait() const { return false; }
  // CommitResponse in wire form, from the commit's result.
  virtual absl::StatusOr<std::string> End() = 0;
};

class ServedCall final : public MessageWriter, public DeferredCommit {
 public:
  // Serves a call: its status; none when a rest was left that will answer.
  using Function = std::function<std::optional<absl::Status>(ServedCall&)>;
  // Asks gRPC for the next call of a method, which fills these.
  using Ask = std::function<void(grpc::ServerContext* context, grpc::ByteBuffer* request,
                                 grpc::ServerAsyncWriter<grpc::ByteBuffer>* writer, CallLoop& loop,
                                 void* tag)>;
  struct Method {
    bool streaming = false;
    bool lasting = false;  // it waits or works for long: on a thread of its own from the start
    Ask ask;
    Function serve;
  };

  // Waits for the next call of `method` on `loop`, and so forth until the server shuts down.
  static void Await(ServerState& server, CallLoop& loop, const Method& method);

  Call& call() { return call_; }
  grpc::ServerContext& context() { return context_; }
  std::string_view request() const {
    return {reinterpret_cast<const char*>(slice_.begin()), slice_.size()};
  }
  absl::Status Write(std::string message) override;
  // The last thing that `serve` does.
  void Leave(std::unique_ptr<CommitRest> rest);

  ReadyCommit& commit() override { return *rest_->commit(); }
  void Written() override;

 private:
  // One kind of event of this call.
  class Event final : public CallEvent {
   public:
    Event(ServedCall* call, void (ServedCall::*then)(bool)) : call_(call), then_(then) {}
    void Happened(bool ok) override { (call_->*then_)(ok); }

   private:
    ServedCall* const call_;
    void (ServedCall::*const then_)(bool);
  };

  ServedCall(ServerState& server, CallLoop& loop, const Method& method);
  ~ServedCall() override = default;

  void Arrived(bool ok);
  void Sent(bool ok);
  void Over(bool ok);  // comes twice: the call is done, and the answer has gone
  absl::Status Send(std::string message);
  void EndRest();
  void Finish(const absl::Status& status);
  bool sent() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return sent_; }

  ServerState& server_;
  CallLoop& loop_;
  const Method& method_;
  grpc::ServerContext context_;
  Call call_;
  grpc::ByteBuffer buffer_;
  grpc::Slice slice_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_{&context_};
  Event arrived_event_{this, &ServedCall::Arrived};
  Event sent_event_{this, &ServedCall::Sent};
  Event over_event_{this, &ServedCall::Over};
  std::optional<std::string> held_;  // the first message, which may be the last
  std::unique_ptr<CommitRest> rest_;
  std::atomic<int> overs_{0};

  absl::Mutex mu_;
  bool sent_ ABSL_GUARDED_BY(mu_) = false;
  bool sent_ok_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace ks::local
