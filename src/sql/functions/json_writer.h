// SQL values as JSON text, as TO_JSON and TO_JSON_STRING write them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::sql {

struct JsonStyle {
  std::string_view zone;
  // INT64 beyond ±2^53 and NUMERIC that no double holds become strings; else NUMERIC is an error.
  bool wide_as_string = false;
  bool point = true;  // 1.0; else as CAST to STRING writes it, 1
};

// Compact; fields of a STRUCT in their order.
// https://cloud.google.com/spanner/docs/reference/standard-sql/json_functions#json_encodings
absl::Status AppendJson(const JsonStyle& style, TypeRef type, const Datum& value, std::string* out);

}  // namespace ks::sql
