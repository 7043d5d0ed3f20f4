// What GROUP BY and ORDER BY ask about the items of a SELECT. Private to analyzer/. Thread safety:
// pure functions.
#pragma once

#include <cstdint>
#include <set>

#include "sql/analyzer/resolver.h"

namespace ks::sql {

// An item that is an integer literal stands for the column of that number.
bool IsOrdinal(const Expr& expr);
// 0 when it is no number that could be one.
int64_t Ordinal(const Expr& expr);
// The select item that a single name means; -1: none, -2: several different ones.
int FindItem(const SelectParts& parts, const Expr& expr);
// The columns that FROM gives.
std::set<ColumnId> FromColumns(const NameScope& scope);
inline bool IsColumn(const ResolvedExpr& expr) { return expr.kind == ResolvedKind::kColumn; }

}  // namespace ks::sql
