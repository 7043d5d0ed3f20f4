#include "local/spanner/server/rpc.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

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

// To gRPC all methods are streams from the server: on the wire one message and its status look the
// same in both kinds.
void RpcService::AddEntry(const char* method, bool streaming, ServedCall::Function serve) {
  const int index = static_cast<int>(entries_.size());
  Entry& entry = entries_.emplace_back();
  entry.path = absl::StrCat(prefix_, method);
  entry.method = {
      streaming, kind_.lasting,
      [this, index](auto* context, auto* request, auto* writer, CallLoop& loop, void* tag) {
        grpc::ServerCompletionQueue* const queue = &loop.queue();
        RequestAsyncServerStreaming(index, context, request, writer, queue, queue, tag);
      },
      std::move(serve)};
  AddMethod(new grpc::internal::RpcServiceMethod(
      entry.path.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING, nullptr));
  MarkMethodAsync(index);
}

void RpcService::Await(CallLoop& loop) {
  const int calls = kind_.lasting ? 1 : limits::kCallsAwaited;
  for (const Entry& entry : entries_) {
    for (int i = 0; i < calls; ++i) ServedCall::Await(state_, loop, entry.method);
  }
}

void RpcService::AddCommit(const char* method, CommitStart function) {
  AddEntry(method, false, [this, method, function](ServedCall& served) {
    std::optional<absl::Status> status;
    if (Faulty()) {
      status = WithFaults(served.call(), method, NamesOf(served.request()), [&]() -> absl::Status {
        KS_ASSIGN_OR_RETURN(auto rest, function(served.call(), served.request()));
        ReadyCommit* const alone = rest->commit();
        if (alone != nullptr) WriteTogether(alone->core(), {&alone, 1});
        KS_ASSIGN_OR_RETURN(std::string answer, rest->End());
        return served.Write(std::move(answer));
      });
      return status;
    }
    auto rest = function(served.call(), served.request());
    if (!rest.ok()) {
      status = rest.status();
    } else {
      served.Leave(*std::move(rest));
    }
    return status;
  });
}

absl::Status RpcService::CheckAdmin(size_t bytes) {
  if (bytes > static_cast<size_t>(limits::kAdminBytes)) {
    return errors::RequestTooLarge(bytes, limits::kAdminBytes);
  }
  return state_.admin_quota.Take(state_.clock.MonotonicNanos());
}

absl::Status RpcService::WithFaults(Call& call, const char* method, const RequestNames& names,
                                    absl::FunctionRef<absl::Status()> body) {
  const Faults faults = state_.faults.Next(method);
  absl::Status status = BeforeFaults(call, faults, names);
  if (status.ok()) status = body();
  return faults.after.ok() ? status : faults.after;
}

absl::Status RpcService::BeforeFaults(Call& call, const Faults& faults, const RequestNames& names) {
  for (int64_t left = absl::ToInt64Nanoseconds(faults.delay); left > 0;) {
    KS_RETURN_IF_ERROR(call.Check());
    call.BeforeWait();
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

}  // namespace ks::local
