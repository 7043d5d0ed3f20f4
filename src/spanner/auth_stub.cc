#include "spanner/auth_stub.h"

#include <grpcpp/support/byte_buffer.h>

#include "base/status_macros.h"
#include "base/str_cat.h"

namespace ks::spanner {
namespace {

class Anonymous : public CredentialSource {
 public:
  absl::StatusOr<std::string> Authorization() override { return ""; }
};

class FromTokens : public CredentialSource {
 public:
  explicit FromTokens(std::unique_ptr<identity::TokenCache> tokens) : tokens_(std::move(tokens)) {}
  absl::StatusOr<std::string> Authorization() override {
    KS_ASSIGN_OR_RETURN(const auto token, tokens_->Now());
    return StrCat("Bearer ", token->value.Reveal());
  }

 private:
  const std::unique_ptr<identity::TokenCache> tokens_;
};

class AuthStub : public Stub {
 public:
  AuthStub(std::unique_ptr<Stub> inner, std::unique_ptr<CredentialSource> credentials)
      : inner_(std::move(inner)), credentials_(std::move(credentials)) {}

  void Unary(Method method, CallOptions options, const grpc::ByteBuffer& request,
             UnaryDone done) override {
    if (const absl::Status status = AddHeader(options); !status.ok()) {
      done(status, grpc::ByteBuffer());
      return;
    }
    inner_->Unary(method, std::move(options), request, std::move(done));
  }
  void Stream(Method method, CallOptions options, const grpc::ByteBuffer& request,
              StreamMessage on_message, StreamDone done) override {
    if (const absl::Status status = AddHeader(options); !status.ok()) {
      done(status);
      return;
    }
    inner_->Stream(method, std::move(options), request, std::move(on_message), std::move(done));
  }

 private:
  absl::Status AddHeader(CallOptions& options) {
    auto authorization = credentials_->Authorization();
    if (!authorization.ok()) return authorization.status();
    if (!authorization->empty()) options.headers.emplace_back("authorization", *authorization);
    return absl::OkStatus();
  }

  const std::unique_ptr<Stub> inner_;
  const std::unique_ptr<CredentialSource> credentials_;
};

}  // namespace

std::unique_ptr<CredentialSource> AnonymousCredentials() { return std::make_unique<Anonymous>(); }

std::unique_ptr<CredentialSource> TokenCredentials(std::unique_ptr<identity::TokenCache> tokens) {
  return std::make_unique<FromTokens>(std::move(tokens));
}

std::unique_ptr<Stub> WithAuth(std::unique_ptr<Stub> inner,
                               std::unique_ptr<CredentialSource> credentials) {
  return std::make_unique<AuthStub>(std::move(inner), std::move(credentials));
}

}  // namespace ks::spanner
