// Metrics: what a pipeline counts, declared in one table (metrics_table.h) and offered to
// Prometheus.
//
// Names follow Prometheus' conventions (unit last, `_total` for counters). docs/guide/metrics.md is
// written from the same table by MetricsMarkdown(); a test compares them. Thread safety: all
// methods may be called from any thread. A Series' references stay good for its life; Add and Set
// are atomic and take no lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "observe/metrics_table.h"

namespace ks::observe {

// The time series of one set of labels: one per MetricId of its scope; the others are not there.
class Series {
 public:
  void Add(MetricId counter, double n = 1);
  void Set(MetricId gauge, double value);
  void Record(MetricId histogram, double value);

 private:
  friend class Metrics;
  union Cell {
    void* counter;
    void* gauge;
    void* histogram;
  };
  double CounterAt(MetricId counter) const;
  double GaugeAt(MetricId gauge) const;

  Cell cells_[kMetricCount] = {};
  bool held_ = false;  // of a partition; under the lock of its Metrics
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;

  // The series of a pipeline's partition, made on first use.
  Series& Partition(std::string_view pipeline, std::string_view topic, int32_t partition);
  // The series of a credential, by a name that says what it is and for whom.
  Series& Credential(std::string_view name);
  // A counter of the process that is kept elsewhere: `total` is asked each time that Text() is, and
  // never says less than before.
  void Watch(MetricId counter, std::function<int64_t()> total);
  // Takes the gauges of a partition that went to another worker away; its counters stay.
  void Forget(std::string_view pipeline, std::string_view topic, int32_t partition);

  // The partitions that this process has or had, in the order of their names.
  struct Held {
    std::string topic;
    int32_t partition = 0;
    bool held = false;  // not given away since
    double records = 0;
    double dead_letters = 0;
    double lag_records = 0;
    double lag_seconds = 0;
    double committed_offset = 0;
  };
  std::vector<Held> HeldOf(std::string_view pipeline) const;

  // What Prometheus scrapes.
  std::string Text() const;

  struct Quantiles {
    uint64_t count = 0;
    double p50 = 0;
    double p99 = 0;
  };
  // Of a histogram over all of its series, estimated within its buckets.
  Quantiles Estimate(MetricId histogram) const;
  // A counter over all of its series.
  double Total(MetricId counter) const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// docs/guide/metrics.md.
std::string MetricsMarkdown();

}  // namespace ks::observe
