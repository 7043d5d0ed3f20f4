#include "spanner/result_stream.h"

#include <google/spanner/v1/result_set.pb.h>

#include "base/status_macros.h"
#include "spanner/errors.h"
#include "spanner/limits.h"
#include "spanner/retry_stub.h"
#include "spanner/wire.h"

namespace ks::spanner {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Value;
using google::spanner::v1::PartialResultSet;

absl::Status CannotMerge() {
  return absl::InternalError("a chunked value continues with a value of another type");
}

}  // namespace

absl::Status MergeChunk(Value&& more, Value* whole) {
  if (more.kind_case() != whole->kind_case()) return CannotMerge();
  if (whole->kind_case() == Value::kStringValue) {
    whole->mutable_string_value()->append(more.string_value());
    return absl::OkStatus();
  }
  if (whole->kind_case() != Value::kListValue) return CannotMerge();
  ListValue& to = *whole->mutable_list_value();
  ListValue& from = *more.mutable_list_value();
  int next = 0;
  // The two ends are parts of one element when they are strings or lists. (NULL, numbers and bools
  // are never cut.)
  const auto can_be_cut = [](const Value& v) {
    return v.kind_case() == Value::kStringValue || v.kind_case() == Value::kListValue;
  };
  if (to.values_size() > 0 && from.values_size() > 0) {
    Value* last = to.mutable_values(to.values_size() - 1);
    if (can_be_cut(*last) && last->kind_case() == from.values(0).kind_case()) {
      KS_RETURN_IF_ERROR(MergeChunk(std::move(*from.mutable_values(0)), last));
      next = 1;
    }
  }
  for (; next < from.values_size(); ++next)
    *to.add_values() = std::move(*from.mutable_values(next));
  return absl::OkStatus();
}

struct RowAssembler::State {
  int columns = -1;  // unknown until the metadata came
  bool chunk_open = false;
  ListValue row;  // the values so far of the row at hand; the last one may be half read
};

RowAssembler::RowAssembler() : state_(std::make_unique<State>()) {}
RowAssembler::~RowAssembler() = default;

void RowAssembler::Restart() {
  state_->row.Clear();
  state_->chunk_open = false;
}

absl::Status RowAssembler::Add(PartialResultSet&& part, std::vector<ListValue>* rows) {
  State& s = *state_;
  if (part.has_metadata()) s.columns = part.metadata().row_type().fields_size();
  if (part.values_size() == 0) return absl::OkStatus();
  if (s.columns <= 0) return absl::InternalError("values came before the columns' types");
  for (int i = 0; i < part.values_size(); ++i) {
    Value& value = *part.mutable_values(i);
    if (s.chunk_open) {
      s.chunk_open = false;
      KS_RETURN_IF_ERROR(
          MergeChunk(std::move(value), s.row.mutable_values(s.row.values_size() - 1)));
    } else {
      *s.row.add_values() = std::move(value);
    }
    const bool last_is_open = i + 1 == part.values_size() && part.chunked_value();
    if (last_is_open) {
      s.chunk_open = true;
    } else if (s.row.values_size() == s.columns) {
      rows->push_back(std::move(s.row));
      s.row.Clear();
    }
  }
  return absl::OkStatus();
}

absl::Status RowAssembler::Finish() const {
  if (state_->chunk_open || state_->row.values_size() > 0) {
    return absl::InternalError("the stream of rows ended in the middle of a row");
  }
  return absl::OkStatus();
}

namespace {

// One logical stream over as many calls as it takes. Kept alive by its callbacks.
class ResumingStream : public std::enable_shared_from_this<ResumingStream> {
 public:
  ResumingStream(std::shared_ptr<Stub> stub, Method method, CallOptions options,
                 RequestForToken request, bool resumable, env::Clock& clock, env::Random& random,
                 RowConsumer consumer)
      : stub_(std::move(stub)),
        method_(method),
        options_(std::move(options)),
        request_(std::move(request)),
        resumable_(resumable),
        clock_(clock),
        random_(random),
        consumer_(std::move(consumer)),
        give_up_at_(clock.MonotonicNanos() + kRetryTotalMillis * env::kNanosPerMilli) {}

  void Attempt() {
    auto self = shared_from_this();
    const grpc::Slice slice = OwningSlice(request_(token_));
    stub_->Stream(
        method_, options_, grpc::ByteBuffer(&slice, 1),
        [self](const grpc::ByteBuffer& message) { return self->OnMessage(message); },
        [self](const absl::Status& status) { self->OnDone(status); });
  }

 private:
  bool OnMessage(const grpc::ByteBuffer& message) {
    PartialResultSet part;
    failure_ = FromBuffer(message, &part) ? absl::OkStatus() : BadAnswer(InfoOf(method_).path);
    if (!failure_.ok()) return false;
    if (part.has_metadata() && !metadata_seen_) {
      metadata_seen_ = true;
      if (consumer_.metadata) consumer_.metadata(part.metadata());
    }
    if (part.has_stats() && consumer_.stats) consumer_.stats(part.stats());
    std::string token = part.resume_token();
    buffered_bytes_ += message.Length();
    failure_ = assembler_.Add(std::move(part), &rows_);
    if (!failure_.ok()) return false;
    if (!token.empty()) {
      token_ = std::move(token);
      attempt_ = 0;
      return Deliver();
    }
    if (buffered_bytes_ < kUnacknowledgedBytesMax) return true;
    resumable_ = false;  // too much to hold back: from here to the next token a break is an error
    return Deliver();
  }

  void OnDone(const absl::Status& status) {
    if (!failure_.ok()) return consumer_.done(failure_);
    if (stopped_) return consumer_.done(absl::OkStatus());
    if (status.ok()) {
      if (!Deliver()) return consumer_.done(absl::OkStatus());
      return consumer_.done(assembler_.Finish());
    }
    const int64_t wait = BackoffNanos(status, attempt_, kRetryFirstMillis, random_);
    const bool in_time = clock_.MonotonicNanos() + wait < give_up_at_;
    if (!resumable_ || !IsTransient(status) || !in_time) return consumer_.done(status);
    ++attempt_;
    rows_.clear();
    buffered_bytes_ = 0;
    assembler_.Restart();
    RunAfter(wait, [self = shared_from_this()] { self->Attempt(); });
  }

  bool Deliver() {
    buffered_bytes_ = 0;
    if (rows_.empty()) return true;
    stopped_ = !consumer_.rows(std::exchange(rows_, {}));
    return !stopped_;
  }

  static constexpr size_t kUnacknowledgedBytesMax = size_t{32} << 20;

  const std::shared_ptr<Stub> stub_;
  const Method method_;
  const CallOptions options_;
  const RequestForToken request_;
  bool resumable_;
  env::Clock& clock_;
  env::Random& random_;
  const RowConsumer consumer_;
  const int64_t give_up_at_;

  RowAssembler assembler_;
  std::vector<ListValue> rows_;  // not yet behind a resume token
  size_t buffered_bytes_ = 0;
  std::string token_;
  int attempt_ = 0;
  bool metadata_seen_ = false;
  bool stopped_ = false;
  absl::Status failure_;
};

}  // namespace

void StreamRows(std::shared_ptr<Stub> stub, Method method, CallOptions options,
                RequestForToken request, bool resumable, env::Clock& clock, env::Random& random,
                RowConsumer consumer) {
  std::make_shared<ResumingStream>(std::move(stub), method, std::move(options), std::move(request),
                                   resumable, clock, random, std::move(consumer))
      ->Attempt();
}

}  // namespace ks::spanner
