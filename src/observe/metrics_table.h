// The table of all metrics. To add one: a MetricId and a row here, and write docs/guide/metrics.md
// anew.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::observe {

enum class MetricId : uint8_t {
  kRecords,
  kRecordBytes,
  kRows,
  kDeadLetters,
  kSkipped,
  kCommits,
  kCommitRetries,
  kFenced,
  kCommitSeconds,
  kBatchRecords,
  kLagRecords,
  kLagSeconds,
  kCommittedOffset,
  kCredentialSince,
  kCredentialExpires,
  kCredentialFailures,
  kConnectionLogDropped,
  kTraceSpansDropped,
};
inline constexpr size_t kMetricCount = static_cast<size_t>(MetricId::kTraceSpansDropped) + 1;

enum class MetricKind : uint8_t { kCounter, kGauge, kHistogram };
enum class Buckets : uint8_t { kNone, kLatency, kSize };
// Whose a series is, which says its labels: pipeline, topic and partition; or credential; or none.
enum class Scope : uint8_t { kPartition, kCredential, kProcess };

struct MetricInfo {
  MetricId id;
  MetricKind kind;
  Buckets buckets;
  const char* name;
  const char* help;
  Scope scope = Scope::kPartition;
};

inline constexpr MetricInfo kMetrics[] = {
    {MetricId::kRecords, MetricKind::kCounter, Buckets::kNone, "kafka_spanner_records_total",
     "Records that are committed to Spanner, those that a filter left out included."},
    {MetricId::kRecordBytes, MetricKind::kCounter, Buckets::kNone,
     "kafka_spanner_record_bytes_total",
     "Bytes of keys and values of the records read from Kafka."},
    {MetricId::kRows, MetricKind::kCounter, Buckets::kNone, "kafka_spanner_rows_total",
     "Rows written or deleted by the transformation, before those of one batch with the same key "
     "are folded."},
    {MetricId::kDeadLetters, MetricKind::kCounter, Buckets::kNone,
     "kafka_spanner_dead_letters_total",
     "Records that were set aside in kafka_spanner.DeadLetters."},
    {MetricId::kSkipped, MetricKind::kCounter, Buckets::kNone, "kafka_spanner_skipped_total",
     "Records left out because an assertion said `else: skip`."},
    {MetricId::kCommits, MetricKind::kCounter, Buckets::kNone, "kafka_spanner_commits_total",
     "Commits that Spanner acknowledged."},
    {MetricId::kCommitRetries, MetricKind::kCounter, Buckets::kNone,
     "kafka_spanner_commit_retries_total",
     "Answers to Commit that were failed or unclear and had to be resolved."},
    {MetricId::kFenced, MetricKind::kCounter, Buckets::kNone, "kafka_spanner_fenced_total",
     "Times that a partition was given up because another worker had moved its chains."},
    {MetricId::kCommitSeconds, MetricKind::kHistogram, Buckets::kLatency,
     "kafka_spanner_commit_seconds", "Time from sending a Commit to its answer."},
    {MetricId::kBatchRecords, MetricKind::kHistogram, Buckets::kSize, "kafka_spanner_batch_records",
     "Records per commit."},
    {MetricId::kLagRecords, MetricKind::kGauge, Buckets::kNone, "kafka_spanner_lag_records",
     "Offsets between what is committed to Spanner and the end of the partition."},
    {MetricId::kLagSeconds, MetricKind::kGauge, Buckets::kNone, "kafka_spanner_lag_seconds",
     "Age of the oldest record that was read and is not committed; where records wait that cannot "
     "even be read, for how long that is known; 0 when nothing waits. Page on this."},
    {MetricId::kCommittedOffset, MetricKind::kGauge, Buckets::kNone,
     "kafka_spanner_committed_offset", "Everything below this offset is in Spanner."},
    // Times and not ages: what stands still stays true.
    {MetricId::kCredentialSince, MetricKind::kGauge, Buckets::kNone,
     "kafka_spanner_credential_since_timestamp_seconds",
     "Since when this version of the credential is in use; its age is `time()` less this.",
     Scope::kCredential},
    {MetricId::kCredentialExpires, MetricKind::kGauge, Buckets::kNone,
     "kafka_spanner_credential_expires_timestamp_seconds",
     "When the token or the certificate in use expires; +Inf for what does not.",
     Scope::kCredential},
    {MetricId::kCredentialFailures, MetricKind::kCounter, Buckets::kNone,
     "kafka_spanner_credential_failures_total",
     "Renewals that failed, and new versions that were refused; what was in use stays in use.",
     Scope::kCredential},
    {MetricId::kConnectionLogDropped, MetricKind::kCounter, Buckets::kNone,
     "kafka_spanner_connection_log_dropped_total",
     "Entries of the connection log that could not be written to its file, or did not get into its "
     "topic; not there without `--connection-log` or `--connection-log-topic`.",
     Scope::kProcess},
    {MetricId::kTraceSpansDropped, MetricKind::kCounter, Buckets::kNone,
     "kafka_spanner_trace_spans_dropped_total",
     "Spans of traces that the receiver did not take in time; not there without "
     "`OTEL_EXPORTER_OTLP_ENDPOINT`.",
     Scope::kProcess},
};

}  // namespace ks::observe
