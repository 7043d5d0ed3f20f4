// Equality and order as SQL's operators see them (NULL makes the answer unknown), for any type.
#pragma once

#include <optional>

#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::sql {

// a = b; neither is NULL. Of an ARRAY or STRUCT: false when some pair differs, unknown (nullopt)
// when the rest cannot tell because of a NULL inside. NaN equals nothing.
std::optional<bool> SqlEquals(TypeRef type, const Datum& a, const Datum& b);

}  // namespace ks::sql
