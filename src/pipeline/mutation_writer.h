// Spanner mutations as protobuf wire bytes, written straight from columns of Datum.
//
// The result is the bytes of `google.spanner.v1.CommitRequest.mutations` fields (field 4), one
// after the other: a client sends its own CommitRequest fields followed by them, since concatenated
// messages are one message. No protobuf object is made: a commit of 80,000 values would be as many
// allocations.
//
//   CommitRequest.mutations (4) -> Mutation.{insert 1, update 2, insert_or_update 3, replace 4,
//   delete 5}
//     Write:  table 1, columns 2 (repeated), values 3 (repeated ListValue)          = head, then
//     rows Delete: table 1, key_set 2 -> KeySet.keys 1 (repeated ListValue)              = head,
//     then rows
//   ListValue.values 1 -> Value.{null 1, number 2, string 3, bool 4, list 6}
//
// A MutationShape is what all rows of one mutation share. Rows are encoded one by one into any
// buffer and put under their head at the end, when all lengths are known; so rows may be dropped or
// reordered in between. Every length is in its shortest form, as protobuf's own writers emit it.
//
// Values are encoded as Spanner's TypeCode says: INT64 and ENUM as decimal strings, FLOAT as number
// or "NaN", "Infinity", "-Infinity", BYTES and PROTO as base64, TIMESTAMP as RFC 3339 with up to
// nine digits, DATE, NUMERIC, JSON, UUID as text.
// https://github.com/googleapis/googleapis/blob/master/google/spanner/v1/type.proto Tested by
// parsing with the generated protos: mutation_writer_test.cc.
//
// Thread safety: a MutationShape is immutable.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "pipeline/wire_buffer.h"
#include "sql/functions/function.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"
#include "sql/types/value.h"

namespace ks::pipeline {

// The numbers are those of the fields of google.spanner.v1.Mutation.
enum class MutationKind : uint8_t {
  kInsert = 1,
  kUpdate = 2,
  kInsertOrUpdate = 3,
  kReplace = 4,
  kDelete = 5
};

// The TIMESTAMP that stands for `spanner.commit_timestamp()`: the time of the commit, filled in by
// Spanner. It lies outside TIMESTAMP's range, so no record can hold it.
inline constexpr sql::TimestampValue kPendingCommitTimestamp = {std::numeric_limits<int64_t>::max(),
                                                                0};
inline sql::Datum PendingCommitTimestampDatum() {
  return sql::Datum::Timestamp(kPendingCommitTimestamp);
}
inline sql::Value PendingCommitTimestamp() {
  return sql::Value::Timestamp(kPendingCommitTimestamp);
}

class MutationShape {
 public:
  // For kDelete the columns are those of the primary key, in its order; their names are not sent.
  MutationShape(MutationKind kind, std::string_view table, absl::Span<const std::string> columns,
                std::vector<sql::TypeRef> types);

  MutationKind kind() const { return kind_; }
  size_t columns() const { return types_.size(); }
  const std::string& head() const { return head_; }

  // Where a row lies in the buffer it was appended to.
  struct RowBytes {
    size_t begin = 0;     // its tag
    size_t elements = 0;  // its first value
    size_t key_end = 0;   // behind its first `key_columns` values
    size_t end = 0;
  };
  // Appends one row as an element of the mutation: its tag, its length, a ListValue.
  RowBytes AppendRow(absl::Span<const sql::Datum> row, WireBuffer* out) const;
  // The same with the values of row `row` of columns.
  RowBytes AppendRow(absl::Span<const sql::Column> columns, uint32_t row, size_t key_columns,
                     WireBuffer* out) const;
  // The same with values that are encoded already, by AppendListElement: `front` and `back`, one
  // after the other.
  void AppendRowOfElements(std::string_view front, std::string_view back, WireBuffer* out) const;

  // Appends the whole CommitRequest.mutations field around `rows`, the bytes of whole rows. Nothing
  // when it is empty.
  void AppendMutation(std::string_view rows, WireBuffer* out) const;
  // The same in two steps: the front for `rows_bytes` of rows, which the caller appends next.
  void AppendMutationFront(size_t rows_bytes, WireBuffer* out) const;
  // How many bytes AppendMutation adds.
  size_t MutationBytes(size_t rows_bytes) const;

 private:
  template <typename Get>
  RowBytes AppendRowOf(const Get& get, size_t key_columns, WireBuffer* out) const;
  char row_tag() const;

  const MutationKind kind_;
  const std::vector<sql::TypeRef> types_;
  std::string head_;  // the fields of Write or Delete before the rows
};

// Appends `datum` as an element of a ListValue (field 1, length, Value).
void AppendListElement(sql::TypeRef type, const sql::Datum& datum, WireBuffer* out);

// Appends a key of a google.spanner.v1.KeySet (as in a Read), given as encoded elements: `front`
// and `back`.
void AppendKeySetKey(std::string_view front, std::string_view back, WireBuffer* out);

// ---- For the few rows that are not a stream: checkpoints, dead letters, tests.

struct Cell {
  std::string_view column;
  sql::Value value;  // PendingCommitTimestamp() for the commit's own time
};

// Appends a whole mutation of one row, e.g.
//   AppendMutationOf(MutationKind::kInsert, "kafka_spanner.Checkpoints", {{"Lane",
//   sql::Value::Int64(0)}, …}, &out);
// For kDelete the cells are the primary key in its order.
void AppendMutationOf(MutationKind kind, std::string_view table, absl::Span<const Cell> row,
                      WireBuffer* out);

// What Spanner counts against the limit of a commit for one row written or deleted, index entries
// included: an insert is its columns and one per index; an update its columns and two per index
// whose columns it writes; a delete one and one per index. An insert-or-update is counted as the
// dearer of the two. https://cloud.google.com/spanner/quotas#note2; the index rule is measured, see
// limits.h.
struct MutationCost {
  uint32_t columns = 0;          // written, the primary key's always among them
  uint32_t indexes = 0;          // on the table
  uint32_t indexes_touched = 0;  // those that hold one of the columns written
};
uint32_t MutationCount(MutationKind kind, const MutationCost& cost);

}  // namespace ks::pipeline
