// What the texts in a schema mean, for INFORMATION_SCHEMA: the columns that an expression names,
// and those that a view gives. Thread safety: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "local/spanner/schema/schema.h"

namespace ks::local {

// Indexes into table.columns, ascending; empty when the text does not analyze.
std::vector<int> ColumnsNamedIn(const Table& table, std::string_view expression);

// What the schema says, or else what analysis of the view's query finds; empty when that fails.
std::vector<View::Column> ColumnsOfView(const Schema& schema, const View& view);

}  // namespace ks::local
