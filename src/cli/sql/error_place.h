// The place of an error in a statement, shown as a compiler shows it: the line, and a caret under
// the column. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ks::cli {

struct ErrorPlace {
  int line = 1;  // from 1, of the statement
  int column = 1;
};

// As Spanner's messages say it: `[at 2:5]` in queries and DML, `on line 2, column 5` in DDL.
std::optional<ErrorPlace> PlaceIn(std::string_view message);

// The statement's line with the caret below it, two lines with their ends; empty where the
// statement has no such place.
std::string MarkPlace(std::string_view statement, const ErrorPlace& place);

}  // namespace ks::cli
