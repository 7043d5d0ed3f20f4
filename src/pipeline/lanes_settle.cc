// What becomes of flights: landed, moved, refused.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "pipeline/checkpoint_errors.h"
#include "pipeline/lanes.h"

namespace ks::pipeline {
namespace {

// Commits refused in a row that carried nothing Spanner could object to: an outage (a revoked
// encryption key answers FAILED_PRECONDITION to every write), not data.
constexpr int kOutageMax = 10;
constexpr int64_t kOutagePauseNanos = env::kNanosPerSecond;

// How a flight ended, for its trace.
absl::Status EndOf(const Flight& flight, Flight::Outcome outcome) {
  if (outcome == Flight::Outcome::kDone) return absl::OkStatus();
  if (outcome == Flight::Outcome::kMoved) {
    return absl::AbortedError("another worker has moved the chains");
  }
  return flight.cause();
}

}  // namespace

Lanes::Airborne* Lanes::Find(CallId call) {
  for (const auto& airborne : flights_) {
    if (airborne->flight.Awaits(call)) return airborne.get();
  }
  return nullptr;
}

void Lanes::Notice(const absl::Status& answer, const Flight& flight, int64_t now,
                   Actions* actions) {
  if (answer.ok() || IsDataError(answer.code())) return outage_notice_.Mended();
  if (answer.code() == absl::StatusCode::kAborted || !outage_notice_.Failed(now)) return;
  actions->push_back(Warning{InTrace(SpannerSilentWarning(options_.key, answer), flight.trace())});
}

void Lanes::OnRowsRead(const RowsRead& event, int64_t now, Actions* actions) {
  Airborne* const airborne = Find(event.id);
  if (airborne == nullptr) return;
  Notice(event.rows.status(), airborne->flight, now, actions);
  Settle(airborne, airborne->flight.OnRowsRead(event, now, actions), now, actions);
}

void Lanes::OnChainsRead(const ChainsRead& event, int64_t now, Actions* actions) {
  Airborne* const airborne = Find(event.id);
  if (airborne == nullptr) return;
  if (!event.rows.ok()) Notice(event.rows.status(), airborne->flight, now, actions);
  Settle(airborne, airborne->flight.OnChainsRead(event, now, actions), now, actions);
}

void Lanes::OnCommitDone(const CommitDone& event, int64_t now, Actions* actions) {
  Airborne* const airborne = Find(event.id);
  if (airborne == nullptr) return;
  Flight& flight = airborne->flight;
  Notice(event.status, flight, now, actions);
  const Flight::Outcome outcome = flight.OnCommitDone(event, now, actions);
  if (event.status.code() == absl::StatusCode::kAborted) ++stats_->aborted;
  if (flight.pushback() != absl::StatusCode::kOk) window_.OnPushback(now);
  if (event.status.ok()) {
    stats_->last_commit_latency_nanos = now - flight.sent_at();
    window_.OnAnswer(stats_->last_commit_latency_nanos, now);
    LearnMutations(flight, event);
  }
  Settle(airborne, outcome, now, actions);
}

void Lanes::LearnMutations(const Flight& flight, const CommitDone& event) {
  if (!event.mutation_count.has_value() || flight.mutations() < 100) return;
  const double ratio =
      static_cast<double>(*event.mutation_count) / static_cast<double>(flight.mutations());
  mutation_ratio_ = std::max({1.0, ratio, 0.9 * mutation_ratio_});
}

void Lanes::Settle(Airborne* airborne, Flight::Outcome outcome, int64_t now, Actions* actions) {
  if (outcome == Flight::Outcome::kFlying) return;
  if (!airborne->flight.trace().empty()) {
    actions->push_back(airborne->flight.Ended(EndOf(airborne->flight, outcome)));
  }
  switch (outcome) {
    case Flight::Outcome::kFlying:
      return;
    case Flight::Outcome::kDone:
      Land(airborne->flight, now);
      Remove(airborne);
      return;
    case Flight::Outcome::kMoved:
      moved_ = true;
      return;
    case Flight::Outcome::kFailed:
      failed_ = true;
      finish_ = InTrace(SpannerRefusesError(options_.key, airborne->flight.cause()),
                        airborne->flight.trace());
      return;
    case Flight::Outcome::kRefused:
      OnRefused(airborne, now, actions);
      return;
  }
}

void Lanes::Remove(const Airborne* airborne) {
  stats_->attempts += airborne->flight.counts().attempts;
  stats_->resolves += airborne->flight.counts().resolves;
  std::erase_if(flights_, [airborne](const auto& other) { return other.get() == airborne; });
}

void Lanes::Land(const Flight& flight, int64_t now) {
  outage_ = 0;
  ++stats_->commits;
  stats_->last_batch_records = 0;
  stats_->last_batch_bytes = 0;
  for (const Leg& leg : flight.legs()) {
    Lane& lane = lanes_[static_cast<size_t>(leg.lane)];
    if (leg.data != nullptr) leg.data->OnCommitted();
    lane.chain = {leg.from.last, leg.from.head, leg.end, flight.batch(), leg.last_timestamp_ms};
    lane.taken = std::max(lane.taken, leg.end);
    lane.in_flight = false;
    lane.in_flight_data = false;
    lane.suspects = std::max<int64_t>(0, lane.suspects - leg.batch.size.records);
    stats_->records += leg.batch.size.records;
    stats_->dead_letters += leg.batch.dead_letters;
    stats_->last_batch_records += leg.batch.size.records;
    stats_->last_batch_bytes += leg.batch.size.bytes;
    if (breaker_.Add(leg.batch.size.records, leg.batch.dead_letters, now)) {
      Finish(TooManyDeadLettersError(options_.key, breaker_.dead_letters(), breaker_.records()));
    }
  }
}

// ---- Data errors

void Lanes::OnRefused(Airborne* airborne, int64_t now, Actions*) {
  Flight& flight = airborne->flight;
  const Leg leg = flight.legs()[0];
  if (flight.legs().size() > 1) {
    Split(flight, now);
  } else if (airborne->verdict || leg.batch.size.records == 0) {
    // What is refused now is a step of the chain and at most a dead letter.
    if (++outage_ > kOutageMax) {
      failed_ = true;
      finish_ = InTrace(SpannerRefusesError(options_.key, flight.cause()), flight.trace());
      return;
    }
    auto again = std::make_unique<Airborne>(
        Airborne{Flight(&context_, flight.legs(), flight.small()), airborne->verdict});
    again->flight.StartAt(now + kOutagePauseNanos * outage_);
    flights_.push_back(std::move(again));
  } else if (leg.batch.size.records > 1) {
    Halve(leg);
  } else {
    JudgeRecord(leg, flight, now);
  }
  Remove(airborne);
}

void Lanes::Split(const Flight& flight, int64_t now) {
  for (const Leg& leg : flight.legs()) {
    auto alone = std::make_unique<Airborne>(Airborne{Flight(&context_, {leg}, false)});
    alone->flight.StartAt(now);
    flights_.push_back(std::move(alone));
  }
}

void Lanes::Halve(const Leg& leg) {
  Lane& lane = lanes_[static_cast<size_t>(leg.lane)];
  ++stats_->halvings;
  lane.data->OnDropped();
  lane.taken = lane.chain.head;
  lane.in_flight = false;
  lane.in_flight_data = false;
  lane.suspects = leg.batch.size.records;
  seek_needed_ = true;
}

void Lanes::JudgeRecord(const Leg& leg, const Flight& flight, int64_t now) {
  const absl::Status& cause = flight.cause();
  Lane& lane = lanes_[static_cast<size_t>(leg.lane)];
  const int64_t offset = leg.batch.end_offset - 1;
  const Verdict verdict = lane.data->OnDataError(cause);
  if (verdict == Verdict::kReadAgain) return Halve(leg);
  if (verdict == Verdict::kStop) {
    lane.data->OnDropped();
    lane.taken = std::max(lane.chain.head, offset);
    lane.in_flight = false;
    lane.in_flight_data = false;
    Finish(InTrace(RecordRefusedError(options_.key, offset, cause), flight.trace()));
    return;
  }
  Leg rest = leg;
  if (verdict == Verdict::kDeadLetter) rest.batch.dead_letters = 1;
  if (verdict == Verdict::kSkip) ++stats_->skipped_records;
  auto airborne = std::make_unique<Airborne>(Airborne{Flight(&context_, {rest}, false), true});
  airborne->flight.StartAt(now);
  flights_.push_back(std::move(airborne));
}

}  // namespace ks::pipeline
