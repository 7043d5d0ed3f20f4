// The text of an INTERVAL literal: INTERVAL '1.5' SECOND, INTERVAL '1-2 3' YEAR TO DAY. Pure.
// https://cloud.google.com/spanner/docs/reference/standard-sql/lexical#interval_literals
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "sql/types/datum.h"

namespace ks::sql {

// Of one part (`to` is empty) or of a range of parts, in upper case. INVALID_ARGUMENT: there is no
// such literal.
absl::StatusOr<IntervalValue> ParseIntervalLiteral(std::string_view text, std::string_view from,
                                                   std::string_view to);

}  // namespace ks::sql
