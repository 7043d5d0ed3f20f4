#include "case_file.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <string_view>

namespace ks::sql {
namespace {

bool TakePrefix(std::string_view prefix, std::string_view* line) {
  if (!line->starts_with(prefix)) return false;
  line->remove_prefix(prefix.size());
  return true;
}

// `name TYPE value`; a type may have spaces inside its <…>.
CaseParameter ParseParameter(std::string_view line) {
  CaseParameter parameter;
  const size_t name_end = line.find(' ');
  parameter.name = line.substr(0, name_end);
  size_t at = name_end + 1;
  for (int depth = 0; at < line.size() && (depth > 0 || line[at] != ' '); ++at) {
    depth += line[at] == '<' ? 1 : line[at] == '>' ? -1 : 0;
  }
  parameter.type = line.substr(name_end + 1, at - name_end - 1);
  if (parameter.type == "?") parameter.type.clear();
  parameter.value = line.substr(at + 1);
  return parameter;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text;
}

bool Agree(std::vector<std::string> got, std::vector<std::string> want) {
  // `~`: rows come in any order.
  if (!want.empty() && want[0].starts_with("~") && !got.empty() && got[0].starts_with("~")) {
    std::sort(got.begin() + 1, got.end());
    std::sort(want.begin() + 1, want.end());
  }
  for (std::string& line : got) line = Essence(line);
  for (std::string& line : want) line = Essence(line);
  return got == want;
}

}  // namespace

std::vector<TextCase> ReadCases(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<TextCase> cases;
  bool in_statement = false;
  bool in_answer = false;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    std::string_view line = text;
    if (TakePrefix("> ", &line)) {
      if (in_statement) {
        cases.back().statement += "\n" + std::string(line);
      } else {
        cases.push_back({.line = number, .statement = std::string(line)});
      }
      in_statement = true;
      in_answer = false;
      continue;
    }
    if (line.empty()) {
      in_answer = false;
    } else if (in_statement && !in_answer && TakePrefix("@", &line)) {
      cases.back().parameters.push_back(ParseParameter(line));
      continue;
    } else if (!line.starts_with("#") && (in_statement || in_answer)) {
      cases.back().answer.emplace_back(line);
      in_answer = true;
    } else if (line.starts_with("#")) {
      continue;
    }
    in_statement = false;
  }
  return cases;
}

std::vector<std::filesystem::path> CaseFiles(const std::filesystem::path& folder,
                                             const std::vector<std::string>& words) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".test") continue;
    const std::string name = entry.path().filename().string();
    const auto named = [&](const std::string& word) {
      return name.find(word) != std::string::npos;
    };
    if (words.empty() || std::any_of(words.begin(), words.end(), named)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Essence(const std::string& line) {
  if (!line.starts_with("ERROR ") || line.starts_with("ERROR OUT_OF_RANGE")) return line;
  return line.substr(0, line.find(' ', 6));
}

int RunCaseFiles(int argc, char** argv,
                 const std::function<void(const std::filesystem::path&)>& begin_file,
                 const std::function<std::vector<std::string>(const TextCase&)>& answer) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER [WORD…]\n";
    return 2;
  }
  int total = 0;
  int wrong = 0;
  for (const auto& path : CaseFiles(argv[1], {argv + 2, argv + argc})) {
    begin_file(path);
    for (const TextCase& test : ReadCases(path)) {
      ++total;
      const std::vector<std::string> got = answer(test);
      if (Agree(got, test.answer)) continue;
      ++wrong;
      std::cout << path.string() << ":" << test.line << ": " << test.statement << "\n  want\n"
                << Join(test.answer) << "  got\n"
                << Join(got);
    }
  }
  std::cout << total << " cases, " << wrong << " wrong\n";
  return wrong == 0 && total > 0 ? 0 : 1;
}

}  // namespace ks::sql
