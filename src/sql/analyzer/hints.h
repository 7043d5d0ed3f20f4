// Which hints GoogleSQL has and what they may say. A misspelt hint is an error, not a surprise in
// production. Thread safety: a free function without state. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/query-syntax#hints
#pragma once

#include "absl/status/status.h"
#include "sql/parser/ast.h"

namespace ks::sql {

enum class HintPlace : uint8_t {
  kStatement,
  kTable,
  kJoin,
  kGroupBy,
  kSelect,
  kSubquery,
  kOrderBy
};

// INVALID_ARGUMENT at the first entry of `hint` (may be null) that is unknown at its place or has a
// wrong value. Hints of other engines (`engine.name`) are ignored, as Spanner does.
absl::Status CheckHints(const Hint* hint, HintPlace place);

}  // namespace ks::sql
