// A control plane's answers for people: lists as tables, everything else as an outline. Thread
// safety: pure functions.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <span>

namespace ks::cli {

// A column: its name, and where in each element its value is (a JSON pointer). One without a name
// is none.
struct AnswerColumn {
  const char* name = nullptr;
  const char* pointer = nullptr;
};

void PrintList(const nlohmann::json& list, std::span<const AnswerColumn> columns,
               std::ostream& out);

// `name: value` lines; what is inside of something is indented, and a text of several lines stands
// as it is.
void PrintOutline(const nlohmann::json& value, std::ostream& out, int indent = 0);

}  // namespace ks::cli
