// Rows for people and for programs: an aligned table, CSV, or JSON.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace google::spanner::v1 {
class ResultSet;
}

namespace ks::cli {

enum class RowFormat : uint8_t { kTable, kCsv, kJson };

// Cells as text, right-aligned where `numeric`.
struct TextTable {
  std::vector<std::string> names;
  std::vector<bool> numeric;
  std::vector<std::vector<std::string>> rows;
};

// One line per cell: control characters would break the table.
std::string OneLine(std::string text);

void PrintTable(const TextTable& table, std::ostream& out);

// The table aligned, or as CSV, or as a JSON array of objects of strings.
void PrintRows(const TextTable& table, RowFormat format, std::ostream& out);

// A query's result. NULL is shown as NULL; JSON keeps Spanner's own forms (INT64 as a string is
// shown as a number).
void PrintResult(const google::spanner::v1::ResultSet& result, RowFormat format, std::ostream& out);

// `1234567` -> `1,234,567`.
std::string WithThousands(int64_t number);

}  // namespace ks::cli
