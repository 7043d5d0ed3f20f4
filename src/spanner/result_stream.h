// Reading the rows of StreamingRead and ExecuteStreamingSql.
//
// RowAssembler puts values together that were cut over several PartialResultSets (`chunked_value`),
// and cuts the flat list of values into rows. StreamRows() drives it over a Stub and resumes a
// broken stream from its last resume token, so that the consumer sees each row once.
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#partialresultset Thread
// safety: a RowAssembler belongs to one thread; StreamRows may be called from any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "env/clock.h"
#include "spanner/stub.h"

namespace google::protobuf {
class ListValue;
class Value;
}  // namespace google::protobuf
namespace google::spanner::v1 {
class PartialResultSet;
class ResultSetMetadata;
class ResultSetStats;
}  // namespace google::spanner::v1

namespace ks::spanner {

class RowAssembler {
 public:
  RowAssembler();
  ~RowAssembler();

  // Takes the next part of the stream; complete rows go to the end of `rows`.
  absl::Status Add(google::spanner::v1::PartialResultSet&& part,
                   std::vector<google::protobuf::ListValue>* rows);
  // OK when the stream may end here: no value or row is half read.
  absl::Status Finish() const;
  // Drops what is half read (the stream is resumed from its last token).
  void Restart();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Appends the value `more`, which continues `whole`, to it: strings join, lists join at their ends.
absl::Status MergeChunk(google::protobuf::Value&& more, google::protobuf::Value* whole);

// What a consumer of rows provides. Called on gRPC's thread, one call at a time.
struct RowConsumer {
  // Once, before the first row.
  std::function<void(const google::spanner::v1::ResultSetMetadata&)> metadata;
  // Some rows, in order. Return false to end the stream.
  std::function<bool(std::vector<google::protobuf::ListValue>)> rows;
  // At most once, after the last row.
  std::function<void(const google::spanner::v1::ResultSetStats&)> stats;
  // Exactly once.
  std::function<void(absl::Status)> done;
};

// Serialized ReadRequest or ExecuteSqlRequest for a resume token (empty at first).
using RequestForToken = std::function<std::string(const std::string& resume_token)>;

// `resumable`: false inside a read-write transaction whose begin is inlined (a second begin would
// be another one).
void StreamRows(std::shared_ptr<Stub> stub, Method method, CallOptions options,
                RequestForToken request, bool resumable, env::Clock& clock, env::Random& random,
                RowConsumer consumer);

}  // namespace ks::spanner
