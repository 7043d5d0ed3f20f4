#include "observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/check.h"

namespace ks::observe {
namespace {

static_assert(std::size(kMetrics) == kMetricCount);

const MetricInfo& InfoOf(MetricId id) {
  const MetricInfo& info = kMetrics[static_cast<size_t>(id)];
  KS_CHECK(info.id == id);  // the table is in the order of the enum
  return info;
}

std::vector<double> BoundsOf(Buckets buckets) {
  if (buckets == Buckets::kSize)
    return {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
  std::vector<double> bounds;  // 0.5 ms, x1.4, to over a minute
  for (double bound = 0.0005; bound < 90; bound *= 1.4) bounds.push_back(bound);
  return bounds;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  void* families[kMetricCount] = {};

  mutable absl::Mutex mu;
  std::map<std::string, std::unique_ptr<Series>> series ABSL_GUARDED_BY(mu);  // of partitions
  std::map<std::string, std::unique_ptr<Series>> credentials ABSL_GUARDED_BY(mu);
  struct Watched {
    prometheus::Counter& counter;
    std::function<int64_t()> total;
  };
  std::vector<Watched> watched ABSL_GUARDED_BY(mu);

  template <typename T>
  prometheus::Family<T>& family(const MetricInfo& info) {
    return *static_cast<prometheus::Family<T>*>(families[static_cast<size_t>(info.id)]);
  }
  std::unique_ptr<Series> NewSeries(Scope scope, const std::map<std::string, std::string>& labels);
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  for (const MetricInfo& info : kMetrics) {
    void*& family = state_->families[static_cast<size_t>(info.id)];
    const auto build = [&](auto builder) {
      return &builder.Name(info.name).Help(info.help).Register(state_->registry);
    };
    if (info.kind == MetricKind::kCounter) family = build(prometheus::BuildCounter());
    if (info.kind == MetricKind::kGauge) family = build(prometheus::BuildGauge());
    if (info.kind == MetricKind::kHistogram) family = build(prometheus::BuildHistogram());
  }
}

Metrics::~Metrics() = default;

void Series::Add(MetricId counter, double n) {
  KS_CHECK(InfoOf(counter).kind == MetricKind::kCounter);
  static_cast<prometheus::Counter*>(cells_[static_cast<size_t>(counter)].counter)->Increment(n);
}
void Series::Set(MetricId gauge, double value) {
  KS_CHECK(InfoOf(gauge).kind == MetricKind::kGauge);
  static_cast<prometheus::Gauge*>(cells_[static_cast<size_t>(gauge)].gauge)->Set(value);
}
double Series::CounterAt(MetricId counter) const {
  return static_cast<prometheus::Counter*>(cells_[static_cast<size_t>(counter)].counter)->Value();
}
double Series::GaugeAt(MetricId gauge) const {
  return static_cast<prometheus::Gauge*>(cells_[static_cast<size_t>(gauge)].gauge)->Value();
}
void Series::Record(MetricId histogram, double value) {
  KS_CHECK(InfoOf(histogram).kind == MetricKind::kHistogram);
  static_cast<prometheus::Histogram*>(cells_[static_cast<size_t>(histogram)].histogram)
      ->Observe(value);
}

std::unique_ptr<Series> Metrics::State::NewSeries(
    Scope scope, const std::map<std::string, std::string>& labels) {
  auto series = std::make_unique<Series>();
  for (const MetricInfo& info : kMetrics) {
    if (info.scope != scope) continue;
    Series::Cell& cell = series->cells_[static_cast<size_t>(info.id)];
    if (info.kind == MetricKind::kCounter)
      cell.counter = &family<prometheus::Counter>(info).Add(labels);
    if (info.kind == MetricKind::kGauge) cell.gauge = &family<prometheus::Gauge>(info).Add(labels);
    if (info.kind == MetricKind::kHistogram) {
      cell.histogram = &family<prometheus::Histogram>(info).Add(labels, BoundsOf(info.buckets));
    }
  }
  return series;
}

Series& Metrics::Partition(std::string_view pipeline, std::string_view topic, int32_t partition) {
  const std::map<std::string, std::string> labels = {{"pipeline", std::string(pipeline)},
                                                     {"topic", std::string(topic)},
                                                     {"partition", std::to_string(partition)}};
  absl::MutexLock lock(&state_->mu);
  auto& series = state_->series[std::string(pipeline) + '\n' + std::string(topic) + '\n' +
                                std::to_string(partition)];
  if (series == nullptr) series = state_->NewSeries(Scope::kPartition, labels);
  series->held_ = true;
  return *series;
}

Series& Metrics::Credential(std::string_view name) {
  absl::MutexLock lock(&state_->mu);
  auto& series = state_->credentials[std::string(name)];
  if (series == nullptr) {
    series = state_->NewSeries(Scope::kCredential, {{"credential", std::string(name)}});
  }
  return *series;
}

void Metrics::Watch(MetricId counter, std::function<int64_t()> total) {
  const MetricInfo& info = InfoOf(counter);
  KS_CHECK(info.scope == Scope::kProcess && info.kind == MetricKind::kCounter);
  absl::MutexLock lock(&state_->mu);
  state_->watched.push_back({state_->family<prometheus::Counter>(info).Add({}), std::move(total)});
}

void Metrics::Forget(std::string_view pipeline, std::string_view topic, int32_t partition) {
  Series& series = Partition(pipeline, topic, partition);
  series.Set(MetricId::kLagRecords, 0);
  series.Set(MetricId::kLagSeconds, 0);
  absl::MutexLock lock(&state_->mu);
  series.held_ = false;
}

std::vector<Metrics::Held> Metrics::HeldOf(std::string_view pipeline) const {
  std::vector<Held> all;
  const std::string prefix = std::string(pipeline) + '\n';
  absl::MutexLock lock(&state_->mu);
  for (auto it = state_->series.lower_bound(prefix);
       it != state_->series.end() && it->first.starts_with(prefix); ++it) {
    const size_t end = it->first.rfind('\n');
    const Series& series = *it->second;
    all.push_back({.topic = it->first.substr(prefix.size(), end - prefix.size()),
                   .partition = std::stoi(it->first.substr(end + 1)),
                   .held = series.held_,
                   .records = series.CounterAt(MetricId::kRecords),
                   .dead_letters = series.CounterAt(MetricId::kDeadLetters),
                   .lag_records = series.GaugeAt(MetricId::kLagRecords),
                   .lag_seconds = series.GaugeAt(MetricId::kLagSeconds),
                   .committed_offset = series.GaugeAt(MetricId::kCommittedOffset)});
  }
  return all;
}

std::string Metrics::Text() const {
  {
    absl::MutexLock lock(&state_->mu);
    for (const State::Watched& each : state_->watched) {
      each.counter.Increment(static_cast<double>(each.total()) - each.counter.Value());
    }
  }
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

double Metrics::Total(MetricId counter) const {
  double total = 0;
  absl::MutexLock lock(&state_->mu);
  for (const auto& [labels, series] : state_->series) {
    total += series->CounterAt(counter);
  }
  return total;
}

Metrics::Quantiles Metrics::Estimate(MetricId histogram) const {
  Quantiles result;
  std::vector<double> bounds;
  std::vector<uint64_t> cumulative;
  absl::MutexLock lock(&state_->mu);
  for (const auto& [labels, series] : state_->series) {
    const auto metric = static_cast<prometheus::Histogram*>(
                            series->cells_[static_cast<size_t>(histogram)].histogram)
                            ->Collect();
    result.count += metric.histogram.sample_count;
    cumulative.resize(metric.histogram.bucket.size());
    bounds.resize(metric.histogram.bucket.size());
    for (size_t i = 0; i < metric.histogram.bucket.size(); ++i) {
      cumulative[i] += metric.histogram.bucket[i].cumulative_count;
      bounds[i] = metric.histogram.bucket[i].upper_bound;
    }
  }
  const auto at = [&](double share) {
    const auto wanted = share * static_cast<double>(result.count);
    for (size_t i = 0; i < cumulative.size(); ++i) {
      if (static_cast<double>(cumulative[i]) < wanted) continue;
      const double below = i == 0 ? 0 : static_cast<double>(cumulative[i - 1]);
      const double low = i == 0 ? 0 : bounds[i - 1];
      if (i + 1 == cumulative.size()) return low;  // over the last bound
      const double within = static_cast<double>(cumulative[i]) - below;
      return within == 0 ? low : low + (bounds[i] - low) * (wanted - below) / within;
    }
    return 0.0;
  };
  if (result.count == 0) return result;
  result.p50 = at(0.50);
  result.p99 = at(0.99);
  return result;
}

std::string MetricsMarkdown() {
  std::string out =
      "# Metrics\n\n"
      "`kafka-spanner run` and `dev` offer these to Prometheus with `--metrics HOST:PORT`, at "
      "`/metrics`. Each has the\n"
      "labels `pipeline`, `topic` and `partition`; those of credentials have the label "
      "`credential`, those of the connection log and of traces none. "
      "Alert rules over them:\n"
      "[deploy/alerts.yaml](../../deploy/alerts.yaml). This page is written from the table in\n"
      "`src/observe/metrics_table.h`.\n\n"
      "| metric | kind | meaning |\n| --- | --- | --- |\n";
  constexpr const char* kKinds[] = {"counter", "gauge", "histogram"};
  for (const MetricInfo& info : kMetrics) {
    out += std::string("| `") + info.name + "` | " + kKinds[static_cast<size_t>(info.kind)] +
           " | " + info.help + " |\n";
  }
  return out;
}

}  // namespace ks::observe
