// Errors of analysis and execution, in Spanner's words. Those of the parser, the types and the
// functions are in their own folders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sql/types/type.h"

namespace ks::sql {

absl::Status QueryMemoryExceeded(int64_t limit_bytes);
absl::Status ParameterMissing(std::string_view name);
absl::Status ParameterType(std::string_view name, TypeRef expected, TypeRef actual);
absl::Status ScalarSubqueryRows();
absl::Status LimitIsNull(std::string_view clause);
absl::Status LimitIsNegative(std::string_view clause);
absl::Status SampleSizeIsNull();
absl::Status SampleRowsAreNegative();
absl::Status SamplePercentOutOfRange();
absl::Status NullFilteredIndex(std::string_view index);
absl::Status NotSupported(std::string_view what);

}  // namespace ks::sql
