// What was typed, kept in a file from one run of the shell to the next. Several shells may share
// the file: each adds to its end.
#pragma once

#include <string>
#include <vector>

namespace ks::cli {

class History {
 public:
  static constexpr size_t kEntriesMax = 1'000;

  // Empty path: nothing is kept. A file that cannot be read or written is no error: history is a
  // comfort.
  explicit History(std::string path);

  // Oldest first.
  const std::vector<std::string>& entries() const { return entries_; }
  // Not one that begins with a space (it may hold a secret), nor the last one again.
  bool Add(const std::string& entry);

 private:
  const std::string path_;
  std::vector<std::string> entries_;
};

// $XDG_STATE_HOME/kafka-spanner/sql_history, below ~/.local/state where that is not set. The folder
// is made; empty where it cannot be.
std::string HistoryPath();

}  // namespace ks::cli
