// Values and types as JSON, in the forms that change records have: INT64 and NUMERIC as strings,
// BYTES in base64, as in Spanner's wire format. Thread safety: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::local {

nlohmann::json JsonOf(sql::TypeRef type, const sql::Datum& value);
// {"code":"ARRAY","array_element_type":{"code":"STRING"}}
std::string JsonTypeOf(sql::TypeRef type);

}  // namespace ks::local
