// Evaluates every case of tests/expr/*.test with src/sql and compares with the recorded answer.
//
//   ks_expr_tests <folder> [word…]    only files whose name contains one of the words
//
// Of errors the code counts, and the message too where the code is OUT_OF_RANGE: texts of analysis
// name signatures in the emulator's own way. The form of the files is told in record.py.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "sql/eval/query.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

// As Python's repr prints it: the shortest digits, an exponent from 1e16 and below 1e-4.
std::string FloatText(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  const double magnitude = std::fabs(v);
  char buffer[64];
  const bool plain = v == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof(buffer), v, format).ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

void AppendQuoted(std::string_view data, bool bytes, std::string* out) {
  StrAppend(out, bytes ? "b'" : "'");
  for (const char c : data) {
    const unsigned code = static_cast<unsigned char>(c);
    if (c == '\\' || c == '\'') {
      *out += '\\';
      *out += c;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      StrAppend(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
    } else if (code < 32 || code == 127 || (bytes && code > 126)) {
      char hex[8];
      std::snprintf(hex, sizeof(hex), "\\x%02x", code);
      *out += hex;
    } else {
      *out += c;
    }
  }
  *out += '\'';
}

void AppendValue(TypeRef type, const Datum& d, std::string* out);

void AppendElements(TypeRef type, const Datum& d, std::string* out) {
  *out += type->is_array() ? '[' : '(';
  for (size_t i = 0; i < d.elements().size(); ++i) {
    if (i > 0) *out += ", ";
    AppendValue(type->is_array() ? type->element() : type->fields()[i].type, d.elements()[i], out);
  }
  *out += type->is_array() ? ']' : ')';
}

void AppendValue(TypeRef type, const Datum& d, std::string* out) {
  if (d.null()) {
    *out += "NULL";
    return;
  }
  switch (type->kind()) {
    case TypeKind::kBool:
      *out += d.bool_value() ? "true" : "false";
      return;
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      StrAppend(out, d.int64());
      return;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      *out += FloatText(d.float64());
      return;
    case TypeKind::kNumeric:
      return AppendNumeric(d.wide(), out);
    case TypeKind::kString:
      return AppendQuoted(d.str(), false, out);
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return AppendQuoted(d.str(), true, out);
    case TypeKind::kJson:
      *out += d.str();
      return;
    case TypeKind::kDate:
      return AppendDate(d.int64(), out);
    case TypeKind::kTimestamp:
      return AppendTimestampRfc3339(d.timestamp(), out);
    case TypeKind::kUuid:
      return AppendUuid(d.wide(), out);
    case TypeKind::kInterval:
      return AppendIntervalIso(d.interval(), out);
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return AppendElements(type, d, out);
  }
}

std::string ErrorText(const absl::Status& status) {
  std::string message(ks::View(status.message()));
  message = message.substr(0, message.find('\n'));
  const size_t at = message.rfind(" [at ");
  if (at != std::string::npos) message.resize(at);
  return StrCat("ERROR ", absl::StatusCodeToString(status.code()), " ", message);
}

std::string Answer(const std::string& expression) {
  const bool query = expression.starts_with("SELECT") || expression.starts_with("WITH");
  ExecuteOptions options;
  options.now = {1700000000, 0};
  absl::StatusOr<QueryResult> result =
      RunQuery(query ? expression : "SELECT " + expression, nullptr, options);
  if (!result.ok()) return ErrorText(result.status());
  const TypeRef type = result->columns[0].type;
  if (result->rows.empty()) return type->ToString() + " no row";
  std::string text = type->ToString() + " ";
  AppendValue(type, result->rows[0][0].datum(), &text);
  return text;
}

// The part of an answer that counts.
std::string Essence(const std::string& answer) {
  if (!answer.starts_with("ERROR ") || answer.starts_with("ERROR OUT_OF_RANGE")) return answer;
  return answer.substr(0, answer.find(' ', 6));
}

struct Count {
  int cases = 0;
  int wrong = 0;
};

Count RunFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::string expression;
  Count count;
  while (std::getline(file, line)) {
    if (line.starts_with("> ")) {
      expression = line.substr(2);
      continue;
    }
    if (expression.empty() || line.empty() || line.starts_with("#")) continue;
    ++count.cases;
    const std::string got = Answer(expression);
    if (Essence(got) != Essence(line)) {
      ++count.wrong;
      std::cout << path.filename().string() << "\n> " << expression << "\n  want " << line
                << "\n  got  " << got << "\n";
    }
    expression.clear();
  }
  return count;
}

int Main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argc > 1 ? argv[1] : "tests/expr")) {
    if (entry.path().extension() != ".test") continue;
    bool wanted = argc <= 2;
    for (int i = 2; i < argc; ++i) {
      wanted |= entry.path().filename().string().find(argv[i]) != std::string::npos;
    }
    if (wanted) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Count total;
  for (const std::filesystem::path& path : files) {
    const Count count = RunFile(path);
    total.cases += count.cases;
    total.wrong += count.wrong;
  }
  std::cout << total.cases << " cases, " << total.wrong << " wrong\n";
  return total.wrong == 0 && total.cases > 0 ? 0 : 1;
}

}  // namespace
}  // namespace ks::sql

int main(int argc, char** argv) { return ks::sql::Main(argc, argv); }
