// GROUP BY: its keys and grouping sets, and what may stand above it.
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/hints.h"
#include "sql/analyzer/select_items.h"

namespace ks::sql {
namespace {

// CUBE of n keys makes 2^n grouping sets. The number is ours; Spanner documents none.
constexpr size_t kGroupingSetsMax = 4096;
constexpr size_t kCubeKeysMax = 12;

bool IsPath(const ResolvedExpr& expr) {
  const ResolvedExpr* at = &expr;
  while (at->kind == ResolvedKind::kField) at = To<ResolvedField>(*at).operand.get();
  return IsColumn(*at);
}

}  // namespace

int64_t Ordinal(const Expr& expr) {
  int64_t ordinal = 0;
  if (expr.kind != ExprKind::kLiteral || As<LiteralExpr>(expr).literal != LiteralKind::kInteger)
    return 0;
  return absl::SimpleAtoi(As<LiteralExpr>(expr).text, &ordinal) ? ordinal : 0;
}
bool IsOrdinal(const Expr& expr) {
  return expr.kind == ExprKind::kLiteral && As<LiteralExpr>(expr).literal == LiteralKind::kInteger;
}

int FindItem(const SelectParts& parts, const Expr& expr) {
  if (expr.kind != ExprKind::kPath || As<PathExpr>(expr).path.size() != 1) return -1;
  int found = -1;
  for (size_t i = 0; i < parts.items.size(); ++i) {
    if (parts.items[i].name.empty() ||
        !SameName(parts.items[i].name, As<PathExpr>(expr).path[0].name))
      continue;
    if (found >= 0 && !SameExpr(*parts.items[found].expr, *parts.items[i].expr)) return -2;
    if (found < 0) found = static_cast<int>(i);
  }
  return found;
}

std::set<ColumnId> FromColumns(const NameScope& scope) {
  std::set<ColumnId> ids;
  for (const ScopeColumn& column : scope.columns) ids.insert(column.id);
  for (const RangeVariable& range : scope.ranges) {
    for (const ScopeColumn& column : range.columns) ids.insert(column.id);
  }
  return ids;
}

absl::StatusOr<int> Resolver::AddGroupKey(const Expr& expr, SelectParts* parts) {
  const uint32_t position = expr.range.begin;
  int item = -1;
  if (IsOrdinal(expr)) {
    const int64_t ordinal = Ordinal(expr);
    if (ordinal < 1 || ordinal > static_cast<int64_t>(parts->items.size())) {
      return Error(position,
                   absl::StrCat("GROUP BY is out of SELECT column number range: ", ordinal));
    }
    item = static_cast<int>(ordinal - 1);
    if (parts->items[item].aggregated) {
      return Error(
          position,
          absl::StrCat("Column ", ordinal,
                       " contains an aggregation function, which is not allowed in GROUP BY"));
    }
  } else {
    item = FindItem(*parts, expr);
    if (item == -2) {
      return Error(
          position,
          absl::StrCat("Name ", As<PathExpr>(expr).path[0].name,
                       " in GROUP BY clause is ambiguous; it may refer to multiple columns "
                       "in the SELECT-list"));
    }
    if (item >= 0 && parts->items[item].aggregated) {
      return Error(
          position,
          absl::StrCat("Column ", As<PathExpr>(expr).path[0].name,
                       " contains an aggregation function, which is not allowed in GROUP BY"));
    }
  }
  ResolvedExprPtr key;
  std::string name;
  if (item >= 0) {
    name = parts->items[item].name;
    key = std::move(parts->items[item].expr);
  } else {
    KS_ASSIGN_OR_RETURN(key, Resolve(expr, ExprContext{&parts->scope, "GROUP BY"}));
    name = ImpliedName(expr);
  }
  TypeRef type = key->type;
  if (!type->SupportsGrouping()) {
    return Error(position,
                 absl::StrCat("Grouping by expressions of type ",
                              type->is_array() ? "ARRAY" : type->ToString(), " is not allowed"));
  }
  int index = -1;
  const bool own =
      IsColumn(*key) && FromColumns(parts->scope).contains(To<ResolvedColumnRef>(*key).column);
  for (size_t i = 0; i < parts->group_by.size(); ++i) {
    if (SameExpr(*parts->group_by[i].expr, *key)) index = static_cast<int>(i);
    if (IsColumn(*key) && To<ResolvedColumnRef>(*key).column == parts->group_by[i].column.id) {
      index = static_cast<int>(i);
    }
  }
  if (index < 0) {
    ResolvedColumn column = own ? ResolvedColumn{To<ResolvedColumnRef>(*key).column, name, type}
                                : NewColumn(name, type);
    index = static_cast<int>(parts->group_by.size());
    parts->group_by.push_back({column, std::move(key)});
  }
  if (item >= 0) parts->items[item].expr = MakeColumnRef(parts->group_by[index].column);
  return index;
}

absl::StatusOr<int> Resolver::AddGroupKey(const GroupingItem& item, SelectParts* parts) {
  return AddGroupKey(*item.expr, parts);
}

absl::Status Resolver::ResolveGroupingSets(const GroupingItem& item, SelectParts* parts,
                                           std::vector<std::vector<int>>* sets) {
  const auto keys_of = [&](const GroupingItem& part, std::vector<int>* keys) -> absl::Status {
    if (part.kind == GroupingItem::Kind::kEmpty) return absl::OkStatus();
    if (part.expr->kind == ExprKind::kStruct && As<StructExpr>(*part.expr).tuple) {
      for (const StructExpr::Field& field : As<StructExpr>(*part.expr).fields) {
        KS_ASSIGN_OR_RETURN(int key, AddGroupKey(*field.value, parts));
        keys->push_back(key);
      }
      return absl::OkStatus();
    }
    KS_ASSIGN_OR_RETURN(int key, AddGroupKey(part, parts));
    keys->push_back(key);
    return absl::OkStatus();
  };
  switch (item.kind) {
    case GroupingItem::Kind::kExpr:
    case GroupingItem::Kind::kEmpty: {
      std::vector<int> keys;
      KS_RETURN_IF_ERROR(keys_of(item, &keys));
      sets->push_back(std::move(keys));
      return absl::OkStatus();
    }
    case GroupingItem::Kind::kGroupingSets:
      for (const GroupingItem& part : item.items)
        KS_RETURN_IF_ERROR(ResolveGroupingSets(part, parts, sets));
      return absl::OkStatus();
    case GroupingItem::Kind::kRollup: {
      std::vector<std::vector<int>> prefixes = {{}};
      for (const GroupingItem& part : item.items) {
        std::vector<int> keys = prefixes.back();
        KS_RETURN_IF_ERROR(keys_of(part, &keys));
        prefixes.push_back(std::move(keys));
      }
      sets->insert(sets->end(), prefixes.rbegin(), prefixes.rend());
      return absl::OkStatus();
    }
    case GroupingItem::Kind::kCube: {
      if (item.items.size() > kCubeKeysMax) {
        return Error(item.range.begin,
                     absl::StrCat("CUBE of more than ", kCubeKeysMax, " keys is not supported"));
      }
      std::vector<std::vector<int>> parts_keys;
      for (const GroupingItem& part : item.items) {
        parts_keys.emplace_back();
        KS_RETURN_IF_ERROR(keys_of(part, &parts_keys.back()));
      }
      for (int mask = (1 << parts_keys.size()) - 1; mask >= 0; --mask) {
        std::vector<int> keys;
        for (size_t i = 0; i < parts_keys.size(); ++i) {
          if (mask & (1 << i)) keys.insert(keys.end(), parts_keys[i].begin(), parts_keys[i].end());
        }
        sets->push_back(std::move(keys));
      }
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status Resolver::ResolveGroupBy(const Select& select, SelectParts* parts) {
  parts->grouped = select.group_by != nullptr || !parts->aggregates.empty();
  if (select.group_by == nullptr) return absl::OkStatus();
  const GroupBy& group_by = *select.group_by;
  KS_RETURN_IF_ERROR(CheckHints(group_by.hint.get(), HintPlace::kGroupBy));
  if (group_by.all) return Error(group_by.range.begin, "GROUP BY ALL is not supported");
  bool several = false;
  std::vector<std::vector<int>> sets = {{}};
  for (const GroupingItem& item : group_by.items) {
    if (item.kind == GroupingItem::Kind::kExpr) {
      KS_ASSIGN_OR_RETURN(int key, AddGroupKey(item, parts));
      for (auto& set : sets) set.push_back(key);
      continue;
    }
    several |= item.kind != GroupingItem::Kind::kEmpty;
    std::vector<std::vector<int>> more;
    KS_RETURN_IF_ERROR(ResolveGroupingSets(item, parts, &more));
    if (sets.size() * more.size() > kGroupingSetsMax) {
      return Error(group_by.range.begin,
                   absl::StrCat("GROUP BY makes more than ", kGroupingSetsMax, " grouping sets"));
    }
    std::vector<std::vector<int>> product;
    for (const auto& set : sets) {
      for (const auto& added : more) {
        product.push_back(set);
        product.back().insert(product.back().end(), added.begin(), added.end());
      }
    }
    sets = std::move(product);
  }
  if (several) parts->grouping_sets = std::move(sets);
  // A select item that is a key as a whole: SELECT a + 1 … GROUP BY a + 1.
  for (SelectColumn& item : parts->items) {
    for (const ComputedColumn& key : parts->group_by) {
      if (SameExpr(*key.expr, *item.expr)) item.expr = MakeColumnRef(key.column);
    }
  }
  return absl::OkStatus();
}

absl::Status Resolver::RewriteGrouped(ResolvedExprPtr& expr, const SelectParts& parts,
                                      const std::set<ColumnId>& from, std::string_view clause,
                                      uint32_t position) {
  const auto grouped = [&](ColumnId id) {
    return std::any_of(parts.group_by.begin(), parts.group_by.end(),
                       [&](const ComputedColumn& key) { return key.column.id == id; });
  };
  // Only columns and fields of them are found again inside of expressions.
  for (const ComputedColumn& key : parts.group_by) {
    if (!IsPath(*key.expr) || !SameExpr(*key.expr, *expr)) continue;
    expr = MakeColumnRef(key.column);
    return absl::OkStatus();
  }
  const auto check = [&](ColumnId id) {
    if (!from.contains(id) || grouped(id)) return absl::OkStatus();
    return Error(position,
                 absl::StrCat(clause, " expression references column ", ColumnName(parts, id),
                              " which is neither grouped nor aggregated"));
  };
  if (IsColumn(*expr)) return check(To<ResolvedColumnRef>(*expr).column);
  if (expr->kind == ResolvedKind::kSubquery) {
    for (ColumnId id : To<ResolvedSubquery>(*expr).outer) KS_RETURN_IF_ERROR(check(id));
  }
  return TransformOperands(*expr, [&](ResolvedExprPtr& operand) {
    return RewriteGrouped(operand, parts, from, clause, position);
  });
}

absl::Status Resolver::CheckGrouping(SelectParts* parts) {
  if (!parts->grouped) return absl::OkStatus();
  const std::set<ColumnId> from = FromColumns(parts->scope);
  for (SelectColumn& item : parts->items) {
    KS_RETURN_IF_ERROR(RewriteGrouped(item.expr, *parts, from, "SELECT list", item.position));
  }
  if (parts->having != nullptr) {
    KS_RETURN_IF_ERROR(RewriteGrouped(parts->having, *parts, from, "HAVING clause", 0));
  }
  for (SelectParts::Order& order : parts->order_by) {
    if (order.item >= 0) continue;
    KS_RETURN_IF_ERROR(RewriteGrouped(order.expr, *parts, from, "ORDER BY clause", order.position));
  }
  return absl::OkStatus();
}

}  // namespace ks::sql
