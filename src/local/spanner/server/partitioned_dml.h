// Partitioned DML: a statement over all rows it matches, committed by itself, outside of any
// transaction.
//
// Spanner splits it over many; here it is one read-write transaction, tried again when it is
// aborted. The count is a lower bound, as in Spanner. Thread safety: a free function. Source:
// https://cloud.google.com/spanner/docs/dml-partitioned
#pragma once

#include "absl/status/status.h"

namespace google::spanner::v1 {
class ExecuteSqlRequest;
}

namespace ks::local {

class Call;
class ReadScope;
class ResultSink;

absl::Status RunPartitionedDml(Call& call, ReadScope& scope,
                               const google::spanner::v1::ExecuteSqlRequest& request,
                               ResultSink& sink);

}  // namespace ks::local
