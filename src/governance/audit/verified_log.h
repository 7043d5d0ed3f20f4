// VerifiedLog: verifies an audit log in its database, and remembers what it has verified, so that
// only what follows has to be read again.
//
// What is remembered of the first N entries: their tree, and a digest of their bytes under a random
// key that never leaves this process but as a parameter of the query in which Spanner makes the
// same digest again, of the rows as they are now. So an entry that was changed after it was
// verified is found at once, without being sent here; as surely as by reading it, unless somebody
// can read the parameters of our queries. `whole` reads everything, as the first time.
//
// Invariants (tests/control/test_reads.py):
//   1. Nothing is remembered of a log that does not hold.
//   2. The digest that is remembered is made of the bytes that were verified, never of a second
//      reading.
// Blocks. Thread safety: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "governance/audit/checkpoint.h"
#include "governance/audit/merkle.h"
#include "spanner/client.h"

namespace ks::governance {

// Of entries under a key: the exclusive or of 240 bits of SHA-256 of key, number and bytes of each.
class EntryDigest {
 public:
  explicit EntryDigest(std::string key) : key_(std::move(key)) {}
  void Add(uint64_t seq, std::string_view entry);
  // The same of entries [0, size) as Spanner has them, under this one's key.
  absl::StatusOr<EntryDigest> Ask(spanner::Client& client, uint64_t size) const;
  bool operator==(const EntryDigest&) const = default;

 private:
  std::string key_;
  uint64_t count_ = 0;
  std::array<int64_t, 4> bits_{};
};

class VerifiedLog {
 public:
  explicit VerifiedLog(AuditKey key) : key_(std::move(key)) {}

  struct Verdict {
    absl::Status holds;       // DATA_LOSS says what does not
    uint64_t read = 0;        // entries, now; the others were remembered
    int64_t whole_nanos = 0;  // when all of it was read
  };
  // Whether the log is what the checkpoint `note` says. An error where that cannot be known.
  absl::StatusOr<Verdict> Verify(spanner::Client& client, const std::string& note, bool whole,
                                 int64_t now_nanos);

 private:
  struct Memory {
    EntryDigest digest;
    Frontier tree;
    int64_t whole_nanos = 0;
  };
  Memory Remembered(uint64_t size, bool whole, int64_t now_nanos);

  const AuditKey key_;
  absl::Mutex mu_;
  std::optional<Memory> memory_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::governance
