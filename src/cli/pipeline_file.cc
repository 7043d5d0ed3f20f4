#include "cli/pipeline_file.h"

#include <fstream>
#include <sstream>

#include "base/str_cat.h"

namespace ks::cli {

absl::StatusOr<pipeline::PipelineSpec> ReadPipelineFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(StrCat("cannot read the pipeline file ", path));
  return pipeline::ParsePipeline(path, text.str());
}

}  // namespace ks::cli
