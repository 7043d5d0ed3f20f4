// Values as GoogleSQL text that parses back to the same value.
#pragma once

#include <string>
#include <string_view>

#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::sql {

// `'it\'s'`, `DATE '2024-01-01'`, `[1, 2]`; NULL is `NULL`.
void AppendSqlLiteral(TypeRef type, const Datum& datum, std::string* out);
// 'text' with escapes: quotes, backslashes and control characters; other UTF-8 as it is.
void AppendSqlString(std::string_view text, std::string* out);
// b'\x00…'
void AppendSqlBytes(std::string_view bytes, std::string* out);

// "text" as FORMAT's %T has it: single quotes only where that spares escapes.
void AppendDoubleQuoted(std::string_view text, bool bytes, std::string* out);
// What stands between the double quotes of a BYTES literal.
void AppendEscapedBytes(std::string_view bytes, std::string* out);

}  // namespace ks::sql
