#include "local/spanner/server/security.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "env/environment.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace ks::local {
namespace {

// How soon a changed certificate is seen.
constexpr unsigned int kCertificateLookSeconds = 1;

class TokenCheck : public grpc::AuthMetadataProcessor {
 public:
  explicit TokenCheck(std::string file) : file_(std::move(file)) {}

  bool IsBlocking() const override { return true; }  // reads a file

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext*, OutputMetadata* consumed,
                       OutputMetadata*) override {
    const auto header = metadata.find("authorization");
    const std::string value =
        header == metadata.end() ? "" : std::string(header->second.data(), header->second.size());
    const auto tokens = env::RealEnvironment().ReadFile(file_);
    if (tokens.ok()) {
      for (const std::string& token : std::vector<std::string>(absl::StrSplit(*tokens, '\n'))) {
        if (token.empty() || value != absl::StrCat("Bearer ", token)) continue;
        consumed->emplace("authorization", value);
        return grpc::Status::OK;
      }
    }
    return {grpc::StatusCode::UNAUTHENTICATED,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
            "cookie or other valid authentication credential."};
  }

 private:
  const std::string file_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerSecurity& security) {
  if (security.certificate_file.empty()) return grpc::InsecureServerCredentials();
  for (const std::string& file : {security.certificate_file, security.private_key_file}) {
    KS_RETURN_IF_ERROR(env::RealEnvironment().ReadFile(file).status());
  }
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          security.private_key_file, security.certificate_file, kCertificateLookSeconds));
  options.watch_identity_key_cert_pairs();
  auto credentials = grpc::experimental::TlsServerCredentials(options);
  if (!security.tokens_file.empty()) {
    credentials->SetAuthMetadataProcessor(std::make_shared<TokenCheck>(security.tokens_file));
  }
  return credentials;
}

}  // namespace ks::local
