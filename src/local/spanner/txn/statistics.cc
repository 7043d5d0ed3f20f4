#include "local/spanner/txn/statistics.h"

#include "env/clock.h"

namespace ks::local {

namespace {

constexpr int64_t kMinuteNanos = 60 * env::kNanosPerSecond;

}  // namespace

void Statistics::Sums::End(const absl::Status& status, double after_seconds) {
  if (status.ok()) {
    count = 1;
    seconds = after_seconds;
    return;
  }
  failed = 1;
  failed_seconds = after_seconds;
  cancelled = absl::IsCancelled(status);
  timed_out = absl::IsDeadlineExceeded(status);
  aborted = absl::IsAborted(status);
  precondition = absl::IsFailedPrecondition(status);
}

void Statistics::Sums::Add(const Sums& other) {
  count += other.count;
  seconds += other.seconds;
  rows += other.rows;
  rows_scanned += other.rows_scanned;
  rows_written += other.rows_written;
  in_read_write += other.in_read_write;
  failed += other.failed;
  failed_seconds += other.failed_seconds;
  cancelled += other.cancelled;
  timed_out += other.timed_out;
  aborted += other.aborted;
  precondition += other.precondition;
  locked_shared |= other.locked_shared;
  locked_exclusive |= other.locked_exclusive;
  locked_range |= other.locked_range;
  if (scanned.empty()) scanned = other.scanned;
  if (written.empty()) written = other.written;
  if (deleted.empty()) deleted = other.deleted;
}

void Statistics::Add(Subject subject, std::string_view tag, std::string_view text,
                     const Sums& sums) {
  absl::MutexLock lock(&mu_);
  Key key{std::string(tag), std::string(text.substr(0, kTextBytes))};
  Minutes& minutes = minutes_[static_cast<size_t>(subject)];
  const int64_t minute = clock_.NowNanos() / kMinuteNanos;
  Interval& interval = minutes[minute];
  interval.end_seconds = (minute + 1) * 60;
  interval.total.Add(sums);
  if (interval.by_key.size() < kKeysPerMinute || interval.by_key.count(key) > 0) {
    interval.by_key[std::move(key)].Add(sums);
  }
  minutes.erase(minutes.begin(), minutes.lower_bound(minute - kMinutesKept));
}

std::vector<Statistics::Interval> Statistics::Of(Subject subject, int minutes) const {
  absl::MutexLock lock(&mu_);
  const int64_t over = clock_.NowNanos() / kMinuteNanos / minutes;  // the first that is not
  std::map<int64_t, Interval> merged;
  for (const auto& [minute, interval] : minutes_[static_cast<size_t>(subject)]) {
    if (minute / minutes >= over) continue;
    Interval& into = merged[-(minute / minutes)];
    into.end_seconds = (minute / minutes + 1) * minutes * 60;
    into.total.Add(interval.total);
    for (const auto& [key, sums] : interval.by_key) into.by_key[key].Add(sums);
  }
  std::vector<Interval> result;
  for (auto& [number, interval] : merged) result.push_back(std::move(interval));
  return result;
}

int64_t Statistics::Begin(std::string_view text, std::string_view session) {
  absl::MutexLock lock(&mu_);
  const int64_t id = next_id_++;
  running_[id] = {id, clock_.NowNanos(), std::string(text.substr(0, kTextBytes)),
                  std::string(session)};
  return id;
}

void Statistics::End(int64_t id) {
  absl::MutexLock lock(&mu_);
  running_.erase(id);
}

std::vector<Statistics::Running> Statistics::Active() const {
  std::vector<Running> result;
  absl::MutexLock lock(&mu_);
  for (const auto& [id, running] : running_) result.push_back(running);
  return result;
}

int64_t Statistics::BeginPartitioned(std::string_view text, std::string_view session,
                                     int64_t parts) {
  absl::MutexLock lock(&mu_);
  const int64_t id = next_id_++;
  RunningPartitioned& running = partitioned_[id];
  running.id = id;
  running.started_nanos = running.updated_nanos = clock_.NowNanos();
  running.text = std::string(text.substr(0, kTextBytes));
  running.session = std::string(session);
  running.parts = parts;
  return id;
}

void Statistics::PartDone(int64_t id, int64_t rows) {
  absl::MutexLock lock(&mu_);
  RunningPartitioned& running = partitioned_[id];
  running.updated_nanos = clock_.NowNanos();
  running.parts_done += 1;
  running.trivial += rows == 0;
  running.rows += rows;
}

void Statistics::EndPartitioned(int64_t id) {
  absl::MutexLock lock(&mu_);
  partitioned_.erase(id);
}

std::vector<Statistics::RunningPartitioned> Statistics::ActivePartitioned() const {
  std::vector<RunningPartitioned> result;
  absl::MutexLock lock(&mu_);
  for (const auto& [id, running] : partitioned_) result.push_back(running);
  return result;
}

void Statistics::NoteExpiry(const std::string& table, const Expiry& expiry) {
  absl::MutexLock lock(&mu_);
  expiries_[table] = expiry;
}

std::map<std::string, Statistics::Expiry> Statistics::Expiries() const {
  absl::MutexLock lock(&mu_);
  return expiries_;
}

int64_t Statistics::NowNanos() const { return clock_.NowNanos(); }

}  // namespace ks::local
