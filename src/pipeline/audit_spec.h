// `audit:` of a pipeline file and of serve's: the key that signs the record of governed actions
// (governance/audit), and where its checkpoints go, outside of the database. Invariant of what is
// read: there is one place at least. Thread safety: plain data.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "identity/secret_reference.h"
#include "pipeline/kafka_topic.h"
#include "pipeline/source_text.h"
#include "pipeline/yaml_reader.h"

namespace ks::pipeline {

struct AuditSpec {
  identity::SecretReference key;    // an Ed25519 private key in PEM form
  std::string checkpoints;          // the file that they are appended to; empty: none
  std::optional<KafkaTopic> topic;  // that they are sent to
};

absl::StatusOr<AuditSpec> ReadAudit(const SourceText& file, const ObjectReader::Entry& entry);

}  // namespace ks::pipeline
