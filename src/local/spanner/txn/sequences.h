// Sequences: counters that survive, for GET_NEXT_SEQUENCE_VALUE and identity columns.
//
// A counter is one stored number, the first that is not reserved; numbers are reserved in blocks,
// durably, before the first of them is given, so no number is given twice, and a crash loses at
// most a block. Values never go back, also when the transaction that took one does. Thread safety:
// any thread; one lock, held across the write of a block only. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/sequence_functions
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "local/spanner/schema/schema.h"
#include "sql/functions/function.h"

namespace ks::local {

class DatabaseCore;

// Where counters are stored: this, then their key space.
inline constexpr char kSequencePrefix[] = "sequence/";

// The 63 lower bits in reverse order: what spreads a counter over the whole key range.
int64_t ReverseBits(int64_t counter);

class Sequences {
 public:
  explicit Sequences(DatabaseCore& core) : core_(core) {}
  // Whose counter is stored under the key.
  static KeySpaceId SpaceOf(std::string_view stored_key);

  // The next value; FAILED_PRECONDITION when there is none left.
  absl::StatusOr<int64_t> Next(const SequenceParameters& parameters);
  // The counter that comes next; nothing when none was ever given.
  absl::StatusOr<std::optional<int64_t>> State(const SequenceParameters& parameters);

 private:
  struct Counter {
    int64_t next = 0;
    int64_t reserved = 0;  // the first that is not
    bool used = false;
  };
  absl::StatusOr<Counter*> Load(const SequenceParameters& parameters)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<int64_t> Take(KeySpaceId space, Counter& counter)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  DatabaseCore& core_;
  absl::Mutex mu_;
  absl::flat_hash_map<KeySpaceId, Counter> counters_ ABSL_GUARDED_BY(mu_);
};

// The sequences of one schema by name, as SQL asks for them.
class SchemaSequences final : public sql::SequenceSource {
 public:
  // `may_take`: in a read-write transaction.
  SchemaSequences(DatabaseCore& core, const Schema& schema, bool may_take)
      : core_(core), schema_(schema), may_take_(may_take) {}
  absl::StatusOr<int64_t> Next(std::string_view sequence) override;
  absl::StatusOr<int64_t> Next(const SequenceParameters& parameters);
  absl::StatusOr<std::optional<int64_t>> State(std::string_view sequence) override;
  absl::StatusOr<std::optional<int64_t>> IdentityState(std::string_view column) override;

 private:
  DatabaseCore& core_;
  const Schema& schema_;
  const bool may_take_;
};

}  // namespace ks::local
