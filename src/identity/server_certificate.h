// ServerCertificate: the certificate that a server of our own shows, from two files that may change
// while it runs: connections made from then on are shown the new one, those that stand are left
// alone, nothing is started anew.
//
// Files are looked at when a client comes, at most once a second. A new pair is taken when it can
// be read, belongs together and has not expired; else the log says once what is wrong with it and
// the one before stays. So the moment between the two files does no harm. Thread safety: any
// thread. Tests: server_certificate_test.cc, tests/identity/test_own_servers.py.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "env/clock.h"
#include "identity/certificate_pair.h"
#include "observe/metrics.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ks::identity {

struct CertificateFiles {
  std::string certificate;  // PEM, with its chain; empty: no TLS
  std::string private_key;  // PEM, without a password
};

class ServerCertificate {
 public:
  // INVALID_ARGUMENT where the pair is no good. `told`, where not null, outlives it.
  static absl::StatusOr<std::unique_ptr<ServerCertificate>> Load(CertificateFiles files,
                                                                 env::Clock& clock,
                                                                 observe::Series* told = nullptr);

  // Has a context ask for the pair at each handshake, and take TLS 1.2 and later. It outlives the
  // context.
  void Serve(ssl_ctx_st* context);
  // Into one handshake.
  bool Show(ssl_st* handshake);

 private:
  ServerCertificate(CertificateFiles files, env::Clock& clock, observe::Series* told);
  absl::StatusOr<std::shared_ptr<const CertificatePair>> Read() const;
  // Of both files, to tell whether one changed.
  std::string Stamp() const;
  void LookAgain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const CertificateFiles files_;
  env::Clock& clock_;
  observe::Series* const told_;  // may be null
  absl::Mutex mu_;
  std::shared_ptr<const CertificatePair> pair_ ABSL_GUARDED_BY(mu_);
  std::string stamp_ ABSL_GUARDED_BY(mu_);      // of what was last taken
  std::string refused_ ABSL_GUARDED_BY(mu_);    // why the last was not taken, as said
  int64_t looked_at_ ABSL_GUARDED_BY(mu_) = 0;  // monotonic
};

}  // namespace ks::identity
