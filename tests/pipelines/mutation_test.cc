// Pipeline files with mistakes that people and editors make, from a seed: none may crash the
// program, and each error must name a place that is there, as `FILE:LINE:COLUMN: what` with the
// line and a caret under it.
//
//   ks_pipeline_mutations                 5,000 files
//   ks_pipeline_mutations --seed N        that one: the file and what is said of it
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "pipeline/offline/fixture.h"
#include "pipeline/offline/target_from_ddl.h"
#include "pipeline/plan.h"
#include "pipeline/record_writer.h"
#include "pipeline/spec.h"

namespace ks::pipeline {
namespace {

constexpr uint64_t kFiles = 5000;

struct Original {
  std::string folder;
  std::string text;
  std::string ddl;
};

std::vector<Original> Originals() {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator("tests/pipelines")) {
    if (std::filesystem::exists(entry.path() / "pipeline.yaml")) {
      folders.push_back(entry.path().string());
    }
  }
  std::sort(folders.begin(), folders.end());
  std::vector<Original> originals;
  for (const std::string& folder : folders) {
    originals.push_back(
        {folder, ReadFile(folder + "/pipeline.yaml"), ReadFile(folder + "/target.sql")});
  }
  return originals;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) StrAppend(&text, i == 0 ? "" : "\n", lines[i]);
  return text;
}

const char* const kScalars[] = {"",
                                "null",
                                "~",
                                "true",
                                "-1",
                                "0",
                                "1e999",
                                "[]",
                                "{}",
                                "[a, b]",
                                "''",
                                "{a: b}",
                                "\"\"",
                                "*x",
                                "&x",
                                "!!binary x",
                                "99999999999999999999",
                                "- x",
                                "? x",
                                "|",
                                ">",
                                "\t",
                                "\xFF\xFE",
                                "json",
                                "INT64",
                                "ARRAY<",
                                "SELECT",
                                "SELECT 1 AS A FROM x",
                                "(SELECT",
                                "GROUP BY 1",
                                "'",
                                "é"};

// One mistake.
std::string Mutate(const std::string& text, env::Random& random) {
  std::vector<std::string> lines = LinesOf(text);
  const auto any = [&](size_t size) { return static_cast<size_t>(random.Below(size)); };
  std::string& line = lines[any(lines.size())];
  const std::string scalar = kScalars[any(std::size(kScalars))];
  switch (random.Below(12)) {
    case 0:  // a letter is missing
      if (!line.empty()) line.erase(any(line.size()), 1);
      break;
    case 1:  // two letters changed places
      if (line.size() > 1) {
        const size_t at = any(line.size() - 1);
        std::swap(line[at], line[at + 1]);
      }
      break;
    case 2:  // a letter too many
      line.insert(any(line.size() + 1), 1, "\t{}[]:,'\"#&*!|>%@`-\\x0 "[any(22)]);
      break;
    case 3:
      lines.erase(lines.begin() + static_cast<long>(any(lines.size())));
      break;
    case 4:
      lines.insert(lines.begin() + static_cast<long>(any(lines.size())), line);
      break;
    case 5:
      std::swap(line, lines[any(lines.size())]);
      break;
    case 6:
      line.insert(0, 1 + any(3), ' ');
      break;
    case 7:
      if (line.starts_with(" ")) line.erase(0, 1);
      break;
    case 8: {  // another value
      const size_t colon = line.find(": ");
      if (colon != std::string::npos) line = line.substr(0, colon + 2) + scalar;
      break;
    }
    case 9:  // the rest is missing
      return text.substr(0, any(text.size() + 1));
    case 10:
      line += scalar;
      break;
    case 11:  // bytes that no editor writes
      line.insert(any(line.size() + 1), std::string(1 + any(3), static_cast<char>(any(256))));
      break;
  }
  return Joined(lines);
}

struct Mutant {
  std::string folder;
  std::string text;
  std::string ddl;
};

Mutant MakeMutant(uint64_t seed) {
  static const auto* const originals = new std::vector<Original>(Originals());
  env::SimRandom random(seed);
  const Original& original = (*originals)[random.Below(originals->size())];
  std::string text = original.text;
  for (uint64_t mistakes = 1 + random.Below(2); mistakes > 0; --mistakes) {
    text = Mutate(text, random);
  }
  return {original.folder, std::move(text), original.ddl};
}

absl::Status Check(const Mutant& mutant) {
  auto spec = ParsePipeline("pipeline.yaml", mutant.text);
  if (!spec.ok()) return spec.status();
  KS_RETURN_IF_ERROR(ResolveFixtureSchemas(mutant.folder, &*spec));
  const auto target = TargetFromDdl(mutant.ddl);
  const auto plan = MakePlan(*spec, mutant.ddl.empty() || !target.ok() ? nullptr : &*target);
  if (!plan.ok()) return plan.status();
  for (size_t source = 0; source < plan->sources.size(); ++source) {
    const auto writer = RecordWriter::Create(*plan, source, "t", 0);
    if (!writer.ok()) return writer.status();
  }
  return absl::OkStatus();
}

// What is wrong with an error's form, or nothing.
std::string WrongForm(const absl::Status& status, const std::string& file) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return "another code";
  const std::string text(status.message());
  int line = 0;
  int column = 0;
  int read = 0;
  if (std::sscanf(text.c_str(), "pipeline.yaml:%d:%d: %n", &line, &column, &read) != 2 ||
      read == 0) {
    return "no place";
  }
  const std::vector<std::string> lines = LinesOf(file);
  if (line < 1 || static_cast<size_t>(line) > lines.size()) return "a line that is not there";
  if (static_cast<size_t>(column) > lines[static_cast<size_t>(line - 1)].size() + 2) {
    return "a column that is not there";
  }
  const std::vector<std::string> said = LinesOf(text);
  if (said[0].size() <= static_cast<size_t>(read)) return "no words";
  if (said.size() < 3 || said[1].find(" | ") == std::string::npos ||
      said[2].find('^') == std::string::npos) {
    return "no excerpt with a caret";
  }
  return "";
}

TEST(MutatedPipelines, EveryMistakeIsShownAtItsPlace) {
  uint64_t refused = 0;
  for (uint64_t seed = 1; seed <= kFiles; ++seed) {
    const Mutant mutant = MakeMutant(seed);
    const absl::Status status = Check(mutant);
    if (status.ok()) continue;
    ++refused;
    EXPECT_EQ(WrongForm(status, mutant.text), "") << "ks_pipeline_mutations --seed " << seed << "\n"
                                                  << status.message();
  }
  EXPECT_GT(refused, kFiles / 4);  // they are mistakes
}

}  // namespace

int ShowMutant(uint64_t seed) {
  const Mutant mutant = MakeMutant(seed);
  std::printf("%s\n----\n", mutant.text.c_str());
  std::fflush(stdout);
  std::printf("%s\n", Check(mutant).ToString().c_str());
  return 0;
}

}  // namespace ks::pipeline

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 3 && std::strcmp(argv[1], "--seed") == 0) {
    return ks::pipeline::ShowMutant(std::strtoull(argv[2], nullptr, 10));
  }
  return RUN_ALL_TESTS();
}
