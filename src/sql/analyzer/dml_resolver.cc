// INSERT, UPDATE, DELETE.
#include "sql/analyzer/resolver.h"
#include "sql/errors.h"

namespace ks::sql {

absl::StatusOr<std::unique_ptr<ResolvedDml>> Resolver::ResolveDml(const Statement&) { return NotSupported("DML"); }

}  // namespace ks::sql
