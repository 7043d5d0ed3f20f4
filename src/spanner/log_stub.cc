#include "spanner/log_stub.h"

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <functional>

#include "absl/strings/numbers.h"
#include "base/str_cat.h"
#include "identity/secret.h"

namespace ks::spanner {
namespace {

bool WasRefusedOrLost(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsUnauthenticated(status) ||
         absl::IsPermissionDenied(status);
}

std::string CredentialOf(const CallOptions& options) {
  for (const auto& [name, value] : options.headers) {
    if (name == "authorization") return value;
  }
  return "";
}

class LogStub : public Stub {
 public:
  LogStub(std::unique_ptr<Stub> inner, const std::string& address, bool tls,
          identity::ConnectionLog& log, env::Clock& clock)
      : inner_(std::move(inner)),
        host_(address.substr(0, address.rfind(':'))),
        tls_(tls),
        log_(log),
        clock_(clock) {
    (void)absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port_);
  }

  void Unary(Method method, CallOptions options, const grpc::ByteBuffer& request,
             UnaryDone done) override {
    const Call call = Begin(method, options);
    inner_->Unary(
        method, std::move(options), request,
        [this, call, done = std::move(done)](absl::Status status, const grpc::ByteBuffer& answer) {
          End(call, status);
          done(std::move(status), answer);
        });
  }
  void Stream(Method method, CallOptions options, const grpc::ByteBuffer& request,
              StreamMessage on_message, StreamDone done) override {
    const Call call = Begin(method, options);
    inner_->Stream(method, std::move(options), request, std::move(on_message),
                   [this, call, done = std::move(done)](absl::Status status) {
                     End(call, status);
                     done(std::move(status));
                   });
  }

 private:
  struct Call {
    Method method;
    std::string credential;
    int64_t started_at_nanos;
    int64_t started_monotonic;
  };

  Call Begin(Method method, const CallOptions& options) {
    return {method, CredentialOf(options), clock_.NowNanos(), clock_.MonotonicNanos()};
  }

  void End(const Call& call, const absl::Status& status) {
    const bool failed = WasRefusedOrLost(status);
    // Never 0, which stands for "nothing was said of the state as it is now".
    const uint64_t credential = std::hash<std::string>()(call.credential) | 1;
    if (failed) {
      recorded_ = 0;
    } else if (recorded_.exchange(credential) == credential) {
      return;
    }
    log_.Record(
        {.kind = identity::ConnectionAttempt::Kind::kLogin,
         .started_at_nanos = call.started_at_nanos,
         .duration_nanos = clock_.MonotonicNanos() - call.started_monotonic,
         .service = "spanner",
         .host = host_,
         .port = port_,
         .mechanism = StrCat(tls_ ? "TLS" : "PLAINTEXT", call.credential.empty() ? "" : " Bearer",
                             " ", InfoOf(call.method).path),
         .credential_version =
             call.credential.empty() ? "" : identity::Secret(call.credential).Fingerprint(),
         .tls = tls_ ? identity::LastTlsHandshakeWith(host_) : identity::TlsHandshake(),
         .result = failed ? status : absl::OkStatus()});
  }

  const std::unique_ptr<Stub> inner_;
  const std::string host_;
  int port_ = 0;
  const bool tls_;
  identity::ConnectionLog& log_;
  env::Clock& clock_;
  std::atomic<uint64_t> recorded_{0};  // the credential whose success was recorded last
};

}  // namespace

std::unique_ptr<Stub> WithConnectionLog(std::unique_ptr<Stub> inner, const std::string& address,
                                        bool tls, identity::ConnectionLog& log, env::Clock& clock) {
  return std::make_unique<LogStub>(std::move(inner), address, tls, log, clock);
}

}  // namespace ks::spanner
