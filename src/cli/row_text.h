// Values of rows and bytes of records, for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/plan.h"

namespace google::protobuf {
class ListValue;
class Value;
}  // namespace google::protobuf

namespace ks::cli {

// Of Spanner's wire form; INT64 as a number.
nlohmann::ordered_json CellJson(sql::TypeRef type, const google::protobuf::Value& value);
std::string CellText(sql::TypeRef type, const google::protobuf::Value& value);

// {column: value}. Where there are more columns than values (a delete's), the first ones.
nlohmann::ordered_json RowJson(const pipeline::PlannedTable& table,
                               const google::protobuf::ListValue& values);

// A record's bytes as text where they are text, else in base64; "none" where there are none.
std::string ReadableBytes(std::optional<std::string_view> bytes);

}  // namespace ks::cli
