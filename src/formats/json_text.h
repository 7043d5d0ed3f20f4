// The small grammars inside JSON tokens, and values of GoogleSQL types from text. Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "formats/text.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::formats {

inline bool IsJsonSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The grammar of RFC 8259, section 6.
bool IsJsonNumber(std::string_view token);

// The inside of a string without its escapes, which `to` has room for (it is never longer). Returns
// the position of an escape that is none (a lone surrogate too: it has no UTF-8), or npos.
size_t UnescapeJson(std::string_view inner, char* to, size_t* size);

// A value of a simple type from text: what Spanner's JSON form of the type allows, so INT64 and
// NUMERIC as decimals, FLOAT64 also as "NaN", "Infinity", "-Infinity", BYTES as base64, TIMESTAMP
// as RFC 3339. kMalformed for BOOL and nested types. STRING points to `text` itself.
Parsed ParseText(sql::TypeRef type, std::string_view text, sql::Arena& arena, sql::Datum* out);

}  // namespace ks::formats
