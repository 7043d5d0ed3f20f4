#include "cli/remote/answer_text.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/str_cat.h"
#include "cli/result_table.h"

namespace ks::cli {
namespace {

using nlohmann::json;

constexpr int kStep = 2;

// Whole numbers are grouped; others have one digit after the point.
std::string Cell(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return WithThousands(value.get<int64_t>());
  if (value.is_number_float()) {
    const auto tenths = static_cast<int64_t>(value.get<double>() * 10 + 0.5);
    return tenths % 10 == 0 ? WithThousands(tenths / 10)
                            : StrCat(WithThousands(tenths / 10), ".", tenths % 10);
  }
  if (value.is_array()) {
    std::string all;
    for (const json& each : value) all += (all.empty() ? "" : ", ") + Cell(each);
    return all;
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool IsFlat(const json& value) {
  if (value.is_object()) return value.empty();
  if (!value.is_array())
    return !(value.is_string() &&
             value.get_ref<const std::string&>().find('\n') != std::string::npos);
  for (const json& each : value) {
    if (each.is_structured() || !IsFlat(each)) return false;
  }
  return true;
}

void Print(const std::string& name, const json& value, std::ostream& out, int indent) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  if (IsFlat(value)) {
    out << margin << name
        << (value.empty() && value.is_structured() ? " none" : " " + OneLine(Cell(value))) << "\n";
    return;
  }
  out << margin << name << "\n";
  PrintOutline(value, out, indent + kStep);
}

}  // namespace

void PrintList(const json& list, std::span<const AnswerColumn> columns, std::ostream& out) {
  TextTable table;
  while (!columns.empty() && columns.back().name == nullptr)
    columns = columns.first(columns.size() - 1);
  for (const AnswerColumn& column : columns) {
    table.names.emplace_back(column.name);
    table.numeric.push_back(true);
  }
  for (const json& each : list) {
    std::vector<std::string>& row = table.rows.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      const json::json_pointer pointer(columns[i].pointer);
      const json value = each.contains(pointer) ? each[pointer] : json();
      if (!value.is_null() && !value.is_number()) table.numeric[i] = false;
      row.push_back(OneLine(Cell(value)));
    }
  }
  if (table.rows.empty()) {
    out << "none\n";
    return;
  }
  PrintTable(table, out);
}

void PrintOutline(const json& value, std::ostream& out, int indent) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) Print(name + ":", member, out, indent);
  } else if (value.is_array()) {
    for (const json& each : value) Print("-", each, out, indent);
  } else if (value.is_string()) {
    for (const auto line : absl::StrSplit(value.get<std::string>(), '\n'))
      out << margin << OneLine(std::string(line)) << "\n";
  } else {
    out << margin << Cell(value) << "\n";
  }
}

}  // namespace ks::cli
