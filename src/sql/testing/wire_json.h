// Values as the JSON of Spanner's wire format: INT64 as text, BYTES as base64, STRUCT as an array.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sql/types/value.h"

namespace ks::sql {

nlohmann::json ToWireJson(TypeRef type, const Datum& datum);

}  // namespace ks::sql
