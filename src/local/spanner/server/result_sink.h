// ResultSink: rows -> ResultSet or PartialResultSets, straight as wire bytes.
//
// A stream is cut into messages of about kPartialResultBytes at row boundaries; a value that is
// longer is cut into chunks itself (chunked_value). Every message that ends at a row boundary
// carries a resume token when the rows can be read again at the same timestamp. Merging the chunks
// gives back the values (result_sink_test.cc). Thread safety: one sink belongs to one call. Source:
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#partialresultset
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/storage/timestamp.h"
#include "sql/catalog.h"

namespace ks::local {

class MessageWriter;

// What comes beside the rows; messages in wire form, empty: left out.
struct ResultTrailer {
  std::string stats;            // ResultSetStats
  std::string precommit_token;  // MultiplexedSessionPrecommitToken
};

class ResultSink {
 public:
  virtual ~ResultSink() = default;
  // `metadata`: ResultSetMetadata. Called once, first.
  virtual absl::Status Begin(std::string metadata, std::vector<sql::TypeRef> types) = 0;
  virtual absl::Status Rows(const sql::RowBatch& batch) = 0;
  // What has been given goes out without waiting for more, where the answer is a stream.
  virtual absl::Status SendNow() { return absl::OkStatus(); }
  virtual absl::Status End(const ResultTrailer& trailer) = 0;
};

// google.spanner.v1.ResultSet into `out`. FAILED_PRECONDITION when it grows over kUnaryResultBytes.
class UnarySink : public ResultSink {
 public:
  explicit UnarySink(std::string* out) : out_(*out) {}
  absl::Status Begin(std::string metadata, std::vector<sql::TypeRef> types) override;
  absl::Status Rows(const sql::RowBatch& batch) override;
  absl::Status End(const ResultTrailer& trailer) override;

 private:
  std::string& out_;
  std::vector<sql::TypeRef> types_;
  std::string row_;
};

// Where a stream stands: rows sent before, at which timestamp they were read, and for which request
// (partition_token.h): the token is for the very same one.
struct ResumePoint {
  CommitTimestamp timestamp;
  uint64_t rows = 0;
  uint64_t request = 0;
};
std::string PrintResumeToken(const ResumePoint& point);
absl::StatusOr<ResumePoint> ParseResumeToken(std::string_view token);

class StreamSink : public ResultSink {
 public:
  struct Options {
    // Set: messages carry resume tokens for this timestamp, and rows before `skip_rows` are not
    // sent again.
    std::optional<CommitTimestamp> resumable_at;
    uint64_t skip_rows = 0;
    uint64_t request = 0;      // the fingerprint that the tokens carry
    size_t message_bytes = 0;  // 0: kPartialResultBytes
  };
  StreamSink(MessageWriter& writer, const Options& options);
  absl::Status Begin(std::string metadata, std::vector<sql::TypeRef> types) override;
  absl::Status Rows(const sql::RowBatch& batch) override;
  absl::Status SendNow() override;
  absl::Status End(const ResultTrailer& trailer) override;

 private:
  absl::Status AppendValueInChunks(sql::TypeRef type, const sql::Datum& datum);
  absl::Status AppendTextInChunks(std::string_view text);
  absl::Status AppendListInChunks(sql::TypeRef type, const sql::Datum& datum);
  // Where a message ends.
  enum class Cut : uint8_t { kRow, kValue, kInside };
  absl::Status Flush(Cut cut, const ResultTrailer* trailer);

  MessageWriter& writer_;
  const Options options_;
  const size_t message_bytes_;
  std::vector<sql::TypeRef> types_;
  std::string metadata_;  // until the first message
  std::string values_;    // fields `values` of the message being made
  uint64_t rows_ = 0;     // whole rows so far, also those skipped
};

}  // namespace ks::local
