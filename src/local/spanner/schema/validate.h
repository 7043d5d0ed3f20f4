// The rules that every schema keeps, whatever statement made it: names, keys, interleaving,
// indexes, limits. Pure. Tested through DDL in ddl/ddl_test.cc.
#pragma once

#include "absl/status/status.h"
#include "local/spanner/schema/schema.h"

namespace ks::local {

// Checks `schema` (finished). The first broken rule's error.
absl::Status ValidateSchema(const Schema& schema);

// At most kChangeStreamsPerColumn streams watch one column, now that `stream` does.
absl::Status ValidateStreamCount(const Schema& schema, const ChangeStream& stream);

}  // namespace ks::local
