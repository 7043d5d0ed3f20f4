// The text files of tests/sql and tests/expr: statements and what they answer.
//
//   # a comment
//   > SELECT a, b        a statement, each of its lines after `> `
//   > FROM T
//   @p INT64 "7"         its parameters: name, type, value in the JSON of Spanner's wire format
//   # by hand: why       the answer below is not the emulator's, for this reason
//   ~ a INT64, b STRING  the answer: every line up to an empty one
//   1, 'x'
//
// tests/README.md tells what answers look like. Thread safety: none needed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ks::sql {

struct CaseParameter {
  std::string name;
  std::string type;   // empty: the statement's use decides
  std::string value;  // JSON
};

struct TextCase {
  int line = 0;  // of the statement, from 1
  std::string statement;
  std::vector<CaseParameter> parameters;
  std::vector<std::string> answer;
};

std::vector<TextCase> ReadCases(const std::filesystem::path& path);

// The files `*.test` of `folder` whose name contains one of `words` (all when there is none).
std::vector<std::filesystem::path> CaseFiles(const std::filesystem::path& folder,
                                             const std::vector<std::string>& words);

// The part of an answer's line that counts: of errors the code, and the message too where the code
// is OUT_OF_RANGE (a value's fault). Texts of analysis name signatures in the emulator's own way.
std::string Essence(const std::string& line);

// Runs `answer` on every case of the files of `argv[1]` (words: the arguments behind it), compares,
// prints what differs and how many there were. The exit code of a test.
int RunCaseFiles(int argc, char** argv,
                 const std::function<void(const std::filesystem::path&)>& begin_file,
                 const std::function<std::vector<std::string>(const TextCase&)>& answer);

}  // namespace ks::sql
