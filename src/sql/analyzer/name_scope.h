// NameScope: what names mean at one place of a statement: the columns of FROM, table aliases,
// select aliases, and the scopes around it. Names are compared without regard to case. Private to
// analyzer/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/analyzer/resolved.h"

namespace ks::sql {

struct ScopeColumn {
  std::string name;
  ColumnId id = -1;
  TypeRef type = nullptr;
  bool hidden = false;  // not part of *
  bool value =
      false;  // the value of a value table (UNNEST, SELECT AS STRUCT): * gives a struct's fields
};

// An alias in FROM. A value table has one column, its value.
struct RangeVariable {
  std::string alias;
  bool value = false;
  std::vector<ScopeColumn> columns;
};

// A name of the SELECT list, seen by HAVING, ORDER BY.
struct Expr;
class NameScope;

struct ScopeAlias {
  std::string name;
  const ResolvedExpr* expr;
  // What stands before AS and where its names are looked up: a subquery is resolved anew at each
  // place that names it.
  const Expr* written = nullptr;
  const NameScope* scope = nullptr;
};

struct NameMatch {
  enum class Kind { kNone, kColumn, kField, kRange, kAlias, kAmbiguous };
  Kind kind = Kind::kNone;
  const ScopeColumn* column = nullptr;  // kColumn; kField: the struct
  int field = -1;                       // kField
  const RangeVariable* range = nullptr;
  const ScopeAlias* alias = nullptr;
};

class NameScope {
 public:
  explicit NameScope(const NameScope* parent = nullptr) : parent_(parent) {}

  std::vector<RangeVariable> ranges;
  std::vector<ScopeColumn> columns;  // seen by their bare name and by *, in order
  std::vector<ScopeAlias> aliases;   // before everything else

  const NameScope* parent() const { return parent_; }
  void set_parent(const NameScope* parent) { parent_ = parent; }
  // Here, then in the scopes around.
  NameMatch Find(std::string_view name) const;
  const RangeVariable* FindRange(std::string_view alias) const;  // here only
  const ScopeColumn* FindColumn(std::string_view name,
                                bool* ambiguous) const;  // here only, no fields
  // All names that may be written here, for "did you mean".
  std::vector<std::string> Names() const;

 private:
  NameMatch FindHere(std::string_view name) const;
  const NameScope* parent_;
};

bool SameName(std::string_view a, std::string_view b);
// Index of the field, -1: none, -2: several.
int FindField(TypeRef type, std::string_view name);

}  // namespace ks::sql
