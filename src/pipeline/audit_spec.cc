#include "pipeline/audit_spec.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/object_store.h"
#include "pipeline/errors.h"
#include "pipeline/spec_sections.h"

namespace ks::pipeline {

absl::StatusOr<AuditSpec> ReadAudit(const SourceText& file, const ObjectReader::Entry& entry) {
  AuditSpec audit;
  ObjectReader reader(file, entry.value, "audit", entry.position);
  reader.Secret("key", &audit.key, ObjectReader::kRequired);
  reader.Text("checkpoints", &audit.checkpoints);
  const ObjectReader::Entry* checkpoints = reader.Find("checkpoints");
  const ObjectReader::Entry* kafka = reader.Find("kafka");
  KS_RETURN_IF_ERROR(reader.Finish());
  if (identity::IsBucketPlace(audit.checkpoints)) {
    const absl::Status place = identity::ParseBucketPlace(audit.checkpoints).status();
    if (!place.ok()) return file.Error(checkpoints->position, View(place.message()));
  }
  if (kafka != nullptr) {
    KS_ASSIGN_OR_RETURN(audit.topic, ReadKafkaTopic(file, "audit.kafka", *kafka));
  }
  if (audit.checkpoints.empty() && !audit.topic)
    return file.Error(entry.position, MissingRequired("audit", "checkpoints` or `kafka"));
  return audit;
}

}  // namespace ks::pipeline
