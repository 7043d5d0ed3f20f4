#include "local/spanner/server/served_call.h"

#include <utility>

#include "local/spanner/server/status_wire.h"

namespace ks::local {
namespace {

// `bytes` become the buffer's only slice, without a copy.
grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

// With RetryInfo in a trailer of its own too, where Google's Python client looks for it.
grpc::Status Answer(grpc::ServerContext& context, const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::string_view url(kRetryInfoUrl.data(), kRetryInfoUrl.size());
  if (const auto retry = status.GetPayload(url); retry.has_value()) {
    context.AddTrailingMetadata("google.rpc.retryinfo-bin", std::string(*retry));
  }
  return ToGrpc(status);
}

}  // namespace

void ServedCall::Await(ServerState& server, CallLoop& loop, const Method& method) {
  new ServedCall(server, loop, method);
}

ServedCall::ServedCall(ServerState& server, CallLoop& loop, const Method& method)
    : server_(server), loop_(loop), method_(method), call_(server, context_) {
  context_.AsyncNotifyWhenDone(&over_event_);
  method_.ask(&context_, &buffer_, &writer_, loop_, &arrived_event_);
}

void ServedCall::Arrived(bool ok) {
  if (!ok) {  // the server shuts down, and this call has never been
    delete this;
    return;
  }
  loop_.CallBegins();
  Await(server_, loop_, method_);
  if (method_.lasting) CallLoop::HandOver();
  if (!buffer_.TrySingleSlice(&slice_).ok() && !buffer_.DumpToSingleSlice(&slice_).ok()) {
    return Finish(absl::InternalError("A request's bytes cannot be read."));
  }
  // With a rest left it may be gone already.
  if (const std::optional<absl::Status> status = method_.serve(*this)) Finish(*status);
}

absl::Status ServedCall::Write(std::string message) {
  if (CallLoop::Led() == &loop_ && !held_.has_value()) {
    held_ = std::move(message);
    return absl::OkStatus();
  }
  CallLoop::HandOver();
  if (held_.has_value()) {
    std::string first = *std::move(held_);
    held_.reset();
    if (absl::Status sent = Send(std::move(first)); !sent.ok()) return sent;
  }
  return Send(std::move(message));
}

absl::Status ServedCall::Send(std::string message) {
  writer_.Write(ToByteBuffer(std::move(message)), &sent_event_);
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &ServedCall::sent));
  sent_ = false;
  return sent_ok_ ? absl::OkStatus() : absl::CancelledError("The stream was closed by its client.");
}

void ServedCall::Sent(bool ok) {
  absl::MutexLock lock(&mu_);
  sent_ = true;
  sent_ok_ = ok;
}

void ServedCall::Leave(std::unique_ptr<CommitRest> rest) {
  rest_ = std::move(rest);
  ReadyCommit* const alone = rest_->commit();
  if (alone != nullptr && CallLoop::Led() == &loop_) {
    return loop_.Defer(this, rest_->patient_until());
  }
  if (alone != nullptr) WriteTogether(alone->core(), {&alone, 1});
  EndRest();
}

// Whoever writes commits must not wait for locks: those that it is to write next may hold them.
void ServedCall::Written() {
  if (!rest_->EndMayWait()) return EndRest();
  loop_.OnOwnThread([this] { EndRest(); });
}

void ServedCall::EndRest() {
  absl::StatusOr<std::string> answer = rest_->End();
  rest_.reset();
  if (answer.ok()) held_ = *std::move(answer);
  Finish(answer.status());
}

void ServedCall::Finish(const absl::Status& status) {
  const grpc::Status answer = Answer(context_, status);
  if (held_.has_value() && (status.ok() || method_.streaming)) {
    writer_.WriteAndFinish(ToByteBuffer(*std::move(held_)), grpc::WriteOptions(), answer,
                           &over_event_);
  } else {
    writer_.Finish(answer, &over_event_);
  }
}

void ServedCall::Over(bool) {
  if (overs_.fetch_add(1) == 0) return;
  loop_.CallEnds();
  delete this;
}

}  // namespace ks::local
