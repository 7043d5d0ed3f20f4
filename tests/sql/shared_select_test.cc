// Runs the SELECTs with known answers of $KS_SHARED_DATA/googlesql-select.jsonl and prints how many
// agree. Skipped where the file is not there. KS_SHARED_VERBOSE=1 prints every difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "sql/eval/query.h"
#include "sql/testing/wire_json.h"

namespace ks::sql {
namespace {

using Json = nlohmann::json;

// SUM of floats in another order differs in the last bits.
bool Near(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    const double x = a.get<double>();
    const double y = b.get<double>();
    return x == y || std::abs(x - y) <= 1e-6 * std::max(std::abs(x), std::abs(y));
  }
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!Near(a[i], b[i])) return false;
    }
    return true;
  }
  return a == b;
}

std::string TypeText(TypeRef type) {
  if (type->is_struct()) return "STRUCT";
  if (type->is_array()) return "ARRAY<" + TypeText(type->element()) + ">";
  return type->ToString();
}

// Empty when it agrees.
std::string Differs(const Json& test) {
  auto result = RunQuery(test["sql"].get<std::string>(), nullptr);
  if (test.contains("error")) {
    const std::string message = test["message"];
    if (result.ok()) return "no error, expected " + message;
    const std::string got(result.status().message());
    // Rows have no order: another one may be the first to divide by zero.
    const std::string_view kDivision = "division by zero: ";
    const bool same = got.rfind(message, 0) == 0 ||
                      (got.starts_with(kDivision) && message.starts_with(kDivision));
    return same ? "" : "other error: " + result.status().ToString() + ", expected " + message;
  }
  if (!result.ok()) return result.status().ToString();
  Json names = Json::array();
  Json types = Json::array();
  for (const OutputColumn& column : result->columns) {
    names.push_back(column.name);
    types.push_back(TypeText(column.type));
  }
  if (names != test["names"]) return "names " + names.dump() + ", expected " + test["names"].dump();
  if (types != test["types"]) return "types " + types.dump() + ", expected " + test["types"].dump();
  std::vector<Json> rows;
  for (const auto& row : result->rows) {
    Json values = Json::array();
    for (const Value& value : row) values.push_back(ToWireJson(value.type(), value.datum()));
    rows.push_back(std::move(values));
  }
  std::vector<Json> expected(test["rows"].begin(), test["rows"].end());
  if (!test["ordered"].get<bool>()) {
    std::sort(rows.begin(), rows.end());
    std::sort(expected.begin(), expected.end());
  }
  if (Near(Json(rows), Json(expected))) return "";
  return "rows " + Json(rows).dump() + ", expected " + Json(expected).dump();
}

TEST(SharedSelects, AgreeWithKnownAnswers) {
  const char* directory = std::getenv("KS_SHARED_DATA");
  std::ifstream file(directory == nullptr ? std::string()
                                          : std::string(directory) + "/googlesql-select.jsonl");
  if (!file) GTEST_SKIP() << "set KS_SHARED_DATA to a directory with googlesql-select.jsonl";
  const bool verbose = std::getenv("KS_SHARED_VERBOSE") != nullptr;
  int passed = 0;
  int disputed = 0;  // a second engine gives other answers, mostly arrays of rows in another order
  int total = 0;
  std::string line;
  while (std::getline(file, line)) {
    const Json test = Json::parse(line);
    ++total;
    if (verbose) std::cout << "? " << test["id"].get<std::string>() << std::endl;
    const std::string difference = Differs(test);
    passed += difference.empty();
    disputed += !difference.empty() && !test["agree"].get<bool>();
    if (difference.empty() || !verbose) continue;
    std::cout << (test["agree"].get<bool>() ? "" : "(disputed) ") << test["id"].get<std::string>()
              << ": " << difference.substr(0, 600) << std::endl;
  }
  std::cout << "agree: " << passed << " of " << total << ", disputed: " << disputed << "\n";
  EXPECT_EQ(passed + disputed, total);
}

}  // namespace
}  // namespace ks::sql
