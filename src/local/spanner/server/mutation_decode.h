// google.spanner.v1.Mutation in wire form -> MutationList: the hot path of Commit.
//
// Neighbouring writes of the same kind to the same columns become one Mutation, so names are looked
// up once for a thousand rows, whichever way a client spreads them over mutations. Values point
// into the wire bytes where they can; those must outlive the list's use. Thread safety: one decoder
// belongs to one request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "local/spanner/txn/mutation.h"

namespace ks::local {

class MutationDecoder {
 public:
  explicit MutationDecoder(MutationList& list) : list_(list) {}

  absl::Status Add(std::string_view wire);

 private:
  absl::Status AddWrite(MutationOp op, std::string_view wire);
  absl::Status AddDelete(std::string_view wire);
  absl::Status AddRow(std::string_view list_value);

  MutationList& list_;
  Mutation* current_ = nullptr;  // the last write; null after a delete
  MutationOp op_ = MutationOp::kInsert;
  std::string_view table_;
  std::vector<std::string_view> columns_;
  std::vector<std::string_view> new_columns_;  // scratch
  std::vector<std::string_view> rows_;         // scratch
};

}  // namespace ks::local
