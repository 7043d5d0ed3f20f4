// LineEditor: lines typed at a terminal, with editing, history and completion, over libedit.
//
// While a line is edited Ctrl-C gives it up and is no signal; in between the terminal is as it was,
// so Ctrl-C during a statement is SIGINT. Thread safety: one thread, and one LineEditor a process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/sql/completion.h"

namespace ks::cli {

enum class LineEnd : uint8_t { kEntered, kGivenUp, kEndOfInput };

class LineEditor {
 public:
  // Of the line up to the cursor, and the whole of it.
  using Completer = std::function<Completion(std::string_view before, std::string_view whole)>;

  explicit LineEditor(Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;

  // `line` comes without its line end.
  LineEnd Read(const std::string& prompt, std::string* line);
  // Offered by the up arrow from now on.
  void Remember(const std::string& entry);

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace ks::cli
