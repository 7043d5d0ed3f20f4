// TraceExporter: takes traces from the threads that work, and sends them on from a thread of its
// own. Nobody waits for it, and nothing that fails here reaches a pipeline.
//
// Invariants, tested in trace_exporter_test.cc:
//   1. Offer() never waits: what has no room is dropped, and counted.
//   2. An answer that the receiver asks to repeat (HTTP 429, 502, 503, 504) or none at all is
//      repeated, later each time, for kExportRetryMillis; anything else is dropped, and counted.
//   3. The end waits for the request that is out and one for what is left, and for no more.
//   4. A receiver that fails is said once, and once that it is there again.
//
// Thread safety: all methods may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/bounded_queue.h"
#include "observe/otlp.h"
#include "observe/trace.h"

namespace ks::observe {

// How long the same spans are offered to a receiver that does not take them.
inline constexpr int64_t kExportRetryMillis = 30'000;

class TraceExporter {
 public:
  // Sends one body. UNAVAILABLE: it may be repeated. Blocks, with a deadline.
  using Send = std::function<absl::Status(const std::string& body)>;

  TraceExporter(OtlpSettings settings, Send send);
  ~TraceExporter();
  TraceExporter(const TraceExporter&) = delete;

  const TraceSampling& sampling() const { return settings_.sampling; }
  void Offer(Trace trace);
  int64_t spans_dropped() const { return dropped_; }

 private:
  void Run();
  std::vector<Trace> Gather(Trace first);
  void Export(const std::vector<Trace>& traces);
  absl::Status SendWithRetries(const std::string& body);
  void Note(const absl::Status& sent);
  void Pause(int64_t millis);

  const OtlpSettings settings_;
  const Send send_;
  BoundedQueue<Trace> queue_;
  std::atomic<int64_t> queued_{0};  // spans
  std::atomic<int64_t> dropped_{0};
  std::atomic<bool> closing_{false};
  bool failing_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace ks::observe
