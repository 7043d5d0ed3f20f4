#include "cli/dev/check.h"

#include <google/spanner/v1/result_set.pb.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/status_macros.h"
#include "base/str_cat.h"

namespace ks::cli {
namespace {

using google::protobuf::Value;
using nlohmann::json;
constexpr size_t kExamplesMax = 3;

// The words, quoted for the shell.
std::string ShellLine(const DevFile& file) {
  const auto quote = [](const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  };
  std::string line = "cd " + quote(file.directory) + " &&";
  for (const std::string& word : file.check) line += " " + quote(word);
  return line;
}

absl::StatusOr<std::string> OutputOf(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return absl::InternalError(StrCat("cannot run the check: ", command));
  std::string output;
  std::array<char, 65536> buffer;
  for (size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), n);
  const int code = pclose(pipe);
  if (code != 0)
    return absl::InternalError(StrCat("the check failed to run (status ", code, "): ", command));
  return output;
}

bool SameNumber(double a, double b) {
  return a == b || std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

bool Same(const json& expected, const Value& actual) {
  switch (actual.kind_case()) {
    case Value::kNullValue:
      return expected.is_null();
    case Value::kBoolValue:
      return expected.is_boolean() && expected.get<bool>() == actual.bool_value();
    case Value::kNumberValue:
      return expected.is_number() && SameNumber(expected.get<double>(), actual.number_value());
    case Value::kStringValue:  // INT64 too
      if (expected.is_number_integer())
        return std::to_string(expected.get<int64_t>()) == actual.string_value();
      return expected.is_string() && expected.get<std::string>() == actual.string_value();
    default:
      return false;
  }
}

bool SameRow(const json& expected, const google::protobuf::ListValue& actual) {
  if (!expected.is_array() || static_cast<int>(expected.size()) != actual.values_size())
    return false;
  for (int i = 0; i < actual.values_size(); ++i) {
    if (!Same(expected[static_cast<size_t>(i)], actual.values(i))) return false;
  }
  return true;
}

// The rows that must be there, one by one, from the answer itself or from its file.
class ExpectedRows {
 public:
  static absl::StatusOr<ExpectedRows> Open(const json& rows, const std::string& directory) {
    ExpectedRows result;
    if (rows.is_array()) {
      for (const json& row : rows) result.text_ << row.dump() << "\n";
      return result;
    }
    const std::string name = rows.get<std::string>();
    std::ifstream file(name[0] == '/' ? name : StrCat(directory, "/", name));
    if (!file)
      return absl::NotFoundError(StrCat("the check names ", name, ", which cannot be read"));
    result.text_ << file.rdbuf();
    if (name[0] == '/') std::remove(name.c_str());  // a file that the check made for this
    return result;
  }
  bool Next(json* row) {
    std::string line;
    if (!std::getline(text_, line)) return false;
    *row = json::parse(line, nullptr, false);
    return true;
  }

 private:
  std::stringstream text_;
};

absl::StatusOr<CheckedTable> Compare(const json& expectation, const std::string& directory,
                                     spanner::Client& client) {
  CheckedTable table;
  table.sql = expectation.at("sql").get<std::string>();
  KS_ASSIGN_OR_RETURN(ExpectedRows expected, ExpectedRows::Open(expectation.at("rows"), directory));
  KS_ASSIGN_OR_RETURN(const auto result, client.QueryNow(table.sql));
  json row;
  int i = 0;
  for (; expected.Next(&row); ++i) {
    const bool there = i < result->rows_size();
    if (there && SameRow(row, result->rows(i))) continue;
    ++table.different;
    if (table.examples.size() >= kExamplesMax) continue;
    table.examples.push_back(StrCat("row ", i + 1, ": expected ", row.dump(), ", found ",
                                    there ? result->rows(i).ShortDebugString() : "nothing"));
  }
  table.rows = result->rows_size();
  table.different += std::max(0, result->rows_size() - i);
  return table;
}

}  // namespace

absl::StatusOr<std::vector<CheckedTable>> RunCheck(const DevFile& file, spanner::Client& client) {
  std::vector<CheckedTable> tables;
  KS_ASSIGN_OR_RETURN(const std::string output, OutputOf(ShellLine(file)));
  std::stringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const json expectation = json::parse(line, nullptr, false);
    if (!expectation.is_object() || !expectation.contains("sql") || !expectation.contains("rows")) {
      return absl::InternalError(
          StrCat("the check printed a line that is not {\"sql\": …, \"rows\": …}: ", line));
    }
    KS_ASSIGN_OR_RETURN(CheckedTable table, Compare(expectation, file.directory, client));
    tables.push_back(std::move(table));
  }
  if (tables.empty())
    return absl::InternalError("the check printed nothing, so nothing was checked");
  return tables;
}

}  // namespace ks::cli
