// Numbers and values as FORMAT writes them. Thread safety: pure functions. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/string_functions#format_string
#pragma once

#include <string>

#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::sql {

// The flags, width and precision of a specifier.
struct NumberStyle {
  bool left = false;       // -
  bool plus = false;       // +
  bool space = false;      // a blank where a sign may stand
  bool alternate = false;  // #
  bool zeros = false;      // 0
  bool groups = false;     // ' : 1,234 and 75b:cd15
  int width = 0;
  int precision = -1;  // not given
};

// d i o x X of an INT64; f F e E g G of FLOAT32, FLOAT64 and NUMERIC. `value` is not NULL.
void AppendFormattedNumber(char specifier, const NumberStyle& style, TypeRef type,
                           const Datum& value, std::string* out);

// %t, or as a literal: %T. Any type, NULL too.
void AppendFormattedValue(TypeRef type, const Datum& value, bool literal, std::string* out);

}  // namespace ks::sql
