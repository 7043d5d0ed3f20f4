#include "runtime/source_runner.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "kafka/admin.h"
#include "kafka/errors.h"
#include "observe/log.h"
#include "pipeline/partition.h"
#include "runtime/errors.h"
#include "runtime/limits.h"

namespace ks::runtime {

using kafka::TopicPartition;

SourceRunner::SourceRunner(SourceOptions options, const SourceServices& services)
    : options_(std::move(options)),
      services_(services),
      inbox_(std::make_shared<Inbox>()),
      listener_(MakeListener()) {}

SourceRunner::~SourceRunner() { Close(); }

// What the drivers say comes to this thread.
DriverListener SourceRunner::MakeListener() {
  const auto post = [inbox = inbox_](std::function<void()> work) { inbox->Post(std::move(work)); };
  DriverListener listener;
  listener.on_start = [this, post](TopicPartition name, Offset offset) {
    post([this, name, offset] {
      const auto it = assigned_.find(name);
      if (it != assigned_.end()) it->second.start = offset;
    });
  };
  listener.on_committed = [this, post](TopicPartition name, Offset offset, int64_t timestamp_ms) {
    post([this, name, offset, timestamp_ms] {
      const auto it = assigned_.find(name);
      if (it == assigned_.end()) return;
      it->second.committed = offset;
      it->second.last_timestamp_ms = timestamp_ms;
    });
  };
  listener.on_end = [this, post](TopicPartition name, PartitionEnd end) {
    post([this, name, end] { OnEnd(name, end); });
  };
  listener.on_facts_wanted = [this, post](TopicPartition name, bool out_of_range) {
    post([this, name, out_of_range] {
      const auto it = assigned_.find(name);
      if (it == assigned_.end()) return;
      topic_ids_.erase(name.topic);
      auto facts = FactsOf(name);
      if (!facts.ok()) return;  // asked for again with the next refusal
      facts->out_of_range = out_of_range;
      it->second.shard->Facts(name, *facts);
    });
  };
  listener.on_warning = [](const absl::Status& status) { observe::LogWarning(status.message()); };
  return listener;
}

// ---- Start

absl::Status SourceRunner::Start() {
  kafka::ConsumerOptions options;
  options.brokers = source().brokers;
  options.group = options_.spec->sources.size() == 1
                      ? options_.spec->name
                      : StrCat(options_.spec->name, ".", source().name);
  options.properties.assign(source().properties.begin(), source().properties.end());
  options.login = {source().security, options_.identity};
  options.log = [](int level, std::string_view text) {
    if (level <= 3) observe::Log(observe::LogLevel::kDebug, StrCat("librdkafka: ", text));
  };
  KS_ASSIGN_OR_RETURN(consumer_, kafka::Consumer::Create(std::move(options)));

  // A broker that is down is waited for; a topic that does not exist is not.
  const int64_t give_up_at =
      services_.clock->MonotonicNanos() + kStartTimeoutMillis * env::kNanosPerMilli;
  bool said = false;
  while (true) {
    const absl::Status status = ReadOnceEnds();
    if (status.ok()) break;
    const bool wait = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
    if (!wait || services_.clock->MonotonicNanos() > give_up_at) return status;
    if (!std::exchange(said, true))
      observe::LogWarning(KafkaIsDown(source().brokers, status).message());
    env::SleepFor(env::kNanosPerSecond);
  }
  if (said) observe::LogInfo(StrCat("Kafka at ", source().brokers, " is there"));
  return consumer_->Subscribe(source().topics, *this);
}

// Every topic exists; where each partition ends now.
absl::Status SourceRunner::ReadOnceEnds() {
  for (const std::string& topic : source().topics) {
    auto description = kafka::DescribeTopic(consumer_->handle(), topic, options_.topic_ids);
    if (absl::IsNotFound(description.status())) return kafka::TopicMissing(topic, source().brokers);
    KS_RETURN_IF_ERROR(description.status());
    topic_ids_[topic] = description->topic_id;
    if (!options_.once) continue;
    for (int32_t i = 0; i < description->partitions; ++i) {
      const TopicPartition name{topic, PartitionId(i)};
      KS_ASSIGN_OR_RETURN(const auto marks, consumer_->QueryWatermarks(name));
      once_ends_[name] = marks.high;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<pipeline::TopicFacts> SourceRunner::FactsOf(const TopicPartition& partition) {
  if (!topic_ids_.contains(partition.topic)) {
    KS_ASSIGN_OR_RETURN(
        const auto description,
        kafka::DescribeTopic(consumer_->handle(), partition.topic, options_.topic_ids));
    topic_ids_[partition.topic] = description.topic_id;
  }
  KS_ASSIGN_OR_RETURN(const auto marks, consumer_->QueryWatermarks(partition));
  pipeline::TopicFacts facts{topic_ids_[partition.topic], marks.low.value(), marks.high.value(),
                             marks.low.value()};
  if (source().start == pipeline::StartAt::kLatest) facts.begin = marks.high.value();
  if (source().start == pipeline::StartAt::kTimestamp) {
    KS_ASSIGN_OR_RETURN(const Offset offset,
                        consumer_->OffsetForTimestamp(partition, source().start_timestamp_ms));
    facts.begin = offset.value();
  }
  return facts;
}

// ---- Assignment

void SourceRunner::OnAssigned(const std::vector<TopicPartition>& partitions) {
  joined_ = true;
  assignment_open_ = true;
  for (const TopicPartition& name : partitions) {
    Assigned& assigned = assigned_[name];
    assigned = Assigned();
    assigned.shard = (*services_.shards)[next_shard_++ % services_.shards->size()].get();
    if (const auto it = once_ends_.find(name); it != once_ends_.end())
      assigned.once_end = it->second;
    StartDriver(name, assigned);
  }
}

void SourceRunner::StartDriver(const TopicPartition& name, Assigned& assigned) {
  auto facts = FactsOf(name);
  auto opened = facts.ok() ? consumer_->OpenQueue(name)
                           : absl::StatusOr<std::unique_ptr<kafka::ConsumerQueue>>(facts.status());
  if (!opened.ok()) {
    observe::LogWarning(StrCat("cannot start ", name.topic, " [", name.partition.value(),
                               "] yet: ", View(opened.status().message())));
    assigned.retake_at =
        services_.clock->MonotonicNanos() + kRetakeAfterMillis * env::kNanosPerMilli;
    return;
  }
  assigned.running = true;
  assigned.retake_at = 0;
  observe::Series& series =
      services_.metrics->Partition(options_.spec->name, name.topic, name.partition.value());
  const DriverServices services{consumer_.get(), services_.spanner, assigned.shard->inbox(),
                                services_.clock, &listener_};
  // std::function wants what can be copied.
  auto queue = std::make_shared<std::unique_ptr<kafka::ConsumerQueue>>(*std::move(opened));
  assigned.shard->Add(
      [this, name, queue, &series, services]() -> std::shared_ptr<PartitionDriver> {
        auto path = options_.make_path(name);
        auto machine = path->MakePartition(name, options_.writer);
        return std::make_shared<PartitionDriver>(name, std::move(*queue), std::move(machine),
                                                 std::move(path), series, services);
      },
      *facts);
}

// Once every partition knows where to begin, the group's assignment is taken.
void SourceRunner::CompleteAssignment() {
  if (!assignment_open_) return;
  std::vector<kafka::StartPosition> positions;
  for (auto& [name, assigned] : assigned_) {
    if (assigned.assigned || assigned.revoked) continue;
    if (assigned.start < Offset(0)) return;
    positions.push_back({name, assigned.start});
  }
  assignment_open_ = false;
  const absl::Status status = consumer_->Assign(positions);
  if (!status.ok()) return Fail(status);
  for (const auto& position : positions) assigned_[position.partition].assigned = true;
}

void SourceRunner::OnRevoked(const std::vector<TopicPartition>& partitions, bool lost) {
  revocation_open_ = true;
  assignment_open_ = false;
  revoke_until_ = services_.clock->MonotonicNanos() + kStopTimeoutMillis * env::kNanosPerMilli;
  for (const TopicPartition& name : partitions) {
    const auto it = assigned_.find(name);
    if (it == assigned_.end()) continue;
    it->second.revoked = true;
    if (lost) it->second.running = false;
    if (it->second.running) it->second.shard->Stop(name);
    services_.metrics->Forget(options_.spec->name, name.topic, name.partition.value());
  }
  if (lost || stopping_) revoke_until_ = 0;
  CompleteRevocation();
}

void SourceRunner::CompleteRevocation() {
  if (!revocation_open_) return;
  const bool late = services_.clock->MonotonicNanos() >= revoke_until_;
  std::vector<TopicPartition> revoked;
  for (const auto& [name, assigned] : assigned_) {
    if (!assigned.revoked) continue;
    if (assigned.running && !late) return;  // still finishing
    revoked.push_back(name);
  }
  revocation_open_ = false;
  Report();
  for (const TopicPartition& name : revoked) {
    assigned_[name].shard->Remove(name);
    assigned_.erase(name);
  }
  const absl::Status status = consumer_->Unassign(revoked);
  if (!status.ok()) observe::LogWarning(status.message());
}

void SourceRunner::OnEnd(const TopicPartition& name, const PartitionEnd& end) {
  const auto it = assigned_.find(name);
  if (it == assigned_.end()) return;
  it->second.running = false;
  if (end.kind == PartitionEnd::Kind::kGivenUp && !it->second.revoked && !stopping_) {
    observe::LogWarning(StrCat(name.topic, " [", name.partition.value(), "] was given up: ",
                               View(end.status.message()), "; reading its chains again"));
    it->second.retake_at =
        services_.clock->MonotonicNanos() + kRetakeAfterMillis * env::kNanosPerMilli;
  }
  if (end.kind == PartitionEnd::Kind::kStopped && !end.status.ok()) Fail(end.status);
}

// Partitions that were given up and are still ours begin again where their chains stand now.
void SourceRunner::Retake() {
  const int64_t now = services_.clock->MonotonicNanos();
  for (auto& [name, assigned] : assigned_) {
    if (assigned.retake_at == 0 || now < assigned.retake_at || assigned.revoked) continue;
    // What was fetched for the old driver must not reach the new one.
    if (assigned.assigned && !consumer_->Unassign({name}).ok()) {
      assigned.retake_at =
          now + kRetakeAfterMillis * env::kNanosPerMilli;  // a rebalance is under way
      continue;
    }
    assigned.assigned = false;
    assigned.start = Offset(-1);
    assignment_open_ = true;
    StartDriver(name, assigned);
  }
}

// ---- The control loop

absl::Status SourceRunner::Turn(int timeout_ms) {
  consumer_->Poll(timeout_ms);
  inbox_->RunAll();
  CompleteAssignment();
  CompleteRevocation();
  if (!stopping_) Retake();
  if (services_.clock->MonotonicNanos() >= report_at_) Report();
  return failure_;
}

void SourceRunner::Report() {
  report_at_ = services_.clock->MonotonicNanos() + kReportEveryMillis * env::kNanosPerMilli;
  std::vector<kafka::StartPosition> offsets;
  for (auto& [name, assigned] : assigned_) {
    if (assigned.committed > assigned.reported) {
      offsets.push_back({name, assigned.committed});
      assigned.reported = assigned.committed;
    }
    const auto marks = consumer_->CachedWatermarks(name);
    if (marks.high < Offset(0) || assigned.committed < Offset(0)) continue;
    const double lag = static_cast<double>(std::max<int64_t>(0, marks.high - assigned.committed));
    observe::Series& series =
        services_.metrics->Partition(options_.spec->name, name.topic, name.partition.value());
    series.Set(observe::MetricId::kLagRecords, lag);
    const double age_ms = static_cast<double>(services_.clock->NowNanos() / env::kNanosPerMilli -
                                              assigned.last_timestamp_ms);
    const bool waiting = lag > 0 && assigned.last_timestamp_ms >= 0;
    series.Set(observe::MetricId::kLagSeconds, waiting ? std::max(0.0, age_ms / 1000) : 0);
  }
  const absl::Status status = consumer_->CommitOffsets(offsets);
  if (!status.ok()) observe::Log(observe::LogLevel::kDebug, status.message());
}

bool SourceRunner::done() const {
  if (!options_.once || !joined_ || assignment_open_) return false;
  return std::all_of(assigned_.begin(), assigned_.end(), [](const auto& entry) {
    return entry.second.once_end >= Offset(0) && entry.second.committed >= entry.second.once_end;
  });
}

void SourceRunner::RequestStop() {
  if (std::exchange(stopping_, true)) return;
  for (auto& [name, assigned] : assigned_) {
    assigned.retake_at = 0;
    if (assigned.running) assigned.shard->Stop(name);
  }
}

bool SourceRunner::stopped() const {
  return std::none_of(assigned_.begin(), assigned_.end(),
                      [](const auto& entry) { return entry.second.running; });
}

void SourceRunner::Close() {
  if (consumer_ == nullptr) return;
  stopping_ = true;
  Report();
  consumer_->Close();
  for (const auto& [name, assigned] : assigned_) assigned.shard->Remove(name);
  assigned_.clear();
}

std::vector<PartitionProgress> SourceRunner::progress() const {
  std::vector<PartitionProgress> result;
  for (const auto& [name, assigned] : assigned_)
    result.push_back({name, assigned.committed, assigned.once_end});
  return result;
}

void SourceRunner::Fail(const absl::Status& status) {
  if (failure_.ok()) failure_ = status;
}

void SourceRunner::OnError(const absl::Status& status, bool fatal) {
  if (fatal) return Fail(status);
  // librdkafka goes on by itself; say it once per kind and minute.
  const int64_t now = services_.clock->MonotonicNanos();
  const bool said =
      last_trouble_.code() == status.code() && now - trouble_said_at_ < 60 * env::kNanosPerSecond;
  if (said) return;
  last_trouble_ = status;
  trouble_said_at_ = now;
  observe::LogWarning(StrCat("Kafka: ", View(status.message())));
}

}  // namespace ks::runtime
