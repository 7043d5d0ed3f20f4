#include "runtime/pipeline_runner.h"

#include <algorithm>
#include <thread>

#include "base/status_macros.h"
#include "runtime/errors.h"
#include "runtime/limits.h"

namespace ks::runtime {
namespace {

constexpr int kTurnMillis = 20;

int ShardCount(int wanted) {
  if (wanted > 0) return wanted;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

PipelineRunner::PipelineRunner(const pipeline::PipelineSpec& spec, const pipeline::Plan& plan,
                               spanner::Client& client, observe::Metrics& metrics,
                               PipelineRunnerOptions options)
    : spec_(spec),
      plan_(plan),
      metrics_(metrics),
      options_(std::move(options)),
      clock_(env::RealClock()),
      memory_(spec.memory_bytes / 2),
      port_(client) {}

PipelineRunner::~PipelineRunner() {
  shards_.clear();
  port_.Stop();
}

absl::Status PipelineRunner::Run() {
  for (int i = 0; i < ShardCount(options_.shards); ++i)
    shards_.push_back(std::make_unique<Shard>(clock_));
  for (size_t i = 0; i < spec_.sources.size(); ++i) {
    SourceOptions source;
    source.spec = &spec_;
    source.source = i;
    source.writer = options_.writer;
    source.once = options_.once;
    source.wait = options_.wait;
    source.prefetch_bytes =
        (spec_.memory_bytes - spec_.memory_bytes / 2) / static_cast<int64_t>(spec_.sources.size());
    source.topic_ids = options_.topic_ids;
    source.identity = options_.identity;
    source.traces = options_.traces;
    const observe::TraceSampling traces =
        options_.traces == nullptr ? observe::TraceSampling() : options_.traces->sampling();
    source.make_path =
        MakeRecordPathFactory(plan_, i, options_.report_every_millis, &memory_, traces);
    sources_.push_back(std::make_unique<SourceRunner>(
        std::move(source), SourceServices{&port_, &shards_, &metrics_, &clock_}));
    KS_RETURN_IF_ERROR(sources_.back()->Start());
  }
  const absl::Status served = Serve();
  const absl::Status finished = Finish();
  return served.ok() ? finished : served;
}

// Until somebody wants to stop, the work is done, or something failed.
absl::Status PipelineRunner::Serve() {
  int64_t progress_at = 0;
  while (!stop_wanted()) {
    for (const auto& source : sources_) KS_RETURN_IF_ERROR(source->Turn(kTurnMillis));
    if (options_.on_progress && clock_.MonotonicNanos() >= progress_at) {
      progress_at = clock_.MonotonicNanos() + options_.report_every_millis * env::kNanosPerMilli;
      std::vector<PartitionProgress> progress;
      for (const auto& source : sources_) {
        const auto more = source->progress();
        progress.insert(progress.end(), more.begin(), more.end());
      }
      options_.on_progress(progress);
    }
    if (std::all_of(sources_.begin(), sources_.end(),
                    [](const auto& source) { return source->done(); }))
      break;
  }
  return absl::OkStatus();
}

// Commits what has been taken, leaves the groups, ends the threads.
absl::Status PipelineRunner::Finish() {
  const int64_t give_up_at = clock_.MonotonicNanos() + kStopTimeoutMillis * env::kNanosPerMilli;
  for (const auto& source : sources_) source->RequestStop();
  const auto stopped = [this] {
    return std::all_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source->stopped(); });
  };
  absl::Status failure;
  while (!stopped() && clock_.MonotonicNanos() < give_up_at) {
    for (const auto& source : sources_) failure.Update(source->Turn(kTurnMillis));
  }
  if (!stopped()) failure.Update(StopTookTooLong());
  for (const auto& source : sources_) source->Close();
  shards_.clear();
  port_.Stop();
  sources_.clear();
  return failure;
}

}  // namespace ks::runtime
