// Runs every case under tests/pipelines; `--update` writes what came out as what is expected.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pipeline/offline/fixture.h"

namespace ks::pipeline {
namespace {

bool update = false;

class GoldenTest : public testing::Test {
 public:
  explicit GoldenTest(std::string folder) : folder_(std::move(folder)) {}

  void TestBody() override {
    const auto answer = RunFixture(folder_);
    ASSERT_TRUE(answer.ok()) << answer.status();
    const std::string& actual = answer->text;
    const std::string path = folder_ + (answer->is_error ? "/expected.error" : "/expected.rows");
    if (update) {
      std::ofstream(path, std::ios::binary) << actual;
      return;
    }
    EXPECT_EQ(actual, ReadFile(path)) << "see " << path << "; renew with --update";
  }

 private:
  const std::string folder_;
};

void RegisterCases(const std::string& root) {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (std::filesystem::exists(entry.path() / "pipeline.yaml"))
      folders.push_back(entry.path().string());
  }
  std::sort(folders.begin(), folders.end());
  for (const std::string& folder : folders) {
    const std::string name = std::filesystem::path(folder).filename().string();
    testing::RegisterTest("Pipelines", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [folder]() -> testing::Test* { return new GoldenTest(folder); });
  }
}

}  // namespace
}  // namespace ks::pipeline

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i)
    ks::pipeline::update = ks::pipeline::update || std::strcmp(argv[i], "--update") == 0;
  ks::pipeline::RegisterCases("tests/pipelines");
  return RUN_ALL_TESTS();
}
