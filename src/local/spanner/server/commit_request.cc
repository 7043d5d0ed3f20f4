#include "local/spanner/server/commit_request.h"

#include "base/status_macros.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

namespace {

// google.spanner.v1.CommitRequest
constexpr uint32_t kSession = 1, kTransactionId = 2, kSingleUse = 3, kMutations = 4, kStats = 5,
                   kRequestOptions = 6, kDelay = 8, kPrecommitToken = 9;

// google.protobuf.Duration
absl::Status ParseDelay(std::string_view wire, int64_t* micros) {
  int64_t seconds = 0, nanos = 0;
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == 1) seconds = static_cast<int64_t>(field.number_value);
    if (field.number == 2) nanos = static_cast<int32_t>(field.number_value);
  }
  if (!reader.ok()) return errors::MalformedRequest("google.protobuf.Duration");
  constexpr int64_t kMost = limits::kCommitDelayMicrosMax / 1'000'000 + 1;
  if (seconds < 0 || nanos < 0 || seconds > kMost) return errors::CommitDelayOutOfRange();
  *micros = seconds * 1'000'000 + nanos / 1'000;
  return *micros > limits::kCommitDelayMicrosMax ? errors::CommitDelayOutOfRange()
                                                 : absl::OkStatus();
}

// google.spanner.v1.MultiplexedSessionPrecommitToken
absl::Status ParseToken(std::string_view wire, int32_t* seq_num) {
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == 2) *seq_num = static_cast<int32_t>(field.number_value);
  }
  return reader.ok()
             ? absl::OkStatus()
             : errors::MalformedRequest("google.spanner.v1.MultiplexedSessionPrecommitToken");
}

}  // namespace

absl::Status ParseCommitRequest(std::string_view bytes, CommitRequestView* request) {
  WireReader reader(bytes);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.number) {
      case kSession:
        request->session = field.bytes;
        break;
      case kTransactionId:
        request->transaction_id = field.bytes;
        request->single_use.reset();
        break;
      case kSingleUse:
        request->single_use = field.bytes;
        request->transaction_id.reset();
        break;
      case kMutations:
        request->mutations.push_back(field.bytes);
        break;
      case kStats:
        request->return_commit_stats = field.number_value != 0;
        break;
      case kRequestOptions:
        request->request_options = field.bytes;
        break;
      case kDelay:
        KS_RETURN_IF_ERROR(ParseDelay(field.bytes, &request->max_commit_delay_micros));
        break;
      case kPrecommitToken:
        KS_RETURN_IF_ERROR(ParseToken(field.bytes, &request->precommit_seq_num));
        break;
      default:
        break;
    }
  }
  return reader.ok() ? absl::OkStatus()
                     : errors::MalformedRequest("google.spanner.v1.CommitRequest");
}

}  // namespace ks::local
