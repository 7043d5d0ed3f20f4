#include "pipeline/checkpoint.h"

namespace ks::pipeline {
namespace {

constexpr DdlStatement kStatements[] = {
    {"kafka_spanner", "CREATE SCHEMA kafka_spanner"},
    {"kafka_spanner.Partitions",
     R"sql(CREATE TABLE kafka_spanner.Partitions (
  Pipeline STRING(128) NOT NULL,
  Topic STRING(249) NOT NULL,
  KafkaPartition INT64 NOT NULL,
  Generation INT64 NOT NULL,
  Lanes INT64 NOT NULL,
  TopicId STRING(36),
  ChangedAt TIMESTAMP NOT NULL OPTIONS (allow_commit_timestamp = true)
) PRIMARY KEY (Pipeline, Topic, KafkaPartition))sql"},
    {"kafka_spanner.Checkpoints",
     R"sql(CREATE TABLE kafka_spanner.Checkpoints (
  Pipeline STRING(128) NOT NULL,
  Topic STRING(249) NOT NULL,
  KafkaPartition INT64 NOT NULL,
  Generation INT64 NOT NULL,
  Lane INT64 NOT NULL,
  StartOffset INT64 NOT NULL,
  EndOffset INT64 NOT NULL,
  Writer STRING(64) NOT NULL,
  Batch STRING(36) NOT NULL,
  Records INT64 NOT NULL,
  LastTimestamp TIMESTAMP,
  CommittedAt TIMESTAMP NOT NULL OPTIONS (allow_commit_timestamp = true)
) PRIMARY KEY (Pipeline, Topic, KafkaPartition, Generation, Lane, StartOffset),
  INTERLEAVE IN PARENT kafka_spanner.Partitions ON DELETE CASCADE)sql"},
    // Not interleaved: a dead letter outlives the pipeline's position.
    {"kafka_spanner.DeadLetters",
     R"sql(CREATE TABLE kafka_spanner.DeadLetters (
  Pipeline STRING(128) NOT NULL,
  Topic STRING(249) NOT NULL,
  KafkaPartition INT64 NOT NULL,
  KafkaOffset INT64 NOT NULL,
  RecordTimestamp TIMESTAMP,
  RecordKey BYTES(MAX),
  RecordValue BYTES(MAX),
  Headers JSON,
  Stage STRING(32) NOT NULL,
  Reason STRING(MAX) NOT NULL,
  FailedAt TIMESTAMP NOT NULL OPTIONS (allow_commit_timestamp = true)
) PRIMARY KEY (Pipeline, Topic, KafkaPartition, KafkaOffset))sql"},
    {"kafka_spanner.Freshness",
     R"sql(CREATE VIEW kafka_spanner.Freshness SQL SECURITY INVOKER AS
SELECT
  lane.Pipeline AS Pipeline,
  lane.Topic AS Topic,
  lane.KafkaPartition AS KafkaPartition,
  MIN(lane.EndOffset) AS CompleteOffset,
  MIN(lane.LastTimestamp) AS CompleteTimestamp,
  MAX(lane.CommittedAt) AS CommittedAt
FROM (
  SELECT
    c.Pipeline AS Pipeline,
    c.Topic AS Topic,
    c.KafkaPartition AS KafkaPartition,
    c.Lane AS Lane,
    MAX(c.EndOffset) AS EndOffset,
    MAX(c.LastTimestamp) AS LastTimestamp,
    MAX(c.CommittedAt) AS CommittedAt
  FROM kafka_spanner.Checkpoints AS c
  JOIN kafka_spanner.Partitions AS p
    ON p.Pipeline = c.Pipeline AND p.Topic = c.Topic
    AND p.KafkaPartition = c.KafkaPartition AND p.Generation = c.Generation
  GROUP BY c.Pipeline, c.Topic, c.KafkaPartition, c.Lane
) AS lane
GROUP BY lane.Pipeline, lane.Topic, lane.KafkaPartition)sql"},
};

}  // namespace

absl::Span<const DdlStatement> CheckpointDdl() { return kStatements; }

}  // namespace ks::pipeline
