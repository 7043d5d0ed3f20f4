#include "runtime/batch_tracer.h"

#include <algorithm>
#include <utility>

#include "base/str_cat.h"
#include "runtime/limits.h"

namespace ks::runtime {

using observe::Span;
using observe::SpanId;
using observe::SpanKind;
using observe::Trace;

BatchTracer::BatchTracer(kafka::TopicPartition name, TraceLabels labels,
                         observe::TraceExporter& exporter, env::Clock& clock, env::Random& random)
    : name_(std::move(name)),
      labels_(std::move(labels)),
      exporter_(exporter),
      clock_(clock),
      random_(random) {}

// ---- What happens

void BatchTracer::OnPoll(int64_t since, const kafka::MessageBatch& messages,
                         absl::Span<const uint32_t> positions, absl::Span<const int64_t> offsets) {
  Poll poll;
  poll.first = offsets.front();
  poll.end = offsets.back() + 1;
  poll.records = static_cast<int64_t>(offsets.size());
  poll.started = since;
  poll.ended = clock_.MonotonicNanos();
  const int64_t timestamp_ms = messages[positions.front()].timestamp_ms();
  if (timestamp_ms >= 0) {
    poll.age_ms = clock_.NowNanos() / env::kNanosPerMilli - timestamp_ms;
  }
  for (const uint32_t position : positions.subspan(0, kTracedHeadersMax)) {
    const auto header = messages[position].header("traceparent");
    if (!header) continue;
    if (auto producer = observe::ParseTraceparent(*header)) {
      poll.producers.push_back(*std::move(producer));
      if (poll.producers.size() == kTracedLinksMax) break;
    }
  }
  if (polls_.size() == kTracedPollsMax) polls_.pop_front();
  polls_.push_back(std::move(poll));
}

pipeline::StageTimes* BatchTracer::BeginWrite() {
  if (polls_.empty()) return nullptr;
  auto& writes = polls_.back().writes;
  if (writes.size() == kTracedWritesMax) return nullptr;
  return &writes.emplace_back(Poll::Write{clock_.MonotonicNanos(), {.clock = &clock_}}).times;
}

void BatchTracer::OnCommitted(int64_t offset) {
  while (!polls_.empty() && polls_.front().end <= offset) polls_.pop_front();
}

void BatchTracer::OnEvent(const pipeline::Event& event) {
  told_at_ = clock_.MonotonicNanos();
  if (const auto* done = std::get_if<pipeline::CommitDone>(&event)) {
    OnAnswer(done->id, done->status);
  } else if (const auto* rows = std::get_if<pipeline::RowsRead>(&event)) {
    OnAnswer(rows->id, rows->rows.status());
  } else if (const auto* chains = std::get_if<pipeline::ChainsRead>(&event)) {
    OnAnswer(chains->id, chains->rows.status());
  }
}

void BatchTracer::OnAction(const pipeline::Action& action) {
  if (const auto* commit = std::get_if<pipeline::SendCommit>(&action)) {
    OnCall(commit->id, commit->trace, CallKind::kCommit);
  } else if (const auto* run = std::get_if<pipeline::RunTransaction>(&action)) {
    OnCall(run->id, run->trace, CallKind::kCommit);
  } else if (const auto* rows = std::get_if<pipeline::ReadRows>(&action)) {
    OnCall(rows->id, rows->trace, CallKind::kReadPartials);
  } else if (const auto* chains = std::get_if<pipeline::ReadChains>(&action)) {
    OnCall(chains->id, chains->trace, CallKind::kReadCheckpoints);
  } else if (const auto* ended = std::get_if<pipeline::BatchEnded>(&action)) {
    OnEnded(*ended);
  }
}

void BatchTracer::OnCall(pipeline::CallId id, const std::string& trace, CallKind kind) {
  if (trace.empty() || calls_.size() == kTracedCallsMax) return;
  Call& call = calls_.emplace_back();
  call.id = id;
  call.trace = trace;
  call.kind = kind;
  call.encoded_since = told_at_;
  call.started = clock_.MonotonicNanos();
}

void BatchTracer::OnAnswer(pipeline::CallId id, const absl::Status& status) {
  for (Call& call : calls_) {
    if (call.id != id) continue;
    call.ended = told_at_;
    call.status = status;
  }
}

// ---- The trace

Span BatchTracer::NewSpan(SpanId parent, std::string name, SpanKind kind) const {
  Span span;
  while (span.id == 0) span.id = random_.Next();
  span.parent = parent;
  span.name = std::move(name);
  span.kind = kind;
  return span;
}

namespace {

void SetError(const absl::Status& status, Span* span) {
  if (status.ok()) return;
  span->attributes.emplace_back("error.type", absl::StatusCodeToString(status.code()));
  span->error = std::string(View(status.message()));
  if (span->error.empty()) span->error = absl::StatusCodeToString(status.code());
}

}  // namespace

void BatchTracer::AddPoll(const Poll& poll, SpanId parent, Trace* trace) const {
  Span taken = NewSpan(parent, StrCat("poll ", name_.topic), SpanKind::kClient);
  taken.start_nanos = poll.started;
  taken.end_nanos = poll.ended;
  taken.attributes = {{"messaging.system", "kafka"},
                      {"messaging.operation.name", "poll"},
                      {"messaging.operation.type", "receive"},
                      {"messaging.destination.name", name_.topic},
                      {"messaging.destination.partition.id", StrCat(name_.partition.value())},
                      {"messaging.consumer.group.name", labels_.group},
                      {"messaging.batch.message_count", poll.records},
                      {"kafka_spanner.offset.first", poll.first},
                      {"kafka_spanner.offset.end", poll.end}};
  trace->spans.push_back(std::move(taken));
  for (const Poll::Write& write : poll.writes) {
    Span decode = NewSpan(parent, "decode", SpanKind::kInternal);
    decode.start_nanos = write.started;
    decode.end_nanos = decode.start_nanos + write.times.decode_nanos;
    Span evaluate = NewSpan(parent, "evaluate", SpanKind::kInternal);
    evaluate.start_nanos = decode.end_nanos;
    evaluate.end_nanos = evaluate.start_nanos + write.times.evaluate_nanos;
    trace->spans.push_back(std::move(decode));
    trace->spans.push_back(std::move(evaluate));
  }
}

void BatchTracer::AddCall(const Call& call, SpanId parent, Trace* trace) const {
  const bool commit = call.kind == CallKind::kCommit;
  if (commit) {
    Span encode = NewSpan(parent, "encode", SpanKind::kInternal);
    encode.start_nanos = call.encoded_since;
    encode.end_nanos = call.started;
    trace->spans.push_back(std::move(encode));
  }
  const char* const read =
      call.kind == CallKind::kReadPartials ? "read partials" : "read checkpoints";
  Span span =
      NewSpan(parent, commit ? StrCat("COMMIT ", labels_.database) : read, SpanKind::kClient);
  span.start_nanos = call.started;
  span.end_nanos = call.ended;
  span.attributes = {{"db.system.name", "gcp.spanner"},
                     {"db.namespace", labels_.database},
                     {"db.operation.name", commit ? "COMMIT" : "READ"}};
  SetError(call.status, &span);
  trace->spans.push_back(std::move(span));
}

void BatchTracer::Describe(const pipeline::BatchEnded& batch, Span* root) const {
  int64_t first = batch.lanes.front().begin;
  int64_t end = batch.lanes.front().end;
  std::string lanes;
  for (const auto& lane : batch.lanes) {
    first = std::min(first, lane.begin);
    end = std::max(end, lane.end);
    StrAppend(&lanes, lanes.empty() ? "" : ",", lane.lane);
  }
  root->attributes = {{"messaging.system", "kafka"},
                      {"messaging.operation.name", "process"},
                      {"messaging.operation.type", "process"},
                      {"messaging.destination.name", name_.topic},
                      {"messaging.destination.partition.id", StrCat(name_.partition.value())},
                      {"messaging.consumer.group.name", labels_.group},
                      {"messaging.batch.message_count", batch.records},
                      {"kafka_spanner.pipeline", labels_.pipeline},
                      {"kafka_spanner.lanes", std::move(lanes)},
                      {"kafka_spanner.offset.first", first},
                      {"kafka_spanner.offset.end", end},
                      {"kafka_spanner.mutations", batch.mutations},
                      {"kafka_spanner.bytes", batch.bytes},
                      {"kafka_spanner.dead_letters", batch.dead_letters},
                      {"kafka_spanner.retries", std::max<int64_t>(0, batch.attempts - 1)}};
  SetError(batch.status, root);
}

void BatchTracer::OnEnded(const pipeline::BatchEnded& batch) {
  Trace trace{batch.trace, {}};
  Span root = NewSpan(0, StrCat("process ", name_.topic), SpanKind::kConsumer);
  Describe(batch, &root);
  for (const Poll& poll : polls_) {
    const bool in_it = std::any_of(
        batch.lanes.begin(), batch.lanes.end(),
        [&poll](const auto& lane) { return poll.first < lane.end && poll.end > lane.begin; });
    if (!in_it || trace.spans.size() >= kTracedSpansMax) continue;
    if (trace.spans.empty() && poll.age_ms >= 0) {
      root.attributes.emplace_back("kafka_spanner.oldest_record_age_ms", poll.age_ms);
    }
    AddPoll(poll, root.id, &trace);
    root.links.insert(root.links.end(), poll.producers.begin(), poll.producers.end());
  }
  std::sort(root.links.begin(), root.links.end());
  root.links.erase(std::unique(root.links.begin(), root.links.end()), root.links.end());
  if (root.links.size() > kTracedLinksMax) root.links.resize(kTracedLinksMax);
  std::erase_if(calls_, [&](const Call& call) {
    if (call.trace != batch.trace) return false;
    if (call.ended >= 0) AddCall(call, root.id, &trace);
    return true;
  });
  const int64_t now = clock_.MonotonicNanos();
  root.start_nanos = root.end_nanos = now;
  // From the steady clock to the calendar's.
  const int64_t epoch = clock_.NowNanos() - now;
  for (Span& span : trace.spans) {
    root.start_nanos = std::min(root.start_nanos, span.start_nanos);
    span.start_nanos += epoch;
    span.end_nanos += epoch;
  }
  root.start_nanos += epoch;
  root.end_nanos += epoch;
  trace.spans.insert(trace.spans.begin(), std::move(root));
  exporter_.Offer(std::move(trace));
}

}  // namespace ks::runtime
