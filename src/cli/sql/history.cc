#include "cli/sql/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_replace.h"
#include "base/str_cat.h"
#include "env/environment.h"

namespace ks::cli {
namespace {

// One entry a line: its own line ends and backslashes are escaped.
std::string Escaped(const std::string& entry) {
  return absl::StrReplaceAll(entry, {{"\\", "\\\\"}, {"\n", "\\n"}});
}

std::string Unescaped(const std::string& line) {
  return absl::StrReplaceAll(line, {{"\\\\", "\\"}, {"\\n", "\n"}});
}

void Append(const std::string& path, const std::string& text, int flags) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (file < 0) return;
  (void)!write(file, text.data(), text.size());
  close(file);
}

}  // namespace

History::History(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) entries_.push_back(Unescaped(line));
  if (entries_.size() <= 2 * kEntriesMax) return;
  entries_.erase(entries_.begin(), entries_.end() - kEntriesMax);
  std::string text;
  for (const std::string& entry : entries_) text += Escaped(entry) + "\n";
  Append(path_, text, O_TRUNC);
}

bool History::Add(const std::string& entry) {
  if (entry.empty() || entry[0] == ' ' || (!entries_.empty() && entries_.back() == entry)) {
    return false;
  }
  entries_.push_back(entry);
  if (!path_.empty()) Append(path_, Escaped(entry) + "\n", O_APPEND);
  return true;
}

std::string HistoryPath() {
  const env::Environment& environment = env::RealEnvironment();
  std::string folder = environment.Variable("XDG_STATE_HOME").value_or("");
  if (folder.empty()) {
    const std::string home = environment.Variable("HOME").value_or("");
    if (home.empty()) return "";
    folder = StrCat(home, "/.local/state");
  }
  folder += "/kafka-spanner";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  return failed ? "" : StrCat(folder, "/sql_history");
}

}  // namespace ks::cli
