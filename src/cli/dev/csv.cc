#include "cli/dev/csv.h"

namespace ks::cli {

bool CsvReader::Next(std::vector<std::string>* fields) {
  fields->clear();
  if (!std::getline(in_, line_)) return false;
  fields->emplace_back();
  bool quoted = false;
  for (size_t i = 0;; ++i) {
    if (i == line_.size()) {
      std::string more;
      if (!quoted || !std::getline(in_, more)) break;
      line_ += "\n" + more;
    }
    const char c = line_[i];
    if (quoted && c == '"' && i + 1 < line_.size() && line_[i + 1] == '"') {
      fields->back().push_back(line_[i++]);
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields->emplace_back();
    } else if (c != '\r' || quoted) {
      fields->back().push_back(c);
    }
  }
  return true;
}

}  // namespace ks::cli
