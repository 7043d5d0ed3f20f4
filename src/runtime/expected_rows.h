// ExpectedRows: what one table must hold, and the comparison with what it holds. Pure.
//
// First Add() and Remove() in the order of each chain, then Compare() with every row there is, then
// Finish(). Rows are wire bytes, the primary key apart (pipeline/recompute.h). Thread safety: none.
#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "pipeline/plan.h"
#include "pipeline/wire_buffer.h"
#include "runtime/verify.h"
#include "sql/types/arena.h"

namespace ks::runtime {

// Which kinds of difference say that the table is wrong; the others may have another reason.
struct Judged {
  bool missing = true;
  bool extra = true;
  bool different = true;
};

class ExpectedRows {
 public:
  // `table` outlives this; results are added to `result`, whose table it is.
  ExpectedRows(const pipeline::PlannedTable& table, const Judged& judged, size_t examples,
               VerifiedTable* result);

  // A record of `chain` writes or deletes the row of `key`.
  void Add(uint64_t chain, std::string_view key, std::string_view rest);
  void Remove(uint64_t chain, std::string_view key);
  int64_t held_bytes() const { return held_bytes_; }

  // A row's key in the form that Add() takes; valid until the next call.
  absl::StatusOr<std::string_view> KeyOf(const google::protobuf::ListValue& row);
  absl::Status Compare(const google::protobuf::ListValue& row);
  // What was added and never compared is missing.
  void Finish();
  // Forgets all rows, for the next pass.
  void Clear();

 private:
  enum class How : uint8_t { kExact, kAbout, kNot };
  struct Version {
    uint64_t chain = 0;
    bool removed = false;
    std::string rest;
  };
  struct Expected {
    absl::InlinedVector<Version, 1> versions;
    bool found = false;
  };

  Version& VersionOf(uint64_t chain, std::string_view key, bool* is_new);
  absl::Status Encode(const google::protobuf::ListValue& row, size_t begin, size_t end,
                      pipeline::WireBuffer* to);
  std::vector<size_t> Differing(const google::protobuf::ListValue& expected,
                                const google::protobuf::ListValue& actual) const;
  void Report(bool judged, int64_t* count, Difference difference);

  const pipeline::PlannedTable& table_;
  const Judged judged_;
  const size_t examples_;
  VerifiedTable& result_;
  std::vector<sql::TypeRef> types_;
  std::vector<How> how_;  // by column
  size_t keys_ = 0;
  absl::flat_hash_map<std::string, Expected> rows_;
  int64_t held_bytes_ = 0;
  pipeline::WireBuffer key_;
  pipeline::WireBuffer rest_;
  sql::Arena arena_;
};

}  // namespace ks::runtime
