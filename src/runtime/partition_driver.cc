#include "runtime/partition_driver.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/str_cat.h"
#include "pipeline/lane_hash.h"
#include "runtime/errors.h"

namespace ks::runtime {

using observe::MetricId;

PartitionDriver::PartitionDriver(kafka::TopicPartition name,
                                 std::unique_ptr<kafka::ConsumerQueue> queue,
                                 std::unique_ptr<pipeline::Partition> machine,
                                 std::unique_ptr<RecordPath> path, observe::Series& series,
                                 const DriverServices& services)
    : name_(std::move(name)),
      queue_(std::move(queue)),
      machine_(std::move(machine)),
      path_(std::move(path)),
      series_(series),
      services_(services) {
  queue_->NotifyOn(services_.inbox->event_fd());
  if (services_.traces != nullptr) {
    tracer_ = std::make_unique<BatchTracer>(name_, services_.trace_labels, *services_.traces,
                                            *services_.clock, env::RealRandom());
  }
}

PartitionDriver::~PartitionDriver() { queue_->NotifyOn(-1); }

void PartitionDriver::OnFacts(const pipeline::TopicFacts& facts) { Tell(facts); }

void PartitionDriver::Stop() { Tell(pipeline::Stop{}); }

int64_t PartitionDriver::wake_at() const {
  return seek_failed_ ? std::min(seek_retry_at_, machine_->wake_at()) : machine_->wake_at();
}

void PartitionDriver::Tell(pipeline::Event event) {
  if (ended_) return;
  if (tracer_ != nullptr) tracer_->OnEvent(event);
  pipeline::Actions actions;
  machine_->Handle(event, services_.clock->MonotonicNanos(), &actions);
  Do(std::move(actions));
}

void PartitionDriver::Do(pipeline::Actions actions) {
  for (pipeline::Action& action : actions) {
    if (tracer_ != nullptr) tracer_->OnAction(action);
    std::visit([this](auto& what) { Act(what); }, action);
  }
}

template <typename E>
std::function<void(E)> PartitionDriver::Poster() {
  return [inbox = services_.inbox, weak = weak_from_this()](E event) {
    inbox->Post([weak, event = std::move(event)]() mutable {
      if (const auto driver = weak.lock()) driver->Tell(std::move(event));
    });
  };
}

// ---- Actions

void PartitionDriver::Act(pipeline::ReadChains& action) {
  services_.spanner->Read(std::move(action.reads),
                          [post = Poster<pipeline::ChainsRead>(), id = action.id](auto rows) {
                            post({id, std::move(rows)});
                          });
}

void PartitionDriver::Act(pipeline::ReadRows& action) {
  services_.spanner->Read(std::move(action.reads),
                          [post = Poster<pipeline::RowsRead>(), id = action.id](auto rows) {
                            post({id, std::move(rows)});
                          });
}

std::function<void(pipeline::CommitDone)> PartitionDriver::CommitPoster() {
  const int64_t sent_at = services_.clock->MonotonicNanos();
  return [inbox = services_.inbox, weak = weak_from_this(), sent_at](pipeline::CommitDone event) {
    inbox->Post([weak, sent_at, event = std::move(event)]() mutable {
      if (const auto driver = weak.lock()) driver->OnCommitAnswer(std::move(event), sent_at);
    });
  };
}

void PartitionDriver::Act(pipeline::SendCommit& action) {
  services_.spanner->Commit(std::move(action), CommitPoster());
}

void PartitionDriver::Act(pipeline::RunTransaction& action) {
  services_.spanner->Run(std::move(action), CommitPoster());
}

void PartitionDriver::OnCommitAnswer(pipeline::CommitDone event, int64_t sent_at) {
  const double seconds = static_cast<double>(services_.clock->MonotonicNanos() - sent_at) /
                         static_cast<double>(env::kNanosPerSecond);
  series_.Record(MetricId::kCommitSeconds, seconds);
  if (!event.status.ok()) series_.Add(MetricId::kCommitRetries);
  Tell(std::move(event));
  Count();
}

// What the machine has counted since the last time goes to the metrics.
void PartitionDriver::Count() {
  const pipeline::PartitionStats& now = machine_->stats();
  if (now.commits > counted_.commits) {
    series_.Record(MetricId::kBatchRecords, static_cast<double>(now.last_batch_records));
  }
  series_.Add(MetricId::kRecords, static_cast<double>(now.records - counted_.records));
  series_.Add(MetricId::kCommits, static_cast<double>(now.commits - counted_.commits));
  series_.Add(MetricId::kDeadLetters,
              static_cast<double>(now.dead_letters - counted_.dead_letters));
  series_.Add(MetricId::kSkipped,
              static_cast<double>(now.skipped_records - counted_.skipped_records));
  counted_ = now;
}

void PartitionDriver::Act(pipeline::Seek& action) {
  DropBacklog();
  taken_.clear();
  epoch_ = action.epoch;
  seek_to_ = action.offset;
  if (!started_) {
    started_ = true;  // the assignment begins there
    // Another worker may have brought it so far: that is true before anything comes.
    if (action.offset >= 0)
      series_.Set(MetricId::kCommittedOffset, static_cast<double>(action.offset));
    services_.listener->on_start(name_, Offset(action.offset));
    return;
  }
  const absl::Status status = services_.consumer->Seek(name_, Offset(action.offset));
  seek_failed_ = !status.ok();
  if (!seek_failed_) return;
  // The partition is not fetched yet, or no more; nothing is taken from the queue until the seek
  // has worked.
  seek_retry_at_ = services_.clock->MonotonicNanos() + 100 * env::kNanosPerMilli;
}

void PartitionDriver::Act(pipeline::Pause&) { paused_ = true; }
void PartitionDriver::Act(pipeline::Resume&) { paused_ = false; }

void PartitionDriver::Act(pipeline::CommitKafkaOffset& action) {
  series_.Set(MetricId::kCommittedOffset, static_cast<double>(action.offset));
  services_.listener->on_committed(name_, Offset(action.offset));
  Waiting(action.offset);
}

void PartitionDriver::Waiting(int64_t committed) {
  while (!taken_.empty() && taken_.front().end <= committed) taken_.pop_front();
  services_.oldest->timestamp_ms = taken_.empty() ? -1 : taken_.front().timestamp_ms;
}

void PartitionDriver::Act(pipeline::DescribeTopic&) {
  services_.listener->on_facts_wanted(name_, /*out_of_range=*/false);
}

void PartitionDriver::Act(pipeline::Warning& action) {
  services_.listener->on_warning(action.status);
}

void PartitionDriver::Act(pipeline::BatchEnded&) {
  if (const auto complete = machine_->complete_offset()) tracer_->OnCommitted(*complete);
}

void PartitionDriver::Act(pipeline::GivenUp& action) {
  ended_ = true;
  series_.Add(MetricId::kFenced);
  services_.listener->on_end(name_, {PartitionEnd::Kind::kGivenUp, action.reason});
}

void PartitionDriver::Act(pipeline::Stopped& action) {
  ended_ = true;
  services_.listener->on_end(name_, {PartitionEnd::Kind::kStopped, action.status});
}

// ---- Records

void PartitionDriver::DropBacklog() {
  backlog_.Clear();
  offsets_.clear();
  positions_.clear();
  next_ = 0;
  schemas_ready_ = false;
}

bool PartitionDriver::Turn() {
  if (ended_) return false;
  const int64_t now = services_.clock->MonotonicNanos();
  if (seek_failed_ && now >= seek_retry_at_) {
    pipeline::Seek again{seek_to_, epoch_};
    Act(again);
  }
  if (now >= machine_->wake_at()) Tell(pipeline::Tick{});
  if (ended_ || seek_failed_ || paused_) return false;
  if (next_ >= offsets_.size() && !TakeMessages()) return false;
  return SchemasReady() && OfferBacklog();
}

// False: the backlog waits for a schema, and this partition with it.
bool PartitionDriver::SchemasReady() {
  if (schemas_ready_ || schema_awaited_) return schemas_ready_;
  const auto told = [inbox = services_.inbox, weak = weak_from_this()](const absl::Status& status) {
    inbox->Post([weak, status] {
      if (const auto driver = weak.lock()) driver->OnSchema(status);
    });
  };
  schemas_ready_ = path_->Prepare(backlog_, positions_, told);
  schema_awaited_ = !schemas_ready_;
  return schemas_ready_;
}

void PartitionDriver::OnSchema(const absl::Status& told) {
  if (told.ok()) {
    schema_awaited_ = schema_warned_ = false;
  } else if (!std::exchange(schema_warned_, true) && !ended_) {
    services_.listener->on_warning(SchemaAwaited(name_.topic, name_.partition.value(), told));
  }
}

bool PartitionDriver::TakeMessages() {
  DropBacklog();
  const int64_t since = tracer_ == nullptr ? 0 : services_.clock->MonotonicNanos();
  queue_->Take(&backlog_);
  if (backlog_.empty()) return false;
  key_hashes_.clear();
  timestamps_ms_.clear();
  backlog_end_ = -1;
  size_t bytes = 0;
  for (size_t i = 0; i < backlog_.size(); ++i) {
    const kafka::MessageView message = backlog_[i];
    if (message.is_end()) {
      backlog_end_ = std::max(backlog_end_, message.offset().value());
      continue;
    }
    if (const absl::Status error = message.error(); !error.ok()) {
      if (absl::IsOutOfRange(error)) {
        services_.listener->on_facts_wanted(name_, /*out_of_range=*/true);
      }
      services_.listener->on_warning(error);
      continue;
    }
    offsets_.push_back(message.offset().value());
    key_hashes_.push_back(pipeline::LaneHashOf(message.key(), message.offset().value()));
    timestamps_ms_.push_back(message.timestamp_ms());
    positions_.push_back(static_cast<uint32_t>(i));
    backlog_end_ = std::max(backlog_end_, message.offset().value() + 1);
    bytes += message.bytes();
  }
  series_.Add(MetricId::kRecordBytes, static_cast<double>(bytes));
  if (!offsets_.empty()) {
    taken_.push_back({timestamps_ms_.front(), backlog_end_});
    if (taken_.size() == 1) services_.oldest->timestamp_ms = timestamps_ms_.front();
    if (tracer_ != nullptr) tracer_->OnPoll(since, backlog_, positions_, offsets_);
  }
  return backlog_end_ >= 0;
}

// Offers what is left of the backlog; false when the machine has no room now.
bool PartitionDriver::OfferBacklog() {
  const size_t from = next_;
  pipeline::RecordChunk chunk;
  chunk.epoch = epoch_;
  chunk.offsets = absl::MakeConstSpan(offsets_).subspan(from);
  chunk.key_hashes = absl::MakeConstSpan(key_hashes_).subspan(from);
  chunk.timestamps_ms = absl::MakeConstSpan(timestamps_ms_).subspan(from);
  chunk.next_offset = backlog_end_;
  const pipeline::Admission admission = machine_->Admit(chunk);
  if (admission.consumed == 0 && !chunk.offsets.empty()) return false;
  next_ = from + admission.consumed;
  if (!admission.rows.empty()) {
    pipeline::StageTimes* const times = tracer_ == nullptr ? nullptr : tracer_->BeginWrite();
    const auto refused = path_->Write(backlog_, absl::MakeConstSpan(positions_).subspan(from),
                                      admission, series_, times);
    if (refused) Tell(*refused);
  }
  const uint32_t epoch = epoch_;
  Tell(pipeline::RecordsAdded{});
  const bool dropped = epoch != epoch_ || ended_;
  if (!dropped && next_ == offsets_.size()) DropBacklog();
  return true;
}

}  // namespace ks::runtime
