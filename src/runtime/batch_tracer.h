// BatchTracer: follows a partition's traced batches from poll to commit and hands each, when it has
// ended, to the exporter as one trace:
//
//   process TOPIC                        from the first poll of its records to the last answer
//     poll TOPIC                         taking records that librdkafka has fetched
//     decode, evaluate                   of that poll's records; each the sum over its chunks
//     read partials                      of aggregates that the cache lacks
//     encode                             writing the commit's mutations
//     COMMIT DATABASE                    one for each attempt
//     read checkpoints                   after an answer that was failed or unclear
//
// The trace's id is the batch's (kafka_spanner.Checkpoints.Batch) without hyphens. Producers' spans
// are linked by their records' `traceparent`. Names and attributes follow OpenTelemetry's
// conventions (https://opentelemetry.io/docs/specs/semconv/messaging/, .../db/); what they have no
// word for is `kafka_spanner.…`. Nothing of a record but that header is looked at.
//
// What is remembered is bounded: the newest kTracedPollsMax polls, kTracedCallsMax calls.
// Thread safety: one data thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "env/clock.h"
#include "kafka/message.h"
#include "observe/trace.h"
#include "observe/trace_exporter.h"
#include "pipeline/ports.h"
#include "pipeline/transform.h"

namespace ks::runtime {

struct TraceLabels {
  std::string pipeline;
  std::string group;
  std::string database;
};

class BatchTracer {
 public:
  BatchTracer(kafka::TopicPartition name, TraceLabels labels, observe::TraceExporter& exporter,
              env::Clock& clock, env::Random& random);

  // Records that were taken since `since` (of the clock), messages[positions[i]] being at
  // offsets[i]; there is one.
  void OnPoll(int64_t since, const kafka::MessageBatch& messages,
              absl::Span<const uint32_t> positions, absl::Span<const int64_t> offsets);
  // Before records of the last poll are written to their lanes: where their times go.
  pipeline::StageTimes* BeginWrite();
  // Before it is told to the Partition.
  void OnEvent(const pipeline::Event& event);
  // Before it is carried out.
  void OnAction(const pipeline::Action& action);
  // Everything below is in Spanner.
  void OnCommitted(int64_t offset);

 private:
  struct Poll {
    int64_t first = 0;  // offsets [first, end)
    int64_t end = 0;
    int64_t records = 0;
    int64_t age_ms = -1;  // of its first record; -1: it has no timestamp
    int64_t started = 0;
    int64_t ended = 0;
    struct Write {
      int64_t started = 0;
      pipeline::StageTimes times;
    };
    std::vector<Write> writes;
    std::vector<observe::SpanContext> producers;
  };
  enum class CallKind : uint8_t { kReadPartials, kCommit, kReadCheckpoints };
  struct Call {
    pipeline::CallId id = 0;
    std::string trace;
    CallKind kind = CallKind::kCommit;
    int64_t encoded_since = 0;
    int64_t started = 0;
    int64_t ended = -1;
    absl::Status status;
  };

  void OnCall(pipeline::CallId id, const std::string& trace, CallKind kind);
  void OnAnswer(pipeline::CallId id, const absl::Status& status);
  void OnEnded(const pipeline::BatchEnded& batch);
  void AddPoll(const Poll& poll, observe::SpanId parent, observe::Trace* trace) const;
  void AddCall(const Call& call, observe::SpanId parent, observe::Trace* trace) const;
  observe::Span NewSpan(observe::SpanId parent, std::string name, observe::SpanKind kind) const;
  void Describe(const pipeline::BatchEnded& batch, observe::Span* root) const;

  const kafka::TopicPartition name_;
  const TraceLabels labels_;
  observe::TraceExporter& exporter_;
  env::Clock& clock_;
  env::Random& random_;

  std::deque<Poll> polls_;
  std::vector<Call> calls_;
  int64_t told_at_ = 0;
};

}  // namespace ks::runtime
