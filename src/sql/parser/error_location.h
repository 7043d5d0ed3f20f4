// Where in a text an error is, kept beside the error until somebody who knows the text prints it.
//
// The parser and the analyzer make statuses that carry a byte offset as payload and a message
// without a place. Whoever owns the whole text turns that into what a user reads: the SQL statement
// (WithLocation, as Spanner prints it), or a file that contains the SQL (RenderInFile, as a
// compiler prints it). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::sql {

// INVALID_ARGUMENT with `message` and the place.
absl::Status ErrorAt(uint32_t offset, std::string_view message);
// Puts a place on `status` when it is an error that has none; returns it.
absl::Status At(uint32_t offset, absl::Status status);
std::optional<uint32_t> ErrorOffset(const absl::Status& status);

// Both from 1. A column is a character, not a byte; a tab goes on to the next column after a
// multiple of 8.
struct LineColumn {
  int line = 1;
  int column = 1;
};
LineColumn FindLineColumn(std::string_view text, uint32_t offset);

// `message [at 1:23]`, then the source line, then a line with a caret. A status without a place
// comes back unchanged; the result has no place any more, so nothing is said twice.
absl::Status WithLocation(std::string_view text, const absl::Status& status);

// `pipeline.yaml:7:12: message`, the source line and a caret: for SQL that begins at `base` in
// `file_text`.
std::string RenderInFile(std::string_view file_name, std::string_view file_text, uint32_t base,
                         const absl::Status& status);

}  // namespace ks::sql
