// SplitStatements: cuts a script into statements at its semicolons, but not at those inside
// strings, quoted names and comments. Statements come without their semicolon; empty ones are left
// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ks::cli {

std::vector<std::string> SplitStatements(std::string_view script);

}  // namespace ks::cli
