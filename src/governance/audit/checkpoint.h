// Checkpoint: what an audit log was at some moment, signed: its name, its size and its root.
//
// Written as the checkpoints of transparency logs are (https://c2sp.org/tlog-checkpoint), a signed
// note (https://c2sp.org/signed-note) with an Ed25519 signature, so that others' tools read it:
//
//   kafka-spanner/projects/P/instances/I/databases/D
//   17
//   base64 of the root
//
//   — NAME base64 of 4 bytes that name the key, and of the signature over the lines above
//
// NAME is the first line. Invariant: Open() gives only what a holder of the key signed
// (checkpoint_test.cc; tests/conformance/go: Go's golang.org/x/mod/sumdb/note reads them, too).
// Thread safety: const methods may be called from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "governance/audit/merkle.h"

struct evp_pkey_st;

namespace ks::governance {

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Hash root = {};
};

// The name of the log in a database.
std::string OriginOf(std::string_view database);

// An Ed25519 key pair, or its public half.
class AuditKey {
 public:
  // `name` is what errors call it: the reference or the file; `pem` is never shown.
  static absl::StatusOr<AuditKey> Private(std::string_view pem, std::string_view name);
  static absl::StatusOr<AuditKey> Public(std::string_view pem, std::string_view name);

  // Of a private key.
  absl::StatusOr<std::string> Sign(const Checkpoint& checkpoint) const;
  // DATA_LOSS unless the note has a signature of this key. Signatures of others are passed over.
  absl::StatusOr<Checkpoint> Open(std::string_view note) const;

 private:
  explicit AuditKey(evp_pkey_st* key);
  std::string KeyId(std::string_view name) const;
  bool Verify(std::string_view text, std::string_view signature) const;

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace ks::governance
