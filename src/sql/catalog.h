// Catalog: the only way in which SQL sees tables. Whoever owns tables (the local Spanner, a
// pipeline's record source) implements these; nothing under src/sql knows storage.
//
// Thread safety: a Catalog is a snapshot for one statement; it is read by one thread at a time and
// outlives the statement's analysis and execution.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"
#include "sql/types/value.h"

namespace ks::sql {

struct TableColumn {
  std::string name;
  TypeRef type;
  bool not_null = false;
  bool hidden = false;  // not part of SELECT *
};

struct KeyPart {
  int column;  // index into Table::columns()
  bool descending = false;
};

// A sorted way to the rows: the primary key, or a secondary index.
struct AccessPath {
  std::string name;          // empty: the primary key
  std::vector<KeyPart> key;  // rows come in this order
  std::vector<int>
      columns;  // columns this path can give by itself; all of them for the primary key
  bool unique = false;
  bool null_filtered = false;  // lacks rows with a NULL in the key
};

// Rows whose first key parts lie in [start, limit]: NULL-aware, in the order of the path (so
// `start` comes first also where a part is descending). A bound that is shorter than the key stands
// for all keys with that prefix.
struct KeyRange {
  std::vector<Value> start;
  std::vector<Value> limit;
  bool start_closed = true;
  bool limit_closed = true;
  static KeyRange All() { return {}; }  // empty bounds: from and to the end
  static KeyRange Point(std::vector<Value> key) { return {key, key, true, true}; }
};

struct ScanRequest {
  int path = 0;                  // index into Table::access_paths()
  std::vector<int> columns;      // wanted, in this order
  std::vector<KeyRange> ranges;  // sorted and disjoint in the path's order; rows come in that order
  bool reverse = false;          // rows come the other way round: the last of the last range first
  int64_t limit = 0;             // the reader wants no more rows than these; 0: all
  bool lock_exclusive = false;   // the statement will write these rows
};

// Batches of rows, a column at a time. What the columns point to is valid until the next call.
struct RowBatch {
  uint32_t rows = 0;
  std::vector<const Datum*> columns;  // in the order of ScanRequest::columns
};

class RowCursor {
 public:
  virtual ~RowCursor() = default;
  // Fills `batch`; zero rows mean the end.
  virtual absl::Status Next(RowBatch* batch) = 0;
};

class Table {
 public:
  virtual ~Table() = default;
  virtual const std::string& name() const = 0;  // as declared, with its schema: `sch.Albums`
  virtual absl::Span<const TableColumn> columns() const = 0;
  virtual absl::Span<const AccessPath> access_paths() const = 0;  // [0] is the primary key
  virtual absl::StatusOr<std::unique_ptr<RowCursor>> Scan(const ScanRequest& request) const = 0;
  // A guess for the planner.
  virtual int64_t EstimatedRows() const { return 1000; }
};

struct View {
  std::string name;
  std::string query;  // GoogleSQL text
};

class Catalog {
 public:
  virtual ~Catalog() = default;
  // `path` is {"Albums"} or {"sch", "Albums"} or {"INFORMATION_SCHEMA", "TABLES"}, compared without
  // regard to case. Null when there is none (then FindView is asked). An error when it exists but
  // may not be read.
  virtual absl::StatusOr<const Table*> FindTable(absl::Span<const std::string> path) const = 0;
  virtual absl::StatusOr<std::optional<View>> FindView(absl::Span<const std::string> path) const {
    (void)path;
    return std::nullopt;
  }
  // The name of a sequence as it is declared; nothing when there is none.
  virtual std::optional<std::string> FindSequence(absl::Span<const std::string> path) const {
    (void)path;
    return std::nullopt;
  }
  // Names near a wrong one, for "did you mean".
  virtual std::vector<std::string> TableNames() const { return {}; }
};

}  // namespace ks::sql
