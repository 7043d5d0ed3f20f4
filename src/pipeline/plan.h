// Plan: a pipeline file analyzed and checked against its target; everything that running it needs
// to know.
//
// Made once, before the first record is read. All mistakes a record could make hundreds of times
// are found here: unknown columns, wrong types, missing NOT NULL columns, tables that are not
// there, primary keys that several chains could write. Errors are INVALID_ARGUMENT with file, line,
// column and a caret.
//
// A plan can also be made without a target (offline tests, `plan --ddl` before there is a database,
// a table that does not exist yet): then the tables are those that `plan --ddl` would create.
//
// Thread safety: immutable once made; shared by all threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/aggregate_plan.h"
#include "pipeline/mutation_writer.h"
#include "pipeline/spec.h"
#include "pipeline/target.h"
#include "sql/analyzer/analyzer.h"

namespace ks::pipeline {

// The columns that a record has for SQL: the key's, the value's that the key does not hide, and the
// metadata.
struct RecordColumns {
  enum Metadata : uint8_t {
    kTopic,
    kPartition,
    kOffset,
    kTimestamp,
    kKey,
    kHeaders,
    kMetadataCount
  };
  std::vector<sql::NamedColumn> columns;
  int key_columns = 0;  // columns [0, key_columns) are the key's
  std::vector<int>
      value_columns;  // by field of the value's schema: its column, or -1 where the key hides it
  int metadata = 0;   // the first metadata column

  int of(Metadata which) const { return metadata + which; }
};

struct PlannedAssert {
  const AssertSpec* spec = nullptr;
  sql::ResolvedExprPtr condition;
};

// How the primary key of a table hangs together with the Kafka key.
enum class Alignment : uint8_t {
  kExact,     // the primary key has the Kafka key in it: rows of one key are written by one chain
  kDerived,   // it is computed from the Kafka key, but two keys may give the same one
  kUnaligned  // it has something else in it: several chains may write one row
};

struct PlannedTable {
  const TableSpec* spec = nullptr;
  TargetTable target;               // snapshot, append: the table; aggregate: the table of partials
  bool exists = false;              // in the target
  std::vector<TargetColumn> added;  // by `evolve`, to what is there; in `target` already
  std::vector<TargetColumn> widened;  // likewise: of the type that they will have
  TableMode mode = TableMode::kSnapshot;
  sql::AnalyzedSelect select;

  // Snapshot and append. Mutations hold the primary key first, in its order, then the other columns
  // of the SELECT: outputs[i] is the SELECT's column that mutation column i takes.
  std::vector<int> outputs;
  std::vector<std::string> columns;
  std::vector<sql::TypeRef> types;
  int key_columns = 0;
  std::shared_ptr<const MutationShape> write;
  std::shared_ptr<const MutationShape> remove;
  uint32_t write_mutations = 0;  // of one row
  uint32_t delete_mutations = 0;

  // Expressions over the record's columns that give the primary key from the Kafka key alone; empty
  // when there are none, and then why.
  std::vector<const sql::ResolvedExpr*> tombstone_key;
  std::string no_tombstones;
  Alignment alignment = Alignment::kExact;

  std::optional<AggregatePlan> aggregate;  // kAggregate
};

struct PlannedSource {
  const SourceSpec* spec = nullptr;
  RecordColumns record;
  std::vector<PlannedAssert> asserts;
  std::vector<PlannedTable> tables;  // parents before their interleaved children
  // Where a table takes back what a row was before: the record's column `_before`, whose fields are
  // those of the value's schema, in its order; -1: none does.
  int before = -1;
  int operation = -1;          // then the column `_op`
  bool reads_headers = false;  // some SQL may read _headers, which costs every record
};

struct PlanWarning {
  std::string table;
  std::string text;
};

struct Plan {
  const PipelineSpec* spec = nullptr;
  std::vector<PlannedSource> sources;  // as in the spec
  std::vector<PlanWarning> warnings;
  std::vector<std::string>
      missing_ddl;  // what to run before the pipeline can: schema, tables, views; in order
  std::vector<std::string> missing;  // the names of what it creates
  bool only_evolves = false;         // nothing else is missing than what `evolve` may change
};

// `target` null: there is no database to compare with. `spec` outlives the plan.
absl::StatusOr<Plan> MakePlan(const PipelineSpec& spec, const TargetSchema* target);

// What the plan says, for people; and as one JSON document.
std::string PlanText(const Plan& plan);
std::string PlanJson(const Plan& plan);

}  // namespace ks::pipeline
