// Environment: what one execution of a statement shares: parameters, the current row of each query
// around a subquery, WITH tables, limits. Not thread-safe: one execution is one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "sql/analyzer/resolved.h"
#include "sql/limits.h"
#include "sql/types/value.h"

namespace ks::sql {

class WithTable;  // eval/operator.h

// Values by name in lower case, without @.
using Parameters = std::map<std::string, Value>;

struct ExecuteOptions {
  const Parameters* parameters = nullptr;
  TimestampValue now = {0, 0};  // CURRENT_TIMESTAMP()
  std::string default_zone = std::string(kDefaultTimeZone);
  int64_t memory_limit_bytes = kQueryMemoryBytesMax;  // for sorts, hash tables, WITH
  // Asked now and then; an error ends the statement with it (cancelled, deadline).
  std::function<absl::Status()> check_alive;
  // Fills in SampleRel and RAND-like choices; the same seed gives the same rows.
  uint64_t seed = 0;
  SequenceSource* sequences = nullptr;
  // A clock that never goes back, to time operators by (PROFILE); null: they are not timed.
  std::function<int64_t()> nanos;
};

class Environment {
 public:
  explicit Environment(const ExecuteOptions& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const ExecuteOptions& options() const { return options_; }
  // Null when it was not given.
  const Value* FindParameter(const std::string& name) const;

  // The value of an outer column while a subquery runs. The address is stable.
  Datum* outer(ColumnId id);

  // Counts memory that an operator keeps; RESOURCE_EXHAUSTED over the limit.
  absl::Status Reserve(int64_t bytes);
  void Release(int64_t bytes) { reserved_ -= bytes; }
  int64_t memory_peak_bytes() const { return peak_; }

  std::shared_ptr<WithTable>& with_table(int number) { return with_tables_[number]; }
  EvalContext MakeContext(Arena& arena) const;
  void set_now(TimestampValue now) { now_ = now; }

  // Counts work, in rows or their like; asks check_alive after each thousand of them. The question
  // goes down to the network and takes longer than a lookup.
  absl::Status Work(int64_t rows) {
    unchecked_ += rows;
    return unchecked_ < kBatchRows ? absl::OkStatus() : CheckAlive();
  }

  // Statistics of the execution, for PROFILE.
  int64_t rows_scanned = 0;

 private:
  absl::Status CheckAlive();

  const ExecuteOptions options_;
  std::unordered_map<ColumnId, std::unique_ptr<Datum>> outer_;
  std::unordered_map<int, std::shared_ptr<WithTable>> with_tables_;
  int64_t reserved_ = 0;
  int64_t peak_ = 0;
  int64_t unchecked_ = kBatchRows;  // work since CheckAlive(); the first asks at once
  TimestampValue now_;
};

}  // namespace ks::sql
