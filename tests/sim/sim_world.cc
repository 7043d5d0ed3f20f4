#include "sim_world.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/str_cat.h"
#include "pipeline/lane_hash.h"

namespace ks::sim {
namespace {

using namespace pipeline;  // NOLINT: the simulation is about this one module
using env::kNanosPerMilli;
using env::kNanosPerSecond;

constexpr int kWorkers = 3;
constexpr int64_t kFinishWithin = 600 * kNanosPerSecond;

// How often what goes wrong, in thousandths; chosen per seed, so that some seeds are all of one
// fault and others have none of it.
struct Faults {
  uint64_t lost_answer, lost_commit, aborted, late_commit, doubled, failed_read, crash, freeze,
      clean_stop, second_worker, lanes_change, retention;
};

struct Worker {
  int number = 0;
  uint64_t incarnation = 0;
  std::unique_ptr<Partition> partition;
  int64_t frozen_until = 0;
  int64_t position = 0;
  uint32_t epoch = 0;
  bool fetching = false;
  bool assigned = false;
  int64_t tick_at = -1;
  struct Chunk {
    uint32_t epoch;
    std::vector<const FakeRecord*> records;
    int64_t next_offset;
  };
  std::deque<Chunk> held;
};

class World {
 public:
  explicit World(const SimOptions& options) : options_(options), random_(options.seed), clock_(0) {}

  SimRun Run() {
    ChooseWorkload();
    for (int i = 0; i < kWorkers; ++i) {
      workers_[i].number = i;
      At(static_cast<int64_t>(Below(30)) * kNanosPerMilli, [this, i] { FetchTurn(i); });
    }
    At(0, [this] { Assign(workers_[0]); });
    At(kNanosPerMilli, [this] { ChaosTurn(); });
    At(chaos_until_, [this] { Calm(); });
    while (!queue_.empty() && clock_.MonotonicNanos() < chaos_until_ + kFinishWithin) {
      Entry entry = std::move(const_cast<Entry&>(queue_.top()));
      queue_.pop();
      clock_.AdvanceTo(entry.at);
      entry.run();
      if (calm_ && late_commits_ == 0 && AllDone()) break;
    }
    run_.finished = AllDone();
    run_.commits = run_.spanner.commits();
    return std::move(run_);
  }

 private:
  struct Entry {
    int64_t at;
    uint64_t order;
    std::function<void()> run;
    bool operator<(const Entry& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };

  // ---- Time and chance

  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  bool Chance(uint64_t thousandths) { return Below(1000) < thousandths; }
  int64_t Millis(uint64_t from, uint64_t to) {
    return static_cast<int64_t>((from * 1000 + Below((to - from) * 1000 + 1))) * 1000;
  }
  int64_t now() { return clock_.MonotonicNanos(); }
  void At(int64_t at, std::function<void()> run) {
    queue_.push({at, next_order_++, std::move(run)});
  }
  void After(int64_t delay, std::function<void()> run) { At(now() + delay, std::move(run)); }
  void Trace(const Worker& worker, const std::string& what) {
    if (!options_.trace) return;
    std::printf("%9.3f ms  w%d.%llu  %s\n", static_cast<double>(now()) / 1e6, worker.number,
                static_cast<unsigned long long>(worker.incarnation), what.c_str());
  }

  // ---- Workload

  void ChooseWorkload() {
    const auto often = [this](uint64_t most) { return Below(2) == 0 ? 0 : Below(most + 1); };
    faults_ = {often(200), often(200), often(200), often(200),
               often(400), often(200), often(100), often(200),
               often(100), often(300), often(150), Below(6) == 0 ? 20U : 0U};
    transaction_ = Below(5) == 0;
    lanes_ = static_cast<int>(1 + Below(4));
    chaos_until_ = static_cast<int64_t>(2 + Below(8)) * kNanosPerSecond;
    run_.verdict = Below(2) == 0 ? Verdict::kDeadLetter : Verdict::kSkip;
    const uint64_t poison = Below(3) == 0 ? 1 + Below(100) : 0;
    const uint64_t keys = 1 + Below(12);
    const uint64_t gap = Below(3) * 100;
    const int64_t records = static_cast<int64_t>(40 + Below(120));
    int64_t offset = static_cast<int64_t>(Below(3) * 7);
    run_.low = offset;
    int64_t at = 0;
    for (int64_t i = 0; i < records; ++i) {
      const uint64_t key = Below(keys);
      run_.log.push_back({.offset = offset,
                          .key = StrCat("key", key),
                          .group = StrCat("group", Below(3)),
                          .value = static_cast<int64_t>(Below(1000)),
                          .timestamp_ms = at / kNanosPerMilli,
                          .refused = Chance(poison)});
      available_at_.push_back(at);
      at += static_cast<int64_t>(Below(2) *
                                 Below(static_cast<uint64_t>(chaos_until_ / (records + 1) * 3)));
      offset += Chance(gap) ? 1 + static_cast<int64_t>(Below(5)) : 1;
    }
    end_ = offset + static_cast<int64_t>(Below(2) * 2);  // markers after the last record
  }

  PartitionOptions OptionsOf(const Worker& worker) {
    PartitionOptions options;
    options.key = {"p", "t", 0};
    options.writer = StrCat("worker-", worker.number);
    options.lanes = lanes_;
    options.batch = {
        .records = static_cast<int64_t>(2 + Below(40)), .bytes = 1 << 20, .mutations = 72'000};
    options.shared = {
        .records = static_cast<int64_t>(1 + Below(10)), .bytes = 1 << 20, .mutations = 8'000};
    options.shared_commits_max = static_cast<int>(1 + Below(3));
    options.idle_advance_nanos = Millis(50, 1000);
    options.report_nanos = Millis(1, 200);
    options.dead_letters.count = 1'000'000;
    options.continue_on_data_loss = true;
    options.rules = options_.rules;
    return options;
  }

  TopicFacts Facts() {
    return {.topic_id = "topic-id", .low = run_.low, .high = end_, .begin = run_.low};
  }

  // ---- Workers

  void Assign(Worker& worker) {
    if (worker.partition != nullptr) return;
    ++worker.incarnation;
    worker.assigned = true;
    worker.fetching = false;
    worker.epoch = 0;
    worker.held.clear();
    worker.tick_at = -1;
    worker_random_.push_back(std::make_unique<env::SimRandom>(random_.Next()));
    env::Random* const random = worker_random_.back().get();
    const auto factory = [this, random](int lane, int) {
      return std::make_unique<FakeLaneData>(FakeLaneData::Options{.partition = 0,
                                                                  .lane = lane,
                                                                  .verdict = run_.verdict,
                                                                  .transaction = transaction_,
                                                                  .random = random});
    };
    worker.partition = std::make_unique<Partition>(OptionsOf(worker), factory, random);
    Trace(worker, StrCat("begins with ", lanes_, " lanes"));
    Give(worker, Facts());
  }

  void Crash(Worker& worker) {
    if (worker.partition == nullptr) return;
    Trace(worker, "crashes");
    Leave(worker);
    worker.assigned = false;
  }

  void Leave(Worker& worker) {
    run_.halvings += worker.partition->stats().halvings;
    worker.partition.reset();
    ++worker.incarnation;
  }

  // Runs `what` when the worker is awake, if it is still the same one.
  void Later(Worker& worker, int64_t delay, std::function<void()> what) {
    const uint64_t incarnation = worker.incarnation;
    After(delay, [this, &worker, incarnation, what = std::move(what)] {
      if (worker.incarnation != incarnation || worker.partition == nullptr) return;
      if (worker.frozen_until > now()) return Later(worker, worker.frozen_until - now(), what);
      what();
    });
  }

  void Give(Worker& worker, const Event& event) {
    Actions actions;
    worker.partition->Handle(event, now(), &actions);
    for (Action& action : actions) {
      if (worker.partition == nullptr) return;
      std::visit([&](auto& what) { Do(worker, what); }, action);
    }
    if (worker.partition == nullptr) return;
    const int64_t wake = worker.partition->wake_at();
    if (wake == worker.tick_at || wake > now() + kFinishWithin) return;
    worker.tick_at = wake;
    Later(worker, std::max<int64_t>(wake - now(), 1), [this, &worker] {
      worker.tick_at = -1;
      Give(worker, Tick{});
    });
  }

  void GiveLater(Worker& worker, int64_t delay, Event event) {
    Later(worker, delay, [this, &worker, event = std::move(event)] { Give(worker, event); });
  }

  // ---- Actions

  void Do(Worker& worker, const ReadChains& action) {
    if (Chaos(faults_.failed_read)) {
      return GiveLater(worker, Millis(1, 50),
                       ChainsRead{action.id, absl::UnavailableError("simulated")});
    }
    // The two reads happen at different times, in either order.
    auto rows = std::make_shared<std::vector<RowsPtr>>(action.reads.size());
    int64_t last = 0;
    for (size_t i = 0; i < action.reads.size(); ++i) {
      const int64_t delay = Millis(0, Below(4) == 0 ? 100 : 4);
      last = std::max(last, delay);
      After(delay, [this, rows, i, spec = action.reads[i]] {
        (*rows)[i] = run_.spanner.Read(spec).value();
      });
    }
    Later(worker, last + Millis(0, 5) + 1, [this, &worker, rows, id = action.id] {
      Give(worker, ChainsRead{id, *rows});
    });
  }

  void Do(Worker& worker, const ReadRows& action) {
    if (Chaos(faults_.failed_read)) {
      return GiveLater(worker, Millis(1, 50),
                       RowsRead{action.id, absl::UnavailableError("simulated")});
    }
    After(Millis(0, 5), [this, &worker, action, incarnation = worker.incarnation] {
      std::vector<RowsPtr> rows;
      for (const ReadSpec& spec : action.reads) rows.push_back(run_.spanner.Read(spec).value());
      if (worker.incarnation != incarnation) return;
      GiveLater(worker, Millis(0, 5), RowsRead{action.id, rows});
    });
  }

  static absl::Status Unclear(uint64_t which) {
    switch (which % 4) {
      case 0:
        return absl::UnavailableError("simulated");
      case 1:
        return absl::DeadlineExceededError("simulated");
      case 2:
        return absl::UnknownError("simulated");
      default:
        return absl::InternalError("simulated: RST_STREAM");
    }
  }

  void Do(Worker& worker, const SendCommit& action) {
    const uint64_t dice = Below(1000);
    uint64_t bound = 0;
    const auto falls = [&](uint64_t share) { return Chaos(1000) && dice < (bound += share); };
    if (falls(faults_.aborted)) {
      CommitDone answer{action.id, absl::AbortedError("simulated")};
      if (Below(2) == 0) answer.retry_delay_nanos = Millis(1, 20);
      return GiveLater(worker, Millis(1, 20), answer);
    }
    if (falls(faults_.lost_commit)) {
      return GiveLater(worker, Millis(1, 200), CommitDone{action.id, Unclear(Below(4))});
    }
    if (falls(faults_.late_commit)) {  // the sender gives it up; it arrives much later
      ApplyLate(action.mutations, Millis(10, 15'000));
      return GiveLater(worker, Millis(1, 200), CommitDone{action.id, Unclear(Below(4))});
    }
    const bool lost = falls(faults_.lost_answer);
    if (Chaos(faults_.doubled)) ApplyLate(action.mutations, Millis(1, 15'000));
    After(Millis(1, 15), [this, &worker, action, lost, incarnation = worker.incarnation] {
      const absl::Status status = run_.spanner.Commit(action.mutations);
      if (worker.incarnation != incarnation) return;
      Trace(worker, StrCat("commit ", action.id, ": ", status.ToString(), lost ? " (lost)" : ""));
      GiveLater(worker, Millis(0, lost ? 200 : 10),
                CommitDone{action.id, lost ? Unclear(Below(4)) : status});
    });
  }

  void ApplyLate(const std::string& mutations, int64_t delay) {
    ++late_commits_;
    After(delay, [this, mutations] {
      --late_commits_;
      (void)run_.spanner.Commit(mutations);
    });
  }

  void Do(Worker& worker, const RunTransaction& action) {
    const bool late = Chaos(faults_.late_commit);
    const bool lost = late || Chaos(faults_.lost_answer);
    if (late) {  // the sender gives it up before it happens
      GiveLater(worker, Millis(1, 30), CommitDone{action.id, Unclear(Below(4))});
    }
    const int64_t delay = late ? Millis(30, 8000) : Millis(1, 30);
    After(delay, [this, &worker, action, lost, incarnation = worker.incarnation] {
      std::vector<RowsPtr> rows;
      for (const ReadSpec& spec : action.reads) rows.push_back(run_.spanner.Read(spec).value());
      const absl::StatusOr<std::string> mutations = action.compute(rows);
      const absl::Status status =
          mutations.ok() ? run_.spanner.Commit(*mutations) : mutations.status();
      if (status.ok() && action.reads[0].table == "kafka_spanner.Partitions") ++run_.reshaped;
      if (worker.incarnation != incarnation) return;
      Trace(worker, StrCat("transaction: ", status.ToString()));
      GiveLater(worker, Millis(0, 10), CommitDone{action.id, lost ? Unclear(Below(4)) : status});
    });
  }

  void Do(Worker& worker, const Seek& action) {
    Trace(worker, StrCat("seeks to ", action.offset));
    worker.position = action.offset;
    worker.epoch = action.epoch;
    // Records that were on their way may still come, with the old epoch.
    if (Below(2) == 0) worker.held.clear();
  }
  void Do(Worker& worker, const Pause&) { worker.fetching = false; }
  void Do(Worker& worker, const Resume&) { worker.fetching = true; }
  void Do(Worker& worker, const DescribeTopic&) { GiveLater(worker, Millis(1, 20), Facts()); }
  void Do(Worker&, const Warning&) {}

  void Do(Worker& worker, const CommitKafkaOffset& action) {
    Trace(worker, StrCat("reports ", action.offset));
    for (const FakeRecord& record : run_.log) {
      if (record.offset < run_.low || record.offset >= action.offset || record.refused) continue;
      if (!Written(record.offset)) {
        run_.early_report = StrCat("offset ", action.offset, " was reported before offset ",
                                   record.offset, " was in Spanner");
      }
    }
  }

  void Do(Worker& worker, const GivenUp&) {
    Trace(worker, "gives up");
    ++run_.given_up;
    Leave(worker);
    After(Millis(20, 500), [this, &worker, incarnation = worker.incarnation] {
      if (worker.incarnation == incarnation && worker.assigned) Assign(worker);
    });
  }

  void Do(Worker& worker, const Stopped& action) {
    Trace(worker, StrCat("stops: ", action.status.ToString()));
    if (!action.status.ok()) run_.stopped = action.status.ToString();
    Leave(worker);
    worker.assigned = false;
  }

  // ---- Fetching

  void FetchTurn(int number) {
    Worker& worker = workers_[number];
    if (worker.partition != nullptr && worker.frozen_until <= now() && worker.fetching &&
        worker.held.empty() && worker.epoch != 0 && worker.position < run_.low) {
      TopicFacts facts = Facts();
      facts.out_of_range = true;
      Give(worker, facts);
    } else if (worker.partition != nullptr && worker.frozen_until <= now()) {
      if (worker.fetching && worker.held.size() < 3) Fetch(worker);
      Offer(worker);
    }
    After(Millis(1, 40), [this, number] { FetchTurn(number); });
  }

  void Fetch(Worker& worker) {
    Worker::Chunk chunk{worker.epoch, {}, worker.position};
    const size_t most = 1 + Below(30);
    size_t i = 0;
    while (i < run_.log.size() && run_.log[i].offset < std::max(worker.position, run_.low)) ++i;
    for (; i < run_.log.size() && available_at_[i] <= now() && chunk.records.size() < most; ++i) {
      chunk.records.push_back(&run_.log[i]);
      chunk.next_offset = run_.log[i].offset + 1;
    }
    if (i == run_.log.size()) chunk.next_offset = end_;
    if (chunk.next_offset == worker.position) return;
    worker.position = chunk.next_offset;
    worker.held.push_back(std::move(chunk));
  }

  void Offer(Worker& worker) {
    while (!worker.held.empty()) {
      Worker::Chunk chunk = std::move(worker.held.front());
      worker.held.pop_front();
      std::vector<int64_t> offsets;
      std::vector<uint64_t> hashes;
      std::vector<int64_t> timestamps;
      for (const FakeRecord* record : chunk.records) {
        offsets.push_back(record->offset);
        hashes.push_back(LaneHash(record->key));
        timestamps.push_back(record->timestamp_ms);
      }
      const Admission admission =
          worker.partition->Admit({chunk.epoch, offsets, hashes, timestamps, chunk.next_offset});
      for (size_t i = 0; i < admission.rows.size(); ++i) {
        auto& data = static_cast<FakeLaneData&>(worker.partition->lane_data(admission.lanes[i]));
        data.Add(*chunk.records[admission.rows[i]]);
      }
      if (admission.consumed < chunk.records.size()) {  // the rest waits
        chunk.records.erase(chunk.records.begin(),
                            chunk.records.begin() + static_cast<long>(admission.consumed));
        worker.held.push_front(std::move(chunk));
        return Give(worker, RecordsAdded{});
      }
      Give(worker, RecordsAdded{});
      if (worker.partition == nullptr) return;
    }
  }

  // ---- Faults

  bool Chaos(uint64_t thousandths) { return !calm_ && Chance(thousandths); }

  void ChaosTurn() {
    if (calm_) return;
    for (Worker& worker : workers_) {
      if (worker.partition == nullptr) {
        const bool nobody = std::all_of(std::begin(workers_), std::end(workers_),
                                        [](const Worker& other) { return !other.assigned; });
        if (nobody || Chance(faults_.second_worker)) Assign(worker);
        continue;
      }
      if (Chance(faults_.crash)) {
        Crash(worker);
      } else if (Chance(faults_.freeze)) {
        worker.frozen_until = now() + Millis(10, 4000);
        Trace(worker, "freezes");
      } else if (Chance(faults_.clean_stop) && worker.frozen_until <= now()) {
        Trace(worker, "is told to stop");
        Give(worker, Stop{});
      }
    }
    if (Chance(faults_.retention)) Retain();
    if (Chance(faults_.lanes_change)) {
      lanes_ = static_cast<int>(1 + Below(4));
      Trace(workers_[0], StrCat("(the operator wants ", lanes_, " lanes)"));
      // A worker learns of it when it starts again.
      Worker& worker = workers_[Below(kWorkers)];
      if (worker.partition != nullptr) {
        Crash(worker);
        Assign(worker);
      }
    }
    After(Millis(1, 100), [this] { ChaosTurn(); });
  }

  // Retention removes records, read or not.
  void Retain() {
    size_t available = 0;
    while (available < run_.log.size() && available_at_[available] <= now()) ++available;
    if (available == 0) return;
    run_.low = std::max(run_.low, run_.log[Below(available)].offset);
    Trace(workers_[0], StrCat("(retention removes what is below ", run_.low, ")"));
  }

  // The faults end; what is under way still arrives. One worker is left.
  void Calm() {
    calm_ = true;
    for (Worker& worker : workers_) {
      Crash(worker);
      worker.frozen_until = 0;
    }
    Assign(workers_[0]);
  }

  bool Written(int64_t offset) {
    const auto& applied = run_.spanner.table("Applied");
    char sortable[32];
    std::snprintf(sortable, sizeof(sortable), "%020lld",
                  static_cast<long long>(offset) + (1LL << 62));
    return applied.contains({WrittenPartition(), sortable});
  }
  static std::string WrittenPartition() {
    char sortable[32];
    std::snprintf(sortable, sizeof(sortable), "%020lld", 1LL << 62);
    return sortable;
  }

  bool AllDone() {
    if (workers_[0].partition == nullptr) return false;
    return workers_[0].partition->lanes() == lanes_ &&
           workers_[0].partition->complete_offset().value_or(0) >= end_;
  }

  const SimOptions options_;
  env::SimRandom random_;
  env::SimClock clock_;
  std::priority_queue<Entry> queue_;
  uint64_t next_order_ = 0;
  Faults faults_ = {};
  int lanes_ = 1;
  bool transaction_ = false;
  int64_t end_ = 0;
  int64_t chaos_until_ = 0;
  bool calm_ = false;
  int late_commits_ = 0;
  std::vector<int64_t> available_at_;
  std::vector<std::unique_ptr<env::SimRandom>> worker_random_;  // outlives the partitions
  SimRun run_;
  Worker workers_[kWorkers];
};

}  // namespace

SimRun RunSim(const SimOptions& options) { return World(options).Run(); }

}  // namespace ks::sim
