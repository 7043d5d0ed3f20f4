// Any text given as a pipeline file ends in a plan or in an error that names a place in it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "pipeline/plan.h"
#include "pipeline/spec.h"

using namespace ks::pipeline;

namespace {

absl::Status Read(const std::string& text) {
  const auto spec = ParsePipeline("pipeline.yaml", text);
  if (!spec.ok()) return spec.status();
  const auto plan = MakePlan(*spec, nullptr);
  if (plan.ok()) (void)PlanText(*plan);
  return plan.status();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::Status status = Read(std::string(reinterpret_cast<const char*>(data), size));
  if (status.ok()) return 0;
  int line = 0;
  int column = 0;
  const std::string text(status.message());
  if (std::sscanf(text.c_str(), "pipeline.yaml:%d:%d: ", &line, &column) != 2 || line < 1) {
    std::fprintf(stderr, "an error without a place: %s\n", text.c_str());
    std::abort();
  }
  return 0;
}
