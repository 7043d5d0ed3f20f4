// The larger sections of a pipeline file, for spec.cc and audit_spec.cc alone.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "identity/kafka_security.h"
#include "pipeline/kafka_topic.h"
#include "pipeline/spec.h"
#include "pipeline/yaml_reader.h"

namespace ks::pipeline {

// `from:`, with the settings that a `kafka:` section at the top (or null) gives all sources.
absl::Status ReadSources(const SourceText& file, const ObjectReader::Entry* shared,
                         const ObjectReader::Entry& from, std::vector<SourceSpec>* sources);

// `kafka:` at `path`: one topic.
absl::StatusOr<KafkaTopic> ReadKafkaTopic(const SourceText& file, std::string_view path,
                                          const ObjectReader::Entry& entry);

// `key:` or `value:` of the source at `path`.
absl::Status ReadPart(const SourceText& file, std::string_view path,
                      const ObjectReader::Entry& entry, bool is_key, PartSpec* part);

// `tls:` and `sasl:` among the settings of a Kafka connection. Leaves alone what is not there.
void ReadKafkaSecurity(const SourceText& file, ObjectReader* reader,
                       identity::KafkaSecurity* security);

// `oauth:` of a connection over HTTP, at `path`.
absl::Status ReadOauthSection(const SourceText& file, const std::string& path,
                              const ObjectReader::Entry& entry, identity::OauthSettings* oauth);

// The field of a pipeline file that stands for a property of librdkafka's; empty: there is none.
std::string_view FieldOfProperty(std::string_view property);

}  // namespace ks::pipeline
