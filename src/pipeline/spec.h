// PipelineSpec: what a pipeline file says, read and checked as far as a file alone can be.
//
// The form of the file is docs/guide/pipeline-file.md. Types of the SELECTs, the target's columns
// and the topics' existence are checked later (plan.h), with positions kept here for their errors.
// Invariants after ParsePipeline: names are not empty and not repeated; every type is not null;
// every number is in range; at least one source and one table; a table's `from` names a source or
// is empty when there is only one; columns that come from a schema elsewhere are there after
// ResolveSchemas (spec_schemas.h). Thread safety: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/avro_schema.h"
#include "formats/decoder.h"
#include "formats/protobuf_schema.h"
#include "formats/registry.h"
#include "formats/schema_store.h"
#include "identity/kafka_security.h"
#include "identity/secret_reference.h"
#include "pipeline/audit_spec.h"
#include "pipeline/limits.h"
#include "pipeline/source_text.h"
#include "sql/types/type.h"

namespace ks::pipeline {

// What happens to a record that cannot be written as it is.
enum class Policy : uint8_t { kDeadLetter, kSkip, kStop };
// What happens to a record whose schema does not fit the columns. kIgnoreNewFields: a field of
// another type is a new field, which is ignored, and the column NULL; where the column is NOT NULL
// the record is an error as any other.
enum class SchemaChange : uint8_t { kStop, kDeadLetter, kIgnoreNewFields };
enum class StartAt : uint8_t { kEarliest, kLatest, kTimestamp };
enum class Format : uint8_t {
  kNone,
  kJson,
  kString,
  kBytes,
  kInt64,
  kFloat64,
  kCsv,
  kCloudEvents,
  kAvro,
  kProtobuf,
  kDebezium
};
enum class TableMode : uint8_t { kSnapshot, kAppend, kAggregate };
enum class Tombstones : uint8_t { kDelete, kIgnore, kDeadLetter };
// What an aggregate over change events is about: the rows as they are, so that a change takes back
// what the row was before; or each event for itself.
enum class Over : uint8_t { kRows, kChanges };
enum class Merge : uint8_t { kPartials, kTransaction };

std::string_view FormatName(Format format);
// Whether messages hold several fields, by name or position, and not one value.
bool HasFields(Format format);
std::string_view ModeName(TableMode mode);
std::string_view PolicyName(Policy policy);

// Text of SQL and where it stands.
struct SqlText {
  std::string text;
  FilePosition position;  // of the YAML scalar
};

// How the bytes of a key or a value become columns.
struct PartSpec {
  Format format = Format::kNone;  // kNone (keys only): the key has no columns
  formats::Schema columns;
  formats::CsvOptions csv;  // kCsv
  // Where the schema of messages lies: neither, a file (relative to the pipeline's), or a registry.
  std::string schema_file;
  std::string message;  // kProtobuf: the full name of the messages' type; empty: the only one
  formats::RegistrySettings registry;
  FilePosition schema_position;
  // What ResolveSchemas() found there.
  std::shared_ptr<const formats::AvroSchema> avro;
  std::shared_ptr<const formats::ProtobufSchema> protobuf;
  std::shared_ptr<formats::SchemaStore> store;
  SchemaChange on_schema_change = SchemaChange::kStop;
  FilePosition position;
};

struct SourceSpec {
  std::string name;  // what SELECTs say after FROM
  std::string brokers;
  std::vector<std::string> topics;
  StartAt start = StartAt::kEarliest;
  int64_t start_timestamp_ms = 0;  // kTimestamp
  int lanes = 1;
  bool continue_on_data_loss = false;
  identity::KafkaSecurity security;
  std::map<std::string, std::string> properties;  // librdkafka's, passed through
  PartSpec key;
  PartSpec value;
  FilePosition position;
};

// What a pipeline may change of tables that are there.
enum class Evolve : uint8_t { kNever, kAddColumns };

struct TargetSpec {
  std::string database;  // projects/…/instances/…/databases/…
  std::string role;
  std::string endpoint;  // host:port; empty: Google's, or SPANNER_EMULATOR_HOST
  Evolve evolve = Evolve::kNever;
  FilePosition position;
};

struct AssertSpec {
  SqlText check;
  Policy otherwise = Policy::kDeadLetter;
  std::string message;  // what the dead letter's reason says; empty: the check itself
  std::string from;     // the source it is for; empty: every source that has its columns
};

struct TableSpec {
  std::string name;  // with its schema, if it has one
  SqlText select;
  std::optional<TableMode> mode;         // as written; without: by GROUP BY
  std::string order_by;                  // a column of the SELECT; empty: none
  std::optional<Tombstones> tombstones;  // as written; without: delete, where the key allows it
  std::optional<Over> over;              // as written; without: rows, where there are change events
  Merge merge = Merge::kPartials;
  FilePosition position;
  FilePosition order_by_position;
};

struct BatchLimitsSpec {
  int64_t records = kBatchRecordsDefault;
  int64_t bytes = kBatchBytesDefault;
  int64_t mutations = kBatchMutationsDefault;
};

// More dead letters of one partition than `max`, and than a tenth of its records, within
// `window_ms` stop the pipeline. A `max` of 0: the first one does.
struct BreakerSpec {
  int64_t max = kDeadLettersMaxDefault;
  int64_t window_ms = kDeadLettersWindowMsDefault;
};

struct PipelineSpec {
  std::string name;
  std::vector<SourceSpec> sources;
  TargetSpec target;
  std::vector<AssertSpec> asserts;
  std::vector<TableSpec> tables;
  Policy on_error = Policy::kDeadLetter;  // a record that cannot be decoded, evaluated or stored
  BatchLimitsSpec batch;
  int64_t memory_bytes = kMemoryBytesDefault;
  BreakerSpec breaker;
  std::optional<AuditSpec> audit;
  std::shared_ptr<const SourceText> file;  // for errors found later
};

// Reads a pipeline file. Errors are INVALID_ARGUMENT in the form of SourceText::Error.
absl::StatusOr<PipelineSpec> ParsePipeline(std::string file_name, std::string text);

// A GoogleSQL type with an optional NOT NULL, as in a schema: `STRING(36) NOT NULL`,
// `ARRAY<STRUCT<a INT64, b DATE>>`.
// The error's text says what was expected; *error_offset is where.
absl::StatusOr<formats::Field> ParseFieldType(std::string_view text, size_t* error_offset);

}  // namespace ks::pipeline
