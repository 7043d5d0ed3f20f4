// kafka-spanner test: pipelines against fixtures, without Kafka and without Spanner.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "pipeline/offline/fixture.h"

namespace ks::cli {
namespace {

namespace fs = std::filesystem;

struct TestOptions {
  std::string folder;
  std::string pipeline;
  bool update = false;
};

struct Verdict {
  std::string name;
  bool passed = false;
  std::string why;  // of one that did not pass: what differs
};

// The folder itself, or those in it; each has records or a pipeline file that is expected to be
// wrong.
std::vector<fs::path> FixturesIn(const fs::path& folder) {
  const auto is_fixture = [](const fs::path& path) {
    return fs::exists(path / "input.jsonl") || fs::exists(path / "expected.error");
  };
  std::error_code error;
  if (is_fixture(folder)) return {folder};
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory() && is_fixture(entry.path())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Verdict RunOne(const fs::path& folder, const TestOptions& options) {
  Verdict verdict{.name = folder.filename().empty() ? folder.parent_path().filename().string()
                                                    : folder.filename().string()};
  const auto answer = pipeline::RunFixture(folder.string(), options.pipeline);
  if (!answer.ok()) {
    verdict.why = StrCat(View(answer.status().message()), "\n");
    return verdict;
  }
  const fs::path rows = folder / "expected.rows";
  const fs::path error = folder / "expected.error";
  const fs::path& file = answer->is_error ? error : rows;
  if (options.update) {
    fs::remove(answer->is_error ? rows : error);
    std::ofstream(file, std::ios::binary) << answer->text;
    verdict.passed = true;
    return verdict;
  }
  if (!fs::exists(file)) {
    verdict.why = StrCat("there is no ", file.filename().string(),
                         "; --update writes what came out:\n", answer->text);
    return verdict;
  }
  verdict.why = pipeline::LineDiff(pipeline::ReadFile(file.string()), answer->text);
  verdict.passed = verdict.why.empty();
  return verdict;
}

void PrintJson(const std::vector<Verdict>& verdicts) {
  nlohmann::json list = nlohmann::json::array();
  for (const Verdict& each : verdicts)
    list.push_back({{"fixture", each.name}, {"passed", each.passed}, {"difference", each.why}});
  std::cout << list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void PrintText(const std::vector<Verdict>& verdicts, const TestOptions& options) {
  size_t passed = 0;
  for (const Verdict& each : verdicts) {
    passed += each.passed ? 1 : 0;
    if (options.update) std::cout << "written  " << each.name << "\n";
    if (!options.update) std::cout << (each.passed ? "ok      " : "FAILED  ") << each.name << "\n";
    std::cout << each.why;
  }
  std::cout << passed << " of " << verdicts.size() << (options.update ? " written" : " passed");
  std::cout << (passed < verdicts.size() ? "; `-` was expected, `+` came out\n" : "\n");
}

int RunTest(const TestOptions& options, const GlobalOptions& global) {
  const std::vector<fs::path> fixtures = FixturesIn(options.folder);
  if (fixtures.empty()) {
    return Fail(global, absl::InvalidArgumentError(
                            StrCat("no fixtures in ", options.folder,
                                   ": a fixture is a folder with pipeline.yaml and input.jsonl")));
  }
  std::vector<Verdict> verdicts;
  for (const fs::path& folder : fixtures) verdicts.push_back(RunOne(folder, options));
  if (global.json) {
    PrintJson(verdicts);
  } else {
    PrintText(verdicts, options);
  }
  const bool all = std::all_of(verdicts.begin(), verdicts.end(),
                               [](const Verdict& each) { return each.passed; });
  return all ? kExitOk : kExitCheckFailed;
}

}  // namespace

void AddTestCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand(
      "test", "run pipelines over recorded input and compare the rows: no Kafka, no Spanner");
  auto options = std::make_shared<TestOptions>();
  command->add_option("DIR", options->folder, "a fixture, or a folder of fixtures")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--pipeline", options->pipeline, "the pipeline file, if not in the fixture")
      ->check(CLI::ExistingFile);
  command->add_flag("--update", options->update, "write what comes out as what is expected");
  OnChosen(*command, global, [options, &global] { return RunTest(*options, global); });
}

}  // namespace ks::cli
