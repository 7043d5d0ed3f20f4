// Reads a pipeline file from disk, and the schemas it leaves to other files and to registries;
// errors name file, line and column. Connects to where it writes. The file of
// --connection-log-topic too, which is written in the same way.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cli/connect.h"
#include "identity/connection_log.h"
#include "kafka/connection_log_topic.h"
#include "pipeline/spec.h"

namespace ks::cli {

// `log`, where not null, is told of requests to registries, for as long as the process lives.
absl::StatusOr<pipeline::PipelineSpec> ReadPipelineFile(const std::string& path,
                                                        identity::ConnectionLog* log);

// The same of a file's text; `path` says where it lies, or would.
absl::StatusOr<pipeline::PipelineSpec> ParsePipelineFile(const std::string& path, std::string text,
                                                         identity::ConnectionLog* log);

// A registry that asks for no login.
absl::StatusOr<std::shared_ptr<formats::SchemaStore>> OpenRegistryAt(const std::string& url,
                                                                     identity::ConnectionLog* log);

// A pipeline file and the database it writes to, which is first asked when it is used.
struct OpenedPipeline {
  pipeline::PipelineSpec spec;
  Connection connection;
};
// `endpoint` as for TargetOf.
absl::StatusOr<OpenedPipeline> OpenPipeline(const std::string& path, const std::string& endpoint,
                                            identity::ConnectionLog* log);

// A file that says nothing but which topic, and how to reach it.
absl::StatusOr<pipeline::KafkaTopic> ReadTopicFile(const std::string& path);
// Where the file of --connection-log-topic says that the connection log goes.
absl::StatusOr<kafka::LogTopicOptions> ReadLogTopicFile(const std::string& path);

}  // namespace ks::cli
