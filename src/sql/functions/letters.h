// What Unicode knows of letters: case, space, normal forms. Thread-safe. (The only file that asks
// ICU.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ks::sql {

bool IsUnicodeSpace(uint32_t code_point);

// Full case mapping without a language: 'ß' in upper case is 'SS'. For text that is not ASCII.
std::string UnicodeUpper(std::string_view text);
std::string UnicodeLower(std::string_view text);

enum class NormalForm : uint8_t { kNfc, kNfkc, kNfd, kNfkd };
// With `fold_case` as NORMALIZE_AND_CASEFOLD does it.
std::string Normalize(std::string_view text, NormalForm form, bool fold_case);

// Bytes that sort as `text` does under a collation: `en`, `und:ci`, `sv:cs`, `binary`. A language
// that ICU does not know sorts as `und`. `collation` has no fault.
std::string CollationKey(std::string_view text, std::string_view collation);
// What is wrong with a collation's name, in GoogleSQL's words; empty: nothing.
std::string_view CollationFault(std::string_view collation);

}  // namespace ks::sql
