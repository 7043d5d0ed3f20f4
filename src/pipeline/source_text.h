// SourceText: a file a person wrote, and how an error points into it.
//
//   pipeline.yaml:12:5: unknown field `lane` in `from.kafka`; did you mean `lanes`?
//      12 |     lane: 4
//         |     ^~~~
//
// The value of a field that is named like a secret (password, client_secret, …) shows as `******`
// in such a line, unless it is a reference (secret://…), whatever the error is about.
//
// Lines and columns count from 1; a column is a character, not a byte. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::pipeline {

struct FilePosition {
  int line = 0;    // from 1; 0: nowhere
  int column = 0;  // from 1, in bytes
};

// The first line of a name or value as an error shows it: short, in whole characters, `…` where
// something was left out.
std::string Excerpt(std::string_view text);

class SourceText {
 public:
  SourceText(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}

  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }

  // INVALID_ARGUMENT with the place, the message, the line and a caret under the `length` bytes at
  // the place.
  absl::Status Error(FilePosition at, std::string_view message, size_t length = 1) const;

  // Where byte `offset` of `value` stands in the file, when `value` is the value of the YAML scalar
  // that begins at `scalar` (its `|`, its quote, or its first character). Works for every style: a
  // scalar's value and its source have the same characters in the same order, but for white space
  // and escapes.
  FilePosition Locate(FilePosition scalar, std::string_view value, size_t offset) const;

  // Line `line` (from 1) without its end.
  std::string_view Line(int line) const;

 private:
  size_t OffsetOf(FilePosition at) const;
  FilePosition PositionOf(size_t offset) const;

  const std::string file_;
  const std::string text_;
};

}  // namespace ks::pipeline
