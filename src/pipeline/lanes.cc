#include "pipeline/lanes.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "pipeline/checkpoint_errors.h"
#include "pipeline/lane_hash.h"

namespace ks::pipeline {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// commit_stats are asked for on the first commits and then now and then.
constexpr int64_t kAlwaysCounted = 4;
constexpr int64_t kCountedEvery = 64;

void AddTo(const BatchSize& size, BatchSize* sum) {
  sum->records += size.records;
  sum->bytes += size.bytes;
  sum->mutations += size.mutations;
}

bool Within(const BatchSize& size, const BatchLimits& limits) {
  return size.records < limits.records && size.bytes < limits.bytes &&
         size.mutations < limits.mutations;
}

}  // namespace

Lanes::Lanes(const PartitionOptions& options, const Chains& chains, const LaneDataFactory& factory,
             env::Random* random, CallId* last_call, PartitionStats* stats)
    : options_(options),
      context_{options.key, chains.generation, options.writer, options.tag, options.rules,
               random,      last_call,         options.traces},
      stats_(stats),
      lanes_(chains.lanes.size()),
      window_(static_cast<int>(chains.lanes.size())),
      breaker_(options.dead_letters) {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i].chain = chains.lanes[i];
    lanes_[i].taken = chains.lanes[i].head;
    lanes_[i].data = factory(static_cast<int>(i), static_cast<int>(lanes_.size()));
  }
}

void Lanes::Begin(int64_t low, std::optional<int64_t> target, uint32_t* epoch, Actions* actions) {
  epoch_ = epoch;
  target_ = target;
  SkipTo(low);
  seek_needed_ = false;
  position_ = std::max(low, next_needed());
  actions->push_back(Seek{position_, ++*epoch_});
}

void Lanes::SkipTo(int64_t offset) {
  seek_needed_ = true;
  skip_to_ = offset;
  if (target_.has_value()) offset = std::min(offset, *target_);
  for (Lane& lane : lanes_) lane.taken = std::max(lane.taken, offset);
}

int64_t Lanes::next_needed() const {
  int64_t lowest = kNever;
  for (const Lane& lane : lanes_) lowest = std::min(lowest, lane.taken);
  return lowest;
}

int64_t Lanes::highest_head() const {
  int64_t highest = 0;
  for (const Lane& lane : lanes_) highest = std::max(highest, lane.chain.head);
  return highest;
}

int64_t Lanes::complete_offset() const {
  int64_t lowest = kNever;
  for (const Lane& lane : lanes_) {
    const bool waits = lane.in_flight_data || lane.data->open().records != 0;
    lowest = std::min(lowest, waits ? lane.chain.head : lane.taken);
  }
  return lowest;
}

void Lanes::Finish(absl::Status status) {
  if (finishing_) return;
  finishing_ = true;
  finish_ = std::move(status);
}

// ---- Records

bool Lanes::Full() const {
  BatchSize sum;
  for (const Lane& lane : lanes_) {
    const BatchSize open = lane.data->open();
    if (!Within(open, options_.batch)) return true;
    AddTo(open, &sum);
  }
  const bool holds = sum.records > 0 || !flights_.empty();
  return holds && options_.memory != nullptr && options_.memory->spent();
}

Admission Lanes::Admit(const RecordChunk& chunk) {
  admitted_rows_.clear();
  admitted_lanes_.clear();
  const size_t size = chunk.offsets.size();
  const bool stale = options_.rules.epoch && chunk.epoch != *epoch_;
  if (stale || finishing_ || seek_needed_) return {.consumed = size};
  if (Full()) return {.consumed = 0};
  size_t count = size;
  if (target_.has_value()) {
    count =
        static_cast<size_t>(std::lower_bound(chunk.offsets.begin(), chunk.offsets.end(), *target_) -
                            chunk.offsets.begin());
  }
  AdmitRows(chunk, count);
  int64_t upto = count == size ? chunk.next_offset : chunk.offsets[count];
  position_ = std::max(position_, upto);
  if (target_.has_value()) upto = std::min(upto, *target_);
  for (Lane& lane : lanes_) {
    lane.taken_before = lane.taken;
    lane.taken = std::max(lane.taken, upto);
  }
  return {.consumed = count, .rows = admitted_rows_, .lanes = admitted_lanes_};
}

void Lanes::AdmitRows(const RecordChunk& chunk, size_t count) {
  if (count == 0) return;
  admitted_rows_.resize(count);
  admitted_lanes_.resize(count);
  const auto lanes = static_cast<uint32_t>(lanes_.size());
  int64_t highest_taken = 0;
  for (const Lane& lane : lanes_) highest_taken = std::max(highest_taken, lane.taken);
  int64_t newest = newest_timestamp_ms_.value_or(-1);
  for (size_t i = 0; i < count; ++i) newest = std::max(newest, chunk.timestamps_ms[i]);
  if (newest >= 0) newest_timestamp_ms_ = newest;

  const bool nothing_taken = chunk.offsets[0] >= highest_taken || !options_.rules.skip;
  size_t admitted = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t lane = lanes == 1 ? 0 : LaneOf(chunk.key_hashes[i], lanes);
    admitted_rows_[admitted] = static_cast<uint32_t>(i);
    admitted_lanes_[admitted] = static_cast<uint16_t>(lane);
    admitted += nothing_taken || chunk.offsets[i] >= lanes_[lane].taken ? 1 : 0;
  }
  admitted_rows_.resize(admitted);
  admitted_lanes_.resize(admitted);
}

void Lanes::Refuse(const RecordRefused& refused) {
  // What comes after it in the chunk is in no lane.
  for (Lane& lane : lanes_) lane.taken = std::max(lane.taken_before, refused.offset);
  Finish(refused.status);
}

// ---- Sending

BatchLimits Lanes::LimitsFor(const Lane& lane) const {
  BatchLimits limits = options_.batch;
  limits.mutations = static_cast<int64_t>(static_cast<double>(limits.mutations) / mutation_ratio_) -
                     kAdvanceMutations;
  if (lane.suspects > 0) limits.records = (lane.suspects + 1) / 2;
  return limits;
}

bool Lanes::IsDue(const Lane& lane, int64_t now) const {
  if (lane.taken <= lane.chain.head || lane.data->open().records != 0) return false;
  if (finishing_ || (target_.has_value() && lane.taken == *target_)) return true;
  return lane.behind_since >= 0 && now - lane.behind_since >= options_.idle_advance_nanos;
}

Leg Lanes::CloseLane(int number) {
  Lane& lane = lanes_[static_cast<size_t>(number)];
  Leg leg{.lane = number, .from = lane.chain, .end = lane.taken};
  std::optional<int64_t> newest = newest_timestamp_ms_;
  if (lane.data->open().records != 0) {
    leg.batch = lane.data->Close(LimitsFor(lane));
    leg.data = lane.data.get();
    if (lane.data->open().records != 0) {
      leg.end = leg.batch.end_offset;
      newest.reset();
      if (leg.batch.last_timestamp_ms >= 0) newest = leg.batch.last_timestamp_ms;
    }
    leg.end = std::max(leg.end, leg.batch.end_offset);
  }
  if (!options_.rules.give_up || !options_.rules.skip) {
    leg.end = std::max(leg.end, leg.from.head + 1);  // a broken protocol, in a test
  }
  KS_CHECK(leg.end > leg.from.head);  // a batch of nothing would not be fenced
  leg.last_timestamp_ms = std::max(newest, leg.from.last_timestamp_ms);
  lane.in_flight = true;
  lane.in_flight_data = leg.data != nullptr;
  lane.behind_since = -1;
  return leg;
}

void Lanes::LaunchOne(std::vector<int> numbers, bool small, int64_t now, Actions* actions) {
  std::vector<Leg> legs;
  std::vector<Leg> alone;  // those in a transaction of their own
  for (const int number : numbers) {
    Leg leg = CloseLane(number);
    const bool transaction = leg.data != nullptr && !leg.data->TransactionReads().empty();
    (transaction ? alone : legs).push_back(std::move(leg));
  }
  const auto launch = [&](std::vector<Leg> flight_legs) {
    auto airborne =
        std::make_unique<Airborne>(Airborne{Flight(&context_, std::move(flight_legs), small)});
    const Lane& first = lanes_[static_cast<size_t>(airborne->flight.legs()[0].lane)];
    // A batch that was refused may have been too large as Spanner counts.
    const bool counted =
        launched_ < kAlwaysCounted || launched_ % kCountedEvery == 0 || first.suspects > 0;
    ++launched_;
    airborne->flight.Start(now, counted, actions);
    flights_.push_back(std::move(airborne));
  };
  if (!legs.empty()) launch(std::move(legs));
  for (Leg& leg : alone) launch({std::move(leg)});
}

void Lanes::LaunchShared(const std::vector<int>& numbers, int slots, int64_t now,
                         Actions* actions) {
  int shared = options_.shared_commits_max;
  for (const auto& airborne : flights_) shared -= airborne->flight.small() ? 1 : 0;
  if (!finishing_) slots = std::min(slots, shared);
  std::vector<int> group;
  BatchSize sum;
  for (const int number : numbers) {
    if (slots <= 0) return;
    AddTo(lanes_[static_cast<size_t>(number)].data->open(), &sum);
    if (!group.empty() && !Within(sum, options_.shared)) {
      LaunchOne(std::exchange(group, {}), true, now, actions);
      sum = lanes_[static_cast<size_t>(number)].data->open();
      --slots;
    }
    group.push_back(number);
  }
  if (!group.empty() && slots > 0) LaunchOne(std::move(group), true, now, actions);
}

void Lanes::Launch(int64_t now, Actions* actions) {
  std::vector<int> small;
  int slots = window_.size() - static_cast<int>(flights_.size());
  first_lane_ = (first_lane_ + 1) % lanes_.size();
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const size_t number = (first_lane_ + i) % lanes_.size();
    Lane& lane = lanes_[number];
    if (lane.in_flight) continue;
    const BatchSize open = lane.data->open();
    if (open.records == 0) {
      if (lane.taken > lane.chain.head && lane.behind_since < 0) lane.behind_since = now;
      if (IsDue(lane, now)) small.push_back(static_cast<int>(number));
      continue;
    }
    if (lane.suspects == 0 && Within(open, options_.shared)) {
      small.push_back(static_cast<int>(number));
    } else if (slots > 0) {
      LaunchOne({static_cast<int>(number)}, false, now, actions);
      --slots;
    }
  }
  LaunchShared(small, slots, now, actions);
}

// ---- The turn of the crank

bool Lanes::Quiet() const {
  return flights_.empty() && std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
           return lane.data->open().records == 0 && lane.taken <= lane.chain.head;
         });
}

Lanes::Outcome Lanes::Step(int64_t now, Actions* actions) {
  for (size_t i = 0; i < flights_.size() && !moved_ && !failed_;) {
    Airborne* const airborne = flights_[i].get();
    const Flight::Outcome outcome = airborne->flight.OnTime(now, actions);
    if (outcome == Flight::Outcome::kFlying) {
      ++i;
    } else {
      Settle(airborne, outcome, now, actions);
      i = 0;  // the list has changed
    }
  }
  if (moved_) return Outcome::kMoved;
  if (failed_) return Outcome::kFinished;
  Launch(now, actions);
  if (seek_needed_ && !finishing_) {
    seek_needed_ = false;
    position_ = std::max(skip_to_, next_needed());
    actions->push_back(Seek{position_, ++*epoch_});
  }
  SetFetching(actions);
  Report(now, actions);
  SetWake(now);
  if (finishing_ && Quiet()) return Outcome::kFinished;
  if (target_.has_value() && Quiet() && next_needed() >= *target_) return Outcome::kDrained;
  return Outcome::kWorking;
}

void Lanes::SetFetching(Actions* actions) {
  const bool wanted = !finishing_ && !Full() && (!target_.has_value() || position_ < *target_);
  if (wanted == fetching_) return;
  fetching_ = wanted;
  if (wanted) {
    actions->push_back(Resume{});
  } else {
    actions->push_back(Pause{});
  }
}

void Lanes::Report(int64_t now, Actions* actions) {
  const int64_t complete = complete_offset();
  if (complete <= reported_) return;  // what was in Spanner stays there
  // Nothing more will come of itself when all is quiet: whoever waits for the end need not wait.
  if (reported_ >= 0 && !Quiet() && now - reported_at_ < options_.report_nanos) return;
  reported_ = complete;
  reported_at_ = now;
  actions->push_back(CommitKafkaOffset{complete});
}

void Lanes::SetWake(int64_t now) {
  wake_at_ = kNever;
  for (const auto& airborne : flights_) {
    wake_at_ = std::min(wake_at_, airborne->flight.wake_at());
  }
  for (const Lane& lane : lanes_) {
    // One that is due and still here waits for a flight to land.
    const int64_t due = lane.behind_since + options_.idle_advance_nanos;
    if (lane.behind_since >= 0 && !lane.in_flight && due > now) wake_at_ = std::min(wake_at_, due);
  }
  if (complete_offset() > reported_) {
    wake_at_ = std::min(wake_at_, reported_at_ + options_.report_nanos);
  }
}

}  // namespace ks::pipeline
