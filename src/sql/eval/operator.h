// Operator: one step of a running query: gives batches of rows, a column at a time. Private to
// eval/.
//
// Open() starts it, also again and again (subqueries, lookups); Next() gives the next rows until
// there are none. What a batch points to is valid until the next Next() or Open(). One thread at a
// time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sql/eval/expression.h"
#include "sql/eval/row_store.h"

namespace ks::sql {

struct Batch {
  Rows rows;                    // none: the end
  std::vector<Column> columns;  // beside Operator::columns()
};

struct Ordering {
  ColumnId column;
  bool descending;
};

class Operator {
 public:
  Operator(Environment* environment, std::vector<ResolvedColumn> columns);
  virtual ~Operator() = default;

  const std::vector<ResolvedColumn>& columns() const { return columns_; }
  const std::vector<ColumnId>& ids() const { return ids_; }
  int IndexOf(ColumnId id) const;  // -1: it is not there
  std::vector<TypeRef> types() const;

  virtual absl::Status Open() = 0;
  virtual absl::Status Next(Batch* batch) = 0;

  // The order in which rows come, as far as it is known.
  virtual std::vector<Ordering> ordering() const { return {}; }
  // How many rows it will probably give.
  virtual double estimate() const = 0;
  // One line, then those of the inputs.
  virtual void Describe(int indent, std::string* out) const = 0;

 protected:
  // Sets outputs of an aggregate of rows from `program`; the first error of a row is the query's.
  absl::Status Run(Program& program, Arena& arena, Rows rows, const Column* inputs,
                   Column* outputs);
  static void Line(int indent, std::string_view text, std::string* out);

  Environment* const environment_;
  const std::vector<ResolvedColumn> columns_;
  const std::vector<ColumnId> ids_;
};
using OperatorPtr = std::unique_ptr<Operator>;

// Reads all of `input` into `store`, whose columns are input->columns().
absl::Status Drain(Operator& input, RowStore* store);

// A WITH definition: run when first read, then kept.
class WithTable {
 public:
  explicit WithTable(OperatorPtr definition) : definition_(std::move(definition)) {}
  absl::StatusOr<const RowStore*> Read(Environment* environment);
  const Operator& definition() const { return *definition_; }

 private:
  OperatorPtr definition_;
  std::unique_ptr<RowStore> store_;
};

}  // namespace ks::sql
