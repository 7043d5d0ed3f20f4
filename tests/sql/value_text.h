// Values and errors as tests/*.test write them: see tests/README.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "sql/types/type.h"

namespace ks::sql {

// `value` in the JSON of Spanner's wire format.
std::string ValueText(TypeRef type, const nlohmann::json& value);

// `ERROR CODE message`: the first line, without the place.
std::string ErrorText(const absl::Status& status);

}  // namespace ks::sql
