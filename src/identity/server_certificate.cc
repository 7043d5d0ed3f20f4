#include "identity/server_certificate.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/environment.h"
#include "identity/credential_metrics.h"
#include "identity/errors.h"
#include "identity/limits.h"
#include "observe/log.h"

namespace ks::identity {
namespace {

std::string StampOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "";
  return StrCat(info.st_ino, ".", info.st_size, ".", info.st_mtim.tv_sec, ".",
                info.st_mtim.tv_nsec);
}

}  // namespace

ServerCertificate::ServerCertificate(CertificateFiles files, env::Clock& clock,
                                     observe::Series* told)
    : files_(std::move(files)), clock_(clock), told_(told) {}

absl::StatusOr<std::unique_ptr<ServerCertificate>> ServerCertificate::Load(CertificateFiles files,
                                                                           env::Clock& clock,
                                                                           observe::Series* told) {
  std::unique_ptr<ServerCertificate> made(new ServerCertificate(std::move(files), clock, told));
  const absl::MutexLock lock(&made->mu_);
  made->stamp_ = made->Stamp();
  KS_ASSIGN_OR_RETURN(made->pair_, made->Read());
  made->looked_at_ = clock.MonotonicNanos();
  TellCredential(told, clock.NowNanos(), made->pair_->expires_at() * env::kNanosPerSecond);
  return made;
}

std::string ServerCertificate::Stamp() const {
  return StrCat(StampOf(files_.certificate), " ", StampOf(files_.private_key));
}

absl::StatusOr<std::shared_ptr<const CertificatePair>> ServerCertificate::Read() const {
  const auto& environment = env::RealEnvironment();
  KS_ASSIGN_OR_RETURN(const std::string chain, environment.ReadFile(files_.certificate));
  KS_ASSIGN_OR_RETURN(std::string key, environment.ReadFile(files_.private_key));
  auto pair = CertificatePair::Parse({chain, Secret(std::move(key)), {}});
  if (!pair.ok()) return BadServerCertificate(files_.certificate, pair.status().message());
  if ((*pair)->expires_at() * env::kNanosPerSecond <= clock_.NowNanos()) {
    return BadServerCertificate(files_.certificate, "it has expired");
  }
  return pair;
}

void ServerCertificate::LookAgain() {
  const int64_t now = clock_.MonotonicNanos();
  if (now - looked_at_ < kServerCertificateLookNanos) return;
  looked_at_ = now;
  std::string stamp = Stamp();
  if (stamp == stamp_) return;
  auto pair = Read();
  if (!pair.ok()) {
    const std::string reason(pair.status().message());
    if (reason == refused_) return;
    TellFailure(told_);
    observe::LogError(StrCat(reason, " The one before it stays in use."));
    refused_ = reason;
    return;
  }
  pair_ = *std::move(pair);
  stamp_ = std::move(stamp);
  refused_.clear();
  TellCredential(told_, clock_.NowNanos(), pair_->expires_at() * env::kNanosPerSecond);
  observe::LogInfo(StrCat("the certificate in ", files_.certificate, " is shown from here on"));
}

bool ServerCertificate::Show(SSL* handshake) {
  std::shared_ptr<const CertificatePair> pair;
  {
    const absl::MutexLock lock(&mu_);
    LookAgain();
    pair = pair_;
  }
  return pair->ShowIn(handshake);
}

void ServerCertificate::Serve(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cert_cb(
      context,
      [](SSL* handshake, void* self) {
        return static_cast<ServerCertificate*>(self)->Show(handshake) ? 1 : 0;
      },
      this);
}

}  // namespace ks::identity
