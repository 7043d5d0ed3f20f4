#include "cli/pipeline_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/pipeline_process.h"
#include "identity/services.h"
#include "pipeline/errors.h"
#include "pipeline/kafka_topic.h"
#include "pipeline/spec_schemas.h"

namespace ks::cli {
namespace {

// False: it cannot be read.
bool ReadFileText(const std::filesystem::path& path, std::string* text) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  *text = content.str();
  return static_cast<bool>(file);
}

// Files beside the pipeline's, registries over HTTP.
class RealSchemaDoor : public pipeline::SchemaDoor {
 public:
  RealSchemaDoor(const std::string& pipeline_file, identity::ConnectionLog* log)
      : folder_(std::filesystem::path(pipeline_file).parent_path()), log_(log) {}

  absl::StatusOr<std::string> ReadFile(const std::string& path) override {
    std::string text;
    if (!ReadFileText(folder_ / path, &text)) return pipeline::NoReadableFile(path);
    return text;
  }

  absl::StatusOr<std::shared_ptr<formats::SchemaStore>> OpenRegistry(
      const formats::RegistrySettings& settings) override {
    // One for all pipelines of the process, since their stores live as long as it does.
    static auto* const services = new identity::Services({.log = log_});
    return formats::MakeRegistry(settings,
                                 {&services->http(), &services->secrets(), &services->clock()});
  }

 private:
  const std::filesystem::path folder_;
  identity::ConnectionLog* const log_;
};

}  // namespace

absl::StatusOr<pipeline::PipelineSpec> ReadPipelineFile(const std::string& path,
                                                        identity::ConnectionLog* log) {
  std::string text;
  if (!ReadFileText(path, &text))
    return absl::NotFoundError(StrCat("cannot read the pipeline file ", path));
  return ParsePipelineFile(path, std::move(text), log);
}

absl::StatusOr<pipeline::PipelineSpec> ParsePipelineFile(const std::string& path, std::string text,
                                                         identity::ConnectionLog* log) {
  KS_ASSIGN_OR_RETURN(pipeline::PipelineSpec spec, pipeline::ParsePipeline(path, std::move(text)));
  RealSchemaDoor door(path, log);
  KS_RETURN_IF_ERROR(pipeline::ResolveSchemas(door, &spec));
  return spec;
}

absl::StatusOr<std::shared_ptr<formats::SchemaStore>> OpenRegistryAt(const std::string& url,
                                                                     identity::ConnectionLog* log) {
  return RealSchemaDoor("", log).OpenRegistry({.url = url});
}

absl::StatusOr<OpenedPipeline> OpenPipeline(const std::string& path, const std::string& endpoint,
                                            identity::ConnectionLog* log) {
  OpenedPipeline opened;
  KS_ASSIGN_OR_RETURN(opened.spec, ReadPipelineFile(path, log));
  KS_ASSIGN_OR_RETURN(opened.connection, Connect(TargetOf(opened.spec, endpoint, log)));
  return opened;
}

absl::StatusOr<pipeline::KafkaTopic> ReadTopicFile(const std::string& path) {
  std::string text;
  if (!ReadFileText(path, &text)) return pipeline::NoReadableFile(path);
  return pipeline::ParseKafkaTopic(path, std::move(text));
}

absl::StatusOr<kafka::LogTopicOptions> ReadLogTopicFile(const std::string& path) {
  KS_ASSIGN_OR_RETURN(pipeline::KafkaTopic to, ReadTopicFile(path));
  return kafka::LogTopicOptions{.brokers = std::move(to.brokers),
                                .topic = std::move(to.topic),
                                .key = WriterName(),
                                .security = std::move(to.security),
                                .properties = {to.properties.begin(), to.properties.end()}};
}

}  // namespace ks::cli
