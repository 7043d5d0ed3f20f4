#include "observe/trace_exporter.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/str_cat.h"
#include "env/clock.h"
#include "observe/log.h"

namespace ks::observe {
namespace {

constexpr int64_t kFirstPauseMillis = 500;
constexpr int64_t kPauseMillisMax = 5'000;
// How often an exporter with nothing to do, or one that waits, looks whether it is to end.
constexpr int64_t kLookMillis = 50;

int64_t SpansOf(const Trace& trace) { return static_cast<int64_t>(trace.spans.size()); }

}  // namespace

TraceExporter::TraceExporter(OtlpSettings settings, Send send)
    : settings_(std::move(settings)),
      send_(std::move(send)),
      queue_(static_cast<size_t>(settings_.spans_queued_max)),
      thread_([this] { Run(); }) {}

TraceExporter::~TraceExporter() {
  closing_ = true;
  queue_.Close();
  thread_.join();
}

void TraceExporter::Offer(Trace trace) {
  const int64_t spans = SpansOf(trace);
  if (queued_.fetch_add(spans) + spans > settings_.spans_queued_max ||
      !queue_.TryPush(std::move(trace))) {
    queued_ -= spans;
    dropped_ += spans;
  }
}

void TraceExporter::Run() {
  while (!queue_.closed()) {
    auto first = queue_.Pop(std::chrono::seconds(1));
    if (first) Export(Gather(*std::move(first)));
  }
}

// Waits for company, but not when this is the end.
std::vector<Trace> TraceExporter::Gather(Trace first) {
  std::vector<Trace> traces;
  int64_t spans = SpansOf(first);
  traces.push_back(std::move(first));
  env::Clock& clock = env::RealClock();
  const int64_t until = clock.MonotonicNanos() + settings_.delay_ms * env::kNanosPerMilli;
  while (closing_ || spans < settings_.spans_at_once_max) {
    const int64_t left = closing_ ? 0 : until - clock.MonotonicNanos();
    auto next = queue_.Pop(std::chrono::nanoseconds(std::max<int64_t>(left, 0)));
    if (!next) break;
    spans += SpansOf(*next);
    traces.push_back(*std::move(next));
  }
  return traces;
}

void TraceExporter::Export(const std::vector<Trace>& traces) {
  int64_t spans = 0;
  for (const Trace& trace : traces) spans += SpansOf(trace);
  const bool sent = SendWithRetries(OtlpJson(settings_.resource, traces)).ok();
  queued_ -= spans;
  if (!sent) dropped_ += spans;
}

void TraceExporter::Note(const absl::Status& sent) {
  const bool failed_before = std::exchange(failing_, !sent.ok());
  if (sent.ok() && failed_before) LogInfo("traces are sent again");
  if (sent.ok() || failed_before) return;
  LogWarning(StrCat("traces cannot be sent: ", View(sent.message()),
                    ". What has no room meanwhile is dropped, and the pipelines go on."));
}

absl::Status TraceExporter::SendWithRetries(const std::string& body) {
  env::Clock& clock = env::RealClock();
  const int64_t until = clock.MonotonicNanos() + kExportRetryMillis * env::kNanosPerMilli;
  for (int64_t pause = kFirstPauseMillis;; pause = std::min(2 * pause, kPauseMillisMax)) {
    const absl::Status sent = send_(body);
    Note(sent);
    if (!absl::IsUnavailable(sent) || closing_) return sent;
    if (clock.MonotonicNanos() + pause * env::kNanosPerMilli > until) return sent;
    Pause(pause);
  }
}

void TraceExporter::Pause(int64_t millis) {
  for (int64_t waited = 0; waited < millis && !closing_; waited += kLookMillis) {
    env::SleepFor(kLookMillis * env::kNanosPerMilli);
  }
}

}  // namespace ks::observe
