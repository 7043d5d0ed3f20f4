// What a resolved statement reads of its tables.
//
// Every scan of its tree, also inside subqueries and WITH, and every column that an expression, a
// sort or an output names. Thread safety: none; the tree must outlive it.
#pragma once

#include <set>
#include <vector>

#include "sql/analyzer/dml.h"
#include "sql/analyzer/resolved.h"

namespace ks::local {

class TableUses {
 public:
  void Query(const sql::ResolvedQuery& query);
  // The scan of the rows that UPDATE and DELETE change is one of scans().
  void Dml(const sql::ResolvedDml& dml);

  const std::vector<const sql::ScanRel*>& scans() const { return scans_; }
  bool IsUsed(sql::ColumnId id) const { return used_.find(id) != used_.end(); }

 private:
  void Subquery(const sql::ResolvedRel& rel);
  void Visit(const sql::ResolvedRel& rel);
  void Visit(const sql::ResolvedExpr& expr);
  void VisitOrNull(const sql::ResolvedExprPtr& expr);
  void VisitUnnest(const sql::UnnestRel& rel);
  void VisitAggregate(const sql::AggregateRel& rel);
  void VisitSetOperation(const sql::SetOperationRel& rel);

  std::set<sql::ColumnId> used_;
  std::vector<const sql::ScanRel*> scans_;
};

}  // namespace ks::local
