#include "spanner/grpc_stub.h"

#include <google/rpc/status.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>

#include "absl/strings/cord.h"
#include "env/clock.h"
#include "spanner/cancellation.h"
#include "spanner/limits.h"

namespace ks::spanner {
namespace {

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    for (const auto& any : details.details())
      result.SetPayload(any.type_url(), absl::Cord(any.value()));
  }
  return result;
}

void Prepare(const MethodInfo& info, const CallOptions& options,
             const std::shared_ptr<grpc::ClientContext>& shared_context) {
  grpc::ClientContext& context = *shared_context;
  if (options.cancellation != nullptr) options.cancellation->Watch(shared_context);
  const int64_t timeout_ms = options.timeout_ms > 0 ? options.timeout_ms : info.timeout_ms;
  context.set_deadline(env::AfterNanos(timeout_ms * env::kNanosPerMilli));
  for (const auto& [name, value] : options.headers) context.AddMetadata(name, value);
}

struct UnaryCall {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer answer;
  UnaryDone done;
};

// One server-streaming call; deletes itself when it is over.
class StreamCall : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  StreamCall(const grpc::ByteBuffer& request, StreamMessage on_message, StreamDone done)
      : request_(request), on_message_(std::move(on_message)), done_(std::move(done)) {}

  void Start(grpc::GenericStub& stub, const MethodInfo& info, const CallOptions& options) {
    Prepare(info, options, context_);
    stub.PrepareBidiStreamingCall(context_.get(), info.path, {}, this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&message_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (!on_message_(message_)) {
      context_->TryCancel();
      return;
    }
    StartRead(&message_);
  }
  void OnDone(const grpc::Status& status) override {
    done_(FromGrpc(status));
    delete this;
  }

 private:
  const std::shared_ptr<grpc::ClientContext> context_ = std::make_shared<grpc::ClientContext>();
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  const StreamMessage on_message_;
  const StreamDone done_;
};

class GrpcStub : public Stub {
 public:
  explicit GrpcStub(const GrpcOptions& options) {
    for (int i = 0; i < options.channels; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt("ks.channel",
                       i);  // channels with equal arguments would share one connection
      arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
      arguments.SetMaxSendMessageSize(kMessageBytesMax);
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 120'000);
      arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
      auto credentials = options.plaintext ? grpc::InsecureChannelCredentials()
                                           : grpc::SslCredentials(grpc::SslCredentialsOptions());
      stubs_.push_back(std::make_unique<grpc::GenericStub>(
          grpc::CreateCustomChannel(options.endpoint, credentials, arguments)));
    }
  }

  void Unary(Method method, CallOptions options, const grpc::ByteBuffer& request,
             UnaryDone done) override {
    const MethodInfo& info = InfoOf(method);
    auto call = std::make_shared<UnaryCall>();
    call->request = request;
    call->done = std::move(done);
    Prepare(info, options, std::shared_ptr<grpc::ClientContext>(call, &call->context));
    Next().UnaryCall(
        &call->context, info.path, {}, &call->request, &call->answer,
        [call](const grpc::Status& status) { call->done(FromGrpc(status), call->answer); });
  }

  void Stream(Method method, CallOptions options, const grpc::ByteBuffer& request,
              StreamMessage on_message, StreamDone done) override {
    auto* call = new StreamCall(request, std::move(on_message), std::move(done));
    call->Start(Next(), InfoOf(method), options);
  }

 private:
  grpc::GenericStub& Next() { return *stubs_[next_++ % stubs_.size()]; }

  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::atomic<uint32_t> next_{0};
};

}  // namespace

std::unique_ptr<Stub> MakeGrpcStub(const GrpcOptions& options) {
  return std::make_unique<GrpcStub>(options);
}

}  // namespace ks::spanner
