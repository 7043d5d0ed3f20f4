// Operator: one step of a running query: gives batches of rows, a column at a time. Private to
// eval/.
//
// Open() starts it, also again and again (subqueries, lookups); Next() gives the next rows until
// there are none. What a batch points to is valid until the next Next() or Open(). Both count what
// goes through them, for PROFILE. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sql/eval/expression.h"
#include "sql/eval/plan_node.h"
#include "sql/eval/row_store.h"

namespace ks::sql {

struct Batch {
  Rows rows;                    // none: the end
  std::vector<Column> columns;  // beside Operator::columns()
};

struct Ordering {
  ColumnId column;
  bool descending;
  bool fixed = false;  // all rows of one Open() have the same value
};

// An expression that an operator runs, for its plan.
struct PlanExpr {
  std::string_view link;  // its part: `Condition`
  const ResolvedExpr* expr;
  const ResolvedExpr* equal = nullptr;  // the part is `expr` = `equal`
  std::string_view variable = {};       // the name of what is computed; lives in the resolved tree
};
using PlanExprs = std::vector<PlanExpr>;

class Operator {
 public:
  Operator(Environment* environment, std::vector<ResolvedColumn> columns);
  virtual ~Operator() = default;

  const std::vector<ResolvedColumn>& columns() const { return columns_; }
  const std::vector<ColumnId>& ids() const { return ids_; }
  int IndexOf(ColumnId id) const;  // -1: it is not there
  std::vector<TypeRef> types() const;

  absl::Status Open();
  absl::Status Next(Batch* batch);

  // The order in which rows come, as far as it is known.
  virtual std::vector<Ordering> ordering() const { return {}; }
  // Turns that order round, before the first Open(). False: it cannot, and nothing has changed.
  virtual bool Reverse() { return false; }
  // From the next Open() on, nobody will ask for more than this many rows. A hint: more may come.
  virtual void ExpectRows(int64_t rows) { (void)rows; }
  // How many rows it will probably give.
  virtual double estimate() const = 0;
  // With its inputs, and what it has done so far.
  PlanNode Describe() const;

 protected:
  virtual absl::Status DoOpen() = 0;
  virtual absl::Status DoNext(Batch* batch) = 0;
  virtual PlanNode DoDescribe() const = 0;
  static void Show(const PlanExprs& exprs, PlanNode* node);
  // Sets outputs of an aggregate of rows from `program`; the first error of a row is the query's.
  absl::Status Run(Program& program, Arena& arena, Rows rows, const Column* inputs,
                   Column* outputs);

  Environment* const environment_;
  const std::vector<ResolvedColumn> columns_;
  const std::vector<ColumnId> ids_;

 private:
  PlanStatistics statistics_;
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
