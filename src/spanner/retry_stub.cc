#include "spanner/retry_stub.h"

#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "spanner/errors.h"
#include "spanner/limits.h"

namespace ks::spanner {
namespace {

// Texts of INTERNAL that mean "the connection broke", as Google's Go client lists them.
constexpr std::string_view kBrokenConnection[] = {
    "stream terminated by RST_STREAM",
    "HTTP/2 error code: INTERNAL_ERROR",
    "Connection closed with unknown cause",
    "Received unexpected EOS on DATA frame from server",
    "Authentication backend internal server error. Please retry",
};

class RetryStub : public Stub {
 public:
  RetryStub(std::unique_ptr<Stub> inner, env::Clock& clock, env::Random& random,
            int64_t total_millis)
      : inner_(std::move(inner)), clock_(clock), random_(random), total_millis_(total_millis) {}

  void Unary(Method method, CallOptions options, const grpc::ByteBuffer& request,
             UnaryDone done) override {
    if (!InfoOf(method).retry_unavailable) {
      inner_->Unary(method, std::move(options), request, std::move(done));
      return;
    }
    auto call =
        std::make_shared<Call>(Call{method, std::move(options), request, std::move(done), 0, 0});
    call->give_up_at = clock_.MonotonicNanos() + total_millis_ * env::kNanosPerMilli;
    Attempt(call);
  }
  void Stream(Method method, CallOptions options, const grpc::ByteBuffer& request,
              StreamMessage on_message, StreamDone done) override {
    inner_->Stream(method, std::move(options), request, std::move(on_message), std::move(done));
  }

 private:
  struct Call {
    Method method;
    CallOptions options;
    grpc::ByteBuffer request;
    UnaryDone done;
    int attempt;
    int64_t give_up_at;
  };

  void Attempt(const std::shared_ptr<Call>& call) {
    inner_->Unary(call->method, call->options, call->request,
                  [this, call](const absl::Status& status, const grpc::ByteBuffer& answer) {
                    const int64_t wait =
                        BackoffNanos(status, call->attempt, kRetryFirstMillis, random_);
                    const bool in_time = clock_.MonotonicNanos() + wait < call->give_up_at;
                    if (status.ok() || !IsTransient(status) || !in_time) {
                      call->done(status, answer);
                      return;
                    }
                    ++call->attempt;
                    RunAfter(wait, [this, call] { Attempt(call); });
                  });
  }

  const std::unique_ptr<Stub> inner_;
  env::Clock& clock_;
  env::Random& random_;
  const int64_t total_millis_;
};

}  // namespace

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return RetryDelayNanos(status).has_value();
    case absl::StatusCode::kInternal:
      return std::any_of(
          std::begin(kBrokenConnection), std::end(kBrokenConnection),
          [&](std::string_view text) { return absl::StrContains(status.message(), text); });
    default:
      return false;
  }
}

int64_t BackoffNanos(const absl::Status& status, int attempt, int64_t first_ms,
                     env::Random& random) {
  if (const auto asked = RetryDelayNanos(status)) return *asked;
  const double longest = static_cast<double>(first_ms) * std::pow(kRetryFactor, attempt);
  const auto capped_ms =
      static_cast<int64_t>(std::min(longest, static_cast<double>(kRetryMaxMillis)));
  const int64_t nanos = capped_ms * env::kNanosPerMilli;
  return nanos / 2 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(nanos / 2 + 1)));
}

void RunAfter(int64_t nanos, std::function<void()> then) {
  auto alarm = std::make_shared<grpc::Alarm>();
  auto* raw = alarm.get();
  raw->Set(env::AfterNanos(nanos), [alarm, then = std::move(then)](bool) mutable {
    then();
    alarm.reset();
  });
}

std::unique_ptr<Stub> WithRetry(std::unique_ptr<Stub> inner, env::Clock& clock, env::Random& random,
                                int64_t total_millis) {
  return std::make_unique<RetryStub>(std::move(inner), clock, random, total_millis);
}

}  // namespace ks::spanner
