// What the Tab key offers: keywords and functions of GoogleSQL, and the names of the database's
// schema. Tables where a table must stand, columns of the statement's tables elsewhere. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ks::cli {

struct SchemaNames {
  struct Table {
    std::string name;  // with its schema, where it is a named one
    std::vector<std::string> columns;
  };
  std::vector<Table> tables;
};

struct Completion {
  size_t word = 0;                   // bytes before the cursor that each choice takes the place of
  std::vector<std::string> choices;  // sorted; what may stand there
};

// `before` is the statement up to the cursor; `whole` also what stands after it, as a SELECT's
// tables do.
Completion Complete(std::string_view before, std::string_view whole, const SchemaNames& names);

// What all choices begin with, whatever its case.
std::string CommonStart(const std::vector<std::string>& choices);

}  // namespace ks::cli
