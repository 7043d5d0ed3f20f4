// DDL statements -> schema changes: validated against the data, indexes filled, one version per
// statement.
//
// As Spanner does: statements are applied one after the other; when one fails those before it stay,
// those after it are not tried. A CREATE INDEX (or a constraint on existing rows) lets commits go
// on while it is filled. Thread safety: ApplyDdl may be called from any thread; calls on one
// database run one after the other. Source: https://cloud.google.com/spanner/docs/schema-updates
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "local/spanner/storage/timestamp.h"

namespace ks::local {

class Database;
class Schema;

// What an operation's metadata shows.
struct DdlProgress {
  size_t statement = 0;       // index of the statement this is about
  int percent = 0;            // of that statement
  CommitTimestamp started;    // wall clock
  CommitTimestamp committed;  // not zero: the statement is done, with this timestamp
};
// Called from ApplyDdl's thread; must not block for long.
using DdlObserver = std::function<void(const DdlProgress&)>;

// What ApplyDdl applies.
struct DdlBatch {
  std::vector<std::string> statements;
  std::string proto_descriptors;  // a serialized google.protobuf.FileDescriptorSet, or empty
};

// Parses and applies all, after the batches that came before: none sees another half done, so that
// IF NOT EXISTS is true of what it changes. INVALID_ARGUMENT before anything is done when one does
// not parse; then the first error of a statement (UNIMPLEMENTED where the local Spanner cannot do
// it).
absl::Status ApplyDdl(Database& database, const DdlBatch& batch, const DdlObserver& observer = {});

// Checks that the statements parse, without applying them.
absl::Status CheckDdlSyntax(absl::Span<const std::string> statements);

// GetDatabaseDdl: statements that make this schema, as Spanner prints them.
std::vector<std::string> PrintDdl(const Schema& schema);

}  // namespace ks::local
