// Which columns of a table the text of an expression names: for INFORMATION_SCHEMA's usage tables.
// Thread safety: a pure function.
#pragma once

#include <string_view>
#include <vector>

#include "local/spanner/schema/schema.h"

namespace ks::local {

// Indexes into table.columns, ascending; empty when the text does not analyze.
std::vector<int> ColumnsNamedIn(const Table& table, std::string_view expression);

}  // namespace ks::local
