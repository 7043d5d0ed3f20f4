// Reads CSV (RFC 4180: quotes, doubled quotes, line ends inside quotes) line by line.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace ks::cli {

class CsvReader {
 public:
  explicit CsvReader(const std::string& path) : in_(path) {}
  bool ok() const { return !in_.fail() || in_.eof(); }
  // False at the end. The fields are good until the next call.
  bool Next(std::vector<std::string>* fields);

 private:
  std::ifstream in_;
  std::string line_;
};

}  // namespace ks::cli
