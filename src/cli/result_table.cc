#include "cli/result_table.h"

#include <google/spanner/v1/result_set.pb.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/str_cat.h"

namespace ks::cli {
namespace {

namespace v1 = google::spanner::v1;
using google::protobuf::Value;

// Characters, not bytes: continuation bytes take no room.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Pad(const std::string& text, size_t width, bool right) {
  const std::string space(width - std::min(width, Width(text)), ' ');
  return right ? space + text : text + space;
}

bool IsNumeric(v1::TypeCode code) {
  return code == v1::INT64 || code == v1::FLOAT64 || code == v1::FLOAT32 || code == v1::NUMERIC;
}

nlohmann::ordered_json ToJson(const Value& value, const v1::Type& type) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kNumberValue:
      return value.number_value();
    case Value::kStringValue:
      if (type.code() == v1::INT64) return std::strtoll(value.string_value().c_str(), nullptr, 10);
      return value.string_value();
    case Value::kListValue: {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      const bool is_struct = type.code() == v1::STRUCT;
      if (is_struct) list = nlohmann::ordered_json::object();
      for (int i = 0; i < value.list_value().values_size(); ++i) {
        const Value& element = value.list_value().values(i);
        if (is_struct) {
          list[type.struct_type().fields(i).name()] =
              ToJson(element, type.struct_type().fields(i).type());
        } else {
          list.push_back(ToJson(element, type.array_element_type()));
        }
      }
      return list;
    }
    default:
      return nullptr;
  }
}

std::string ToText(const Value& value, const v1::Type& type) {
  if (value.kind_case() == Value::kStringValue) return value.string_value();
  if (value.kind_case() == Value::kNullValue) return "NULL";
  return ToJson(value, type).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void PrintCsv(const TextTable& table, std::ostream& out) {
  const auto print = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) out << (i > 0 ? "," : "") << CsvCell(cells[i]);
    out << "\n";
  };
  print(table.names);
  for (const auto& row : table.rows) print(row);
}

void PrintJson(const v1::ResultSet& result, std::ostream& out) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const auto& fields = result.metadata().row_type().fields();
  for (const auto& row : result.rows()) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (int i = 0; i < fields.size(); ++i) {
      const std::string name = fields[i].name().empty() ? StrCat("_", i) : fields[i].name();
      object[name] = ToJson(row.values(i), fields[i].type());
    }
    rows.push_back(std::move(object));
  }
  out << rows.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

void PrintTable(const TextTable& table, std::ostream& out) {
  std::vector<size_t> widths;
  for (const std::string& name : table.names) widths.push_back(Width(name));
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text += "  ";
      text += Pad(cells[i], widths[i], table.numeric[i]);
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out << text << "\n";
  };
  line(table.names);
  std::vector<std::string> rule;
  for (const size_t width : widths) rule.push_back(std::string(width, '-'));
  line(rule);
  for (const auto& row : table.rows) line(row);
}

void PrintRows(const TextTable& table, RowFormat format, std::ostream& out) {
  if (format == RowFormat::kTable) return PrintTable(table, out);
  if (format == RowFormat::kCsv) return PrintCsv(table, out);
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (size_t i = 0; i < row.size(); ++i) object[table.names[i]] = row[i];
    rows.push_back(std::move(object));
  }
  out << rows.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void PrintResult(const v1::ResultSet& result, RowFormat format, std::ostream& out) {
  if (format == RowFormat::kJson) return PrintJson(result, out);
  TextTable table;
  const auto& fields = result.metadata().row_type().fields();
  for (const auto& field : fields) {
    table.names.push_back(field.name());
    table.numeric.push_back(IsNumeric(field.type().code()));
  }
  for (const auto& row : result.rows()) {
    std::vector<std::string> cells;
    for (int i = 0; i < fields.size(); ++i)
      cells.push_back(ToText(row.values(i), fields[i].type()));
    table.rows.push_back(std::move(cells));
  }
  if (format == RowFormat::kTable) {
    for (auto& row : table.rows) std::transform(row.begin(), row.end(), row.begin(), OneLine);
    PrintTable(table, out);
    out << "(" << WithThousands(result.rows_size())
        << (result.rows_size() == 1 ? " row)\n" : " rows)\n");
    return;
  }
  PrintCsv(table, out);
}

std::string WithThousands(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = digits[0] == '-' ? 1 : 0;
  for (size_t i = digits.size(); i > first + 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

}  // namespace ks::cli
