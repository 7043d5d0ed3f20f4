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
#include "runtime/first_chains.h"
#include "runtime/limits.h"

namespace ks::runtime {

using kafka::TopicPartition;

namespace {

// A partition stops with an error where a person has to decide about its data, whatever code
// Spanner gave; refused rights stay what they are.
absl::Status AsDecision(const absl::Status& status) {
  const bool rights = absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
  return rights ? status : absl::FailedPreconditionError(status.message());
}

}  // namespace

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
  listener.on_committed = [this, post](TopicPartition name, Offset offset) {
    post([this, name, offset] {
      const auto it = assigned_.find(name);
      if (it != assigned_.end()) it->second.committed = offset;
      quiet_since_ = services_.clock->MonotonicNanos();
    });
  };
  listener.on_end = [this, post](TopicPartition name, PartitionEnd end) {
    post([this, name, end] { OnEnd(name, end); });
  };
  listener.on_facts_wanted = [this, post](TopicPartition name, bool out_of_range) {
    post([this, name, out_of_range] { AskAgain({name}, out_of_range); });
  };
  listener.on_warning = [this, post](const absl::Status& status) {
    observe::LogWarning(status.message());
    if (absl::IsPermissionDenied(status)) post([this, status] { NoteRights(status); });
  };
  return listener;
}

// ---- Start

std::string SourceRunner::group() const {
  if (options_.spec->sources.size() == 1) return options_.spec->name;
  return StrCat(options_.spec->name, ".", source().name);
}

absl::Status SourceRunner::MakeConsumer(const kafka::Prefetch& prefetch) {
  watch_.reset();
  kafka::ConsumerOptions options;
  options.brokers = source().brokers;
  options.group = group();
  options.properties.assign(source().properties.begin(), source().properties.end());
  options.login = {source().security, options_.identity};
  options.log = [](int level, std::string_view text) {
    if (level <= 3) observe::Log(observe::LogLevel::kDebug, StrCat("librdkafka: ", text));
  };
  options.prefetch = prefetch;
  KS_ASSIGN_OR_RETURN(consumer_, kafka::Consumer::Create(std::move(options)));
  watch_ = std::make_unique<TopicWatch>(consumer_->handle(), options_.topic_ids);
  return absl::OkStatus();
}

absl::Status SourceRunner::Start() {
  KS_RETURN_IF_ERROR(MakeConsumer({}));
  KS_RETURN_IF_ERROR(WaitForTopics());
  if (options_.wait.stop.stop_requested()) return absl::OkStatus();
  // What is fetched ahead is fixed when a consumer starts; how many partitions share it, known now.
  const kafka::Prefetch prefetch = kafka::PrefetchWithin(options_.prefetch_bytes, partitions_);
  if (prefetch != kafka::Prefetch{}) KS_RETURN_IF_ERROR(MakeConsumer(prefetch));
  return consumer_->Subscribe(source().topics, *this);
}

absl::Status SourceRunner::WaitForTopics() {
  // A broker that is down is waited for; a topic that does not exist is not.
  const int64_t since = services_.clock->MonotonicNanos();
  bool said = false;
  while (true) {
    const absl::Status status = LookAtTopics();
    if (status.ok()) break;
    if (options_.wait.stop.stop_requested()) return absl::OkStatus();
    KS_RETURN_IF_ERROR(consumer_->last_refusal());
    if (!absl::IsUnavailable(status) || options_.wait.over(since)) return status;
    if (!std::exchange(said, true))
      observe::LogWarning(StrCat(View(status.message()), " Waiting for it."));
    env::SleepFor(env::kNanosPerSecond);
  }
  if (said) observe::LogInfo(StrCat("Kafka at ", source().brokers, " is there, with all topics"));
  return absl::OkStatus();
}

// Every topic exists and has chains; where each partition ends now. UNAVAILABLE: try again.
absl::Status SourceRunner::LookAtTopics() {
  rd_kafka_s* const handle = consumer_->handle();
  const auto in_our_words = [&](const absl::Status& status) {
    const bool down = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
    if (down) return KafkaIsDown(source().brokers, status);
    return absl::IsPermissionDenied(status) ? KafkaForbids(source().brokers, status) : status;
  };
  partitions_ = 0;
  for (const std::string& topic : source().topics) {
    const auto description = kafka::DescribeTopic(handle, topic, options_.topic_ids);
    if (absl::IsNotFound(description.status())) return kafka::TopicMissing(topic, source().brokers);
    if (!description.ok()) return in_our_words(description.status());
    KS_RETURN_IF_ERROR(MakeFirstChains({.pipeline = options_.spec->name,
                                        .topic = topic,
                                        .topic_id = description->topic_id,
                                        .partitions = description->partitions,
                                        .writer = options_.writer},
                                       source(), handle, *services_.spanner));
    partitions_ += description->partitions;
    if (!options_.once) continue;
    std::vector<TopicPartition> partitions;
    for (int32_t i = 0; i < description->partitions; ++i)
      partitions.push_back({topic, PartitionId(i)});
    const auto ends = kafka::ListOffsets(handle, partitions, kafka::kEndOffset);
    if (!ends.ok()) return in_our_words(ends.status());
    if (ends->size() < partitions.size())
      return kafka::PartitionsWithoutLeader(topic, partitions.size() - ends->size());
    once_ends_.insert(ends->begin(), ends->end());
  }
  return absl::OkStatus();
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
  }
  AskToStart(partitions);
}

void SourceRunner::AskToStart(const std::vector<TopicPartition>& partitions) {
  watch_->Ask(partitions, [this, inbox = inbox_, partitions](const auto& facts) {
    inbox->Post([this, partitions, facts] { OnFactsToStart(partitions, facts); });
  });
}

void SourceRunner::OnFactsToStart(const std::vector<TopicPartition>& partitions,
                                  const absl::StatusOr<TopicFactsMap>& facts) {
  absl::Status trouble = facts.status();
  for (const TopicPartition& name : partitions) {
    const auto it = assigned_.find(name);
    if (stopping_ || it == assigned_.end() || it->second.running || it->second.revoked) continue;
    if (!facts.ok()) {
      RetakeLater(it->second);
    } else if (const auto known = facts->find(name); known == facts->end()) {
      trouble.Update(absl::UnavailableError("it has no leader now"));
      RetakeLater(it->second);
    } else {
      trouble.Update(StartDriver(name, it->second, known->second));
    }
  }
  if (!trouble.ok()) OnError(trouble, /*fatal=*/false);
}

void SourceRunner::RetakeLater(Assigned& assigned) {
  assigned.retake_at = services_.clock->MonotonicNanos() + kRetakeAfterMillis * env::kNanosPerMilli;
}

absl::Status SourceRunner::StartDriver(const TopicPartition& name, Assigned& assigned,
                                       const pipeline::TopicFacts& facts) {
  auto opened = consumer_->OpenQueue(name);
  if (!opened.ok()) {
    RetakeLater(assigned);
    return opened.status();
  }
  assigned.running = true;
  assigned.end = Offset(facts.high);
  assigned.oldest = std::make_shared<OldestWaiting>();
  observe::Series& series =
      services_.metrics->Partition(options_.spec->name, name.topic, name.partition.value());
  const DriverServices services{consumer_.get(),
                                services_.spanner,
                                assigned.shard->inbox(),
                                services_.clock,
                                &listener_,
                                assigned.oldest,
                                options_.traces,
                                {options_.spec->name, group(), options_.spec->target.database}};
  // std::function wants what can be copied.
  auto queue = std::make_shared<std::unique_ptr<kafka::ConsumerQueue>>(*std::move(opened));
  assigned.shard->Add(
      [this, name, queue, &series, services]() -> std::shared_ptr<PartitionDriver> {
        auto path = options_.make_path(name);
        auto machine = path->MakePartition(name, options_.writer);
        return std::make_shared<PartitionDriver>(name, std::move(*queue), std::move(machine),
                                                 std::move(path), series, services);
      },
      facts);
  return absl::OkStatus();
}

// What the broker says goes to the partitions that run.
void SourceRunner::AskAgain(std::vector<TopicPartition> partitions, bool out_of_range) {
  watch_->Ask(std::move(partitions), [this, inbox = inbox_, out_of_range](const auto& answer) {
    if (!answer.ok()) return;  // asked again before long
    inbox->Post([this, facts = *answer, out_of_range]() mutable {
      for (auto& [name, known] : facts) {
        const auto it = assigned_.find(name);
        if (it == assigned_.end() || !it->second.running) continue;
        it->second.end = Offset(known.high);
        known.out_of_range = out_of_range;
        it->second.shard->Facts(name, known);
      }
    });
  });
}

// Once every partition knows where to begin, the group's assignment is taken.
void SourceRunner::CompleteAssignment() {
  if (!assignment_open_) return;
  std::vector<kafka::StartPosition> positions;
  for (auto& [name, assigned] : assigned_) {
    // Those that are to be tried again come by themselves.
    if (assigned.assigned || assigned.revoked || assigned.retake_at != 0) continue;
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
    RetakeLater(it->second);
  }
  if (end.kind == PartitionEnd::Kind::kStopped && !end.status.ok()) Fail(AsDecision(end.status));
}

// Partitions that were given up and are still ours begin again where their chains stand now.
void SourceRunner::Retake() {
  const int64_t now = services_.clock->MonotonicNanos();
  std::vector<TopicPartition> again;
  for (auto& [name, assigned] : assigned_) {
    if (assigned.retake_at == 0 || now < assigned.retake_at || assigned.revoked) continue;
    // What was fetched for the old driver must not reach the new one.
    if (assigned.assigned && !consumer_->Unassign({name}).ok()) {
      RetakeLater(assigned);  // a rebalance is under way
      continue;
    }
    assigned.retake_at = 0;
    assigned.assigned = false;
    assigned.start = Offset(-1);
    assignment_open_ = true;
    again.push_back(name);
  }
  if (!again.empty()) AskToStart(again);
}

// ---- The control loop

absl::Status SourceRunner::Turn(int timeout_ms) {
  consumer_->Poll(timeout_ms);
  inbox_->RunAll();
  CompleteAssignment();
  CompleteRevocation();
  if (!stopping_) Retake();
  const int64_t now = services_.clock->MonotonicNanos();
  if (now >= report_at_) Report();
  if (now >= ask_at_) {
    ask_at_ = now + kTopicFactsEveryMillis * env::kNanosPerMilli;
    std::vector<TopicPartition> running;
    for (const auto& [name, assigned] : assigned_) {
      if (assigned.running) running.push_back(name);
    }
    if (!running.empty()) AskAgain(std::move(running), /*out_of_range=*/false);
  }
  // A right that is missing may be given any time, and a worker waits for it. With --once there may
  // be nobody to give it, so it waits no longer than for a Kafka that is down.
  if (options_.once && !lacking_.ok() && !done() && options_.wait.over(quiet_since_)) {
    Fail(KafkaForbids(source().brokers, lacking_));
  }
  return failure_;
}

void SourceRunner::NoteRights(const absl::Status& status) {
  if (!absl::IsPermissionDenied(status)) return;
  if (lacking_.ok()) quiet_since_ = services_.clock->MonotonicNanos();
  lacking_ = status;
}

void SourceRunner::Report() {
  report_at_ = services_.clock->MonotonicNanos() + kReportEveryMillis * env::kNanosPerMilli;
  std::vector<kafka::StartPosition> offsets;
  for (auto& [name, assigned] : assigned_) {
    if (assigned.committed > assigned.reported) {
      offsets.push_back({name, assigned.committed});
      assigned.reported = assigned.committed;
    }
    SetLag(name, assigned);
  }
  const absl::Status status = consumer_->CommitOffsets(offsets);
  if (!status.ok()) observe::Log(observe::LogLevel::kDebug, status.message());
}

// A fetch tells the end sooner than the watch does, which knows it where nothing is fetched.
void SourceRunner::SetLag(const TopicPartition& name, Assigned& assigned) {
  if (assigned.revoked) return;  // its metrics are forgotten already
  const Offset done = std::max(assigned.committed, assigned.start);
  if (done < Offset(0)) return;
  const Offset end = std::max(assigned.end, consumer_->CachedWatermarks(name).high);
  const int64_t lag = std::max<int64_t>(0, end - done);
  const int64_t now = services_.clock->MonotonicNanos();
  if (lag == 0) assigned.waiting_since = 0;
  if (lag > 0 && assigned.waiting_since == 0) assigned.waiting_since = now;
  double seconds = 0;
  if (lag > 0) {
    const int64_t oldest_ms =
        assigned.oldest == nullptr ? -1 : assigned.oldest->timestamp_ms.load();
    seconds =
        oldest_ms < 0
            ? static_cast<double>(now - assigned.waiting_since) / env::kNanosPerSecond
            : static_cast<double>(services_.clock->NowNanos() / env::kNanosPerMilli - oldest_ms) /
                  1000;
  }
  observe::Series& series =
      services_.metrics->Partition(options_.spec->name, name.topic, name.partition.value());
  series.Set(observe::MetricId::kLagRecords, static_cast<double>(lag));
  series.Set(observe::MetricId::kLagSeconds, std::max(0.0, seconds));
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
  watch_.reset();
  Report();
  if (const absl::Status left = consumer_->Close(); !left.ok()) observe::LogWarning(left.message());
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
  NoteRights(status);
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
