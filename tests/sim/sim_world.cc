#include "sim_world.h"

#include <google/spanner/v1/keys.pb.h>
#include <google/spanner/v1/mutation.pb.h>
#include <google/spanner/v1/result_set.pb.h>
#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "pipeline/lane_hash.h"
#include "sim_data.h"

namespace ks::sim {
namespace {

using namespace pipeline;  // NOLINT: the simulation is about this one module
using env::kNanosPerMilli;
using env::kNanosPerSecond;
using google::spanner::v1::CommitRequest;
using google::spanner::v1::Mutation;

constexpr int kWorkers = 3;
constexpr int64_t kFinishWithin = 600 * kNanosPerSecond;

// How often what goes wrong, in thousandths; chosen per seed, so that some seeds are all of one
// fault and others have none of it.
struct Faults {
  uint64_t lost_answer, lost_commit, aborted, late_commit, doubled, failed_read, crash, freeze,
      clean_stop, second_worker, lanes_change, retention, rewind;
};

// One worker's hold on one partition.
struct Seat {
  int worker = 0;
  int number = 0;  // of the partition
  uint64_t incarnation = 0;
  std::unique_ptr<DataPath> path;
  std::unique_ptr<Partition> partition;
  int64_t position = 0;
  uint32_t epoch = 0;
  bool fetching = false;
  bool assigned = false;
  int64_t reported = -1;
  int64_t tick_at = -1;
  struct Chunk {
    uint32_t epoch;
    std::vector<const SimRecord*> records;
    int64_t next_offset;
  };
  std::deque<Chunk> held;
};

std::string TableOf(const Mutation& mutation) {
  return mutation.has_delete_()  ? mutation.delete_().table()
         : mutation.has_insert() ? mutation.insert().table()
         : mutation.has_update() ? mutation.update().table()
                                 : mutation.insert_or_update().table();
}

// The mutations of a commit that `wanted` says, and the others.
std::pair<std::string, std::string> Divide(const std::string& wire,
                                           const std::function<bool(const Mutation&)>& wanted) {
  CommitRequest all;
  KS_CHECK(all.ParseFromString(wire));
  CommitRequest chosen;
  CommitRequest others;
  for (const Mutation& mutation : all.mutations()) {
    *(wanted(mutation) ? chosen : others).add_mutations() = mutation;
  }
  return {chosen.SerializeAsString(), others.SerializeAsString()};
}

// "lane 0 [5, 9), lane 1 [0, 9); Applied 4, Latest 2"
std::string Describe(const std::string& wire) {
  CommitRequest request;
  KS_CHECK(request.ParseFromString(wire));
  std::string chains;
  std::string rows;
  for (const Mutation& mutation : request.mutations()) {
    const bool insert = mutation.has_insert();
    const Mutation::Write& write = insert ? mutation.insert() : mutation.insert_or_update();
    if (TableOf(mutation) == "kafka_spanner.Checkpoints") {
      if (!insert) continue;
      for (const auto& row : write.values()) {
        StrAppend(&chains, chains.empty() ? "" : ", ", "lane ", row.values(4).string_value(), " [",
                  row.values(5).string_value(), ", ", row.values(6).string_value(), ")");
      }
    } else if (mutation.has_delete_()) {
      StrAppend(&rows, " ", TableOf(mutation), " -", mutation.delete_().key_set().keys_size());
    } else {
      StrAppend(&rows, " ", TableOf(mutation), " +", write.values_size());
    }
  }
  return StrCat(chains, ";", rows);
}

class World {
 public:
  explicit World(const SimOptions& options) : options_(options), random_(options.seed), clock_(0) {}

  SimRun Run() {
    ChooseWorkload();
    for (int partition = 0; partition < partitions(); ++partition) {
      for (int worker = 0; worker < kWorkers; ++worker) {
        Seat& seat = SeatOf(worker, partition);
        seat.worker = worker;
        seat.number = partition;
        At(born_at_[partition] + Millis(0, 30), [this, &seat] { FetchTurn(seat); });
      }
      At(born_at_[partition], [this, partition] { Assign(SeatOf(0, partition)); });
    }
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
    run_.on_error = choice_.on_error;
    run_.with_log = choice_.with_log;
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
  bool Chaos(uint64_t thousandths) { return !calm_ && Chance(thousandths); }
  int64_t Millis(uint64_t from, uint64_t to) {
    return static_cast<int64_t>((from * 1000 + Below((to - from) * 1000 + 1))) * 1000;
  }
  int64_t now() { return clock_.MonotonicNanos(); }
  void At(int64_t at, std::function<void()> run) {
    queue_.push({at, next_order_++, std::move(run)});
  }
  void After(int64_t delay, std::function<void()> run) { At(now() + delay, std::move(run)); }
  void Trace(const std::string& who, const std::string& what) {
    if (options_.trace) {
      std::printf("%9.3f ms  %-9s %s\n", static_cast<double>(now()) / 1e6, who.c_str(),
                  what.c_str());
    }
  }
  void Trace(const Seat& seat, const std::string& what) {
    if (options_.trace) {
      Trace(StrCat("w", seat.worker, "p", seat.number, ".", seat.incarnation), what);
    }
  }

  int partitions() const { return static_cast<int>(run_.partitions.size()); }
  Seat& SeatOf(int worker, int partition) { return seats_[partition * kWorkers + worker]; }
  SimLog& log(int partition) {
    return run_.partitions[static_cast<size_t>(partition)].lives.back();
  }
  ChainKey KeyOf(int partition) { return {kPipeline, kTopic, partition}; }

  // ---- Workload

  void ChooseWorkload() {
    const auto often = [this](uint64_t most) { return Below(2) == 0 ? 0 : Below(most + 1); };
    faults_ = {often(200),
               often(200),
               often(200),
               often(200),
               often(400),
               often(200),
               often(100),
               often(200),
               often(100),
               often(300),
               often(150),
               Below(6) == 0 ? 20U : 0U,
               Below(6) == 0 ? 10U : 0U};
    // What retention takes after a rewind has been applied once: no checker could say what is due.
    if (faults_.retention != 0) faults_.rewind = 0;
    run_.real = Below(5) != 0;
    transaction_ = !run_.real && Below(2) == 0;
    if (run_.real) DefineTables(&run_.spanner);
    choice_.on_error = std::array{Policy::kDeadLetter, Policy::kSkip, Policy::kStop}[Below(3)];
    const bool recreated = Below(8) == 0;
    // An append table would refuse what comes a second time.
    const bool once = faults_.rewind == 0 && !recreated;
    choice_.with_log = run_.real && once && Below(2) == 0;
    choice_.cache_groups = Below(4);
    choice_.changes = run_.real && Below(4) == 0;
    if (choice_.changes) choice_.on_error = Policy::kStop;  // nothing may be passed over
    lanes_ = static_cast<int>(1 + Below(4));
    known_ids_ = Below(4) != 0;
    chaos_until_ = static_cast<int64_t>(2 + Below(8)) * kNanosPerSecond;
    const auto partitions = static_cast<int>(1 + Below(3));
    seats_ = std::vector<Seat>(static_cast<size_t>(partitions * kWorkers));
    run_.partitions.resize(static_cast<size_t>(partitions));
    for (int i = 0; i < partitions; ++i) {
      // Some partitions are made while the workers run.
      born_at_.push_back(i > 0 && Below(3) == 0 ? Millis(0, 1000) : 0);
      run_.partitions[static_cast<size_t>(i)].lives.push_back(
          MakeLog(ShapeOf(i, 0, born_at_.back()), random_));
    }
    if (recreated) {
      const auto partition = static_cast<int>(Below(static_cast<uint64_t>(partitions)));
      At(Millis(500, static_cast<uint64_t>(chaos_until_ / kNanosPerMilli)),
         [this, partition] { Recreate(partition); });
    }
  }

  LogShape ShapeOf(int partition, int life, int64_t from) {
    return {.partition = partition,
            .life = life,
            .plain = !run_.real,
            .tombstones = faults_.retention == 0,  // nobody could say whether it was read
            .changes = choice_.changes,
            .from = from,
            .until = chaos_until_,
            .records_max = 160 / partitions()};
  }

  PartitionOptions OptionsOf(const Seat& seat) {
    PartitionOptions options;
    options.key = KeyOf(seat.number);
    options.writer = StrCat("worker-", seat.worker);
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

  TopicFacts Facts(int partition) {
    const SimLog& topic = log(partition);
    return {.topic_id = known_ids_ ? topic.topic_id : "",
            .low = topic.low,
            .high = std::max(topic.low, topic.high(now())),
            .begin = topic.low};
  }

  // ---- Workers

  void Assign(Seat& seat) {
    if (seat.partition != nullptr || born_at_[static_cast<size_t>(seat.number)] > now()) return;
    ++seat.incarnation;
    seat.assigned = true;
    seat.fetching = false;
    seat.epoch = 0;
    seat.reported = -1;
    seat.held.clear();
    seat.tick_at = -1;
    randoms_.push_back(std::make_unique<env::SimRandom>(random_.Next()));
    env::Random* const random = randoms_.back().get();
    seat.path = run_.real ? MakeRealPath(choice_, seat.number)
                          : MakeFakePath(choice_.on_error, seat.number, transaction_, random);
    seat.partition = std::make_unique<Partition>(OptionsOf(seat), seat.path->factory(), random);
    Trace(seat, StrCat("begins with ", lanes_, " lanes"));
    Give(seat, Facts(seat.number));
  }

  void Crash(Seat& seat) {
    seat.assigned = false;
    if (seat.partition == nullptr) return;
    Trace(seat, "crashes");
    Leave(seat);
  }
  void CrashWorker(int worker) {
    for (int i = 0; i < partitions(); ++i) Crash(SeatOf(worker, i));
  }

  void Leave(Seat& seat) {
    run_.halvings += seat.partition->stats().halvings;
    seat.partition.reset();
    seat.path.reset();
    ++seat.incarnation;
  }

  bool Frozen(const Seat& seat) { return frozen_until_[seat.worker] > now(); }

  // Runs `what` when the worker is awake, if it is still the same one.
  void Later(Seat& seat, int64_t delay, std::function<void()> what) {
    const uint64_t incarnation = seat.incarnation;
    After(delay, [this, &seat, incarnation, what = std::move(what)] {
      if (seat.incarnation != incarnation || seat.partition == nullptr) return;
      if (Frozen(seat)) return Later(seat, frozen_until_[seat.worker] - now(), what);
      what();
    });
  }

  void Give(Seat& seat, const Event& event) {
    Actions actions;
    const uint64_t incarnation = seat.incarnation;
    seat.partition->Handle(event, now(), &actions);
    for (Action& action : actions) {
      if (seat.incarnation != incarnation) return;
      std::visit([&](auto& what) { Do(seat, what); }, action);
    }
    if (seat.incarnation != incarnation) return;
    const int64_t wake = seat.partition->wake_at();
    if (wake == seat.tick_at || wake > now() + kFinishWithin) return;
    seat.tick_at = wake;
    Later(seat, std::max<int64_t>(wake - now(), 1), [this, &seat] {
      seat.tick_at = -1;
      Give(seat, Tick{});
    });
  }

  void GiveLater(Seat& seat, int64_t delay, Event event) {
    Later(seat, delay, [this, &seat, event = std::move(event)] { Give(seat, event); });
  }

  // ---- Actions

  void Do(Seat& seat, const ReadChains& action) {
    if (Chaos(faults_.failed_read)) {
      return GiveLater(seat, Millis(1, 50),
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
    Later(seat, last + Millis(0, 5) + 1, [this, &seat, rows, id = action.id] {
      Give(seat, ChainsRead{id, *rows});
    });
  }

  RowsPtr ReadPartials(const Seat& seat, const ReadSpec& spec) {
    if (options_.breakage == Breakage::kPartialsUnread) {
      return std::make_shared<google::spanner::v1::ResultSet>();
    }
    const RowsPtr rows = run_.spanner.Read(spec).value();
    if (options_.breakage != Breakage::kPartialsStale) return rows;
    return believed_.try_emplace({seat.worker, spec.key_set}, rows).first->second;
  }

  void Do(Seat& seat, const ReadRows& action) {
    if (Chaos(faults_.failed_read)) {
      return GiveLater(seat, Millis(1, 50),
                       RowsRead{action.id, absl::UnavailableError("simulated")});
    }
    After(Millis(0, 5), [this, &seat, action, incarnation = seat.incarnation] {
      std::vector<RowsPtr> rows;
      for (const ReadSpec& spec : action.reads) rows.push_back(ReadPartials(seat, spec));
      if (seat.incarnation != incarnation) return;
      GiveLater(seat, Millis(0, 5), RowsRead{action.id, rows});
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

  // What Spanner is sent of a commit, when a test takes something away.
  std::string Break(const std::string& mutations) {
    const auto is_dead_letter = [](const Mutation& m) {
      return TableOf(m) == "kafka_spanner.DeadLetters" || TableOf(m) == "DeadLetters";
    };
    const auto is_data = [](const Mutation& m) {
      return !TableOf(m).starts_with("kafka_spanner.");
    };
    const auto is_tombstone = [](const Mutation& m) {
      return m.has_delete_() && TableOf(m) == "Latest";
    };
    const auto apart = [&](const std::pair<std::string, std::string>& parts) {
      (void)run_.spanner.Commit(parts.first);
      return parts.second;
    };
    switch (options_.breakage) {
      case Breakage::kDeadLettersApart:
        return apart(Divide(mutations, is_dead_letter));
      case Breakage::kDataApart:
        return apart(Divide(mutations, is_data));
      case Breakage::kDeadLettersLost:
        return Divide(mutations, is_dead_letter).second;
      case Breakage::kTombstonesLost:
        return Divide(mutations, is_tombstone).second;
      default:
        return mutations;
    }
  }

  void Do(Seat& seat, const SendCommit& action) {
    const uint64_t dice = Below(1000);
    uint64_t bound = 0;
    const auto falls = [&](uint64_t share) { return Chaos(1000) && dice < (bound += share); };
    if (falls(faults_.aborted)) {
      CommitDone answer{action.id, absl::AbortedError("simulated")};
      if (Below(2) == 0) answer.retry_delay_nanos = Millis(1, 20);
      return GiveLater(seat, Millis(1, 20), answer);
    }
    if (falls(faults_.lost_commit)) {
      return GiveLater(seat, Millis(1, 200), CommitDone{action.id, Unclear(Below(4))});
    }
    if (falls(faults_.late_commit)) {  // the sender gives it up; it arrives much later
      ApplyLate(seat, action.mutations, Millis(10, 15'000));
      return GiveLater(seat, Millis(1, 200), CommitDone{action.id, Unclear(Below(4))});
    }
    const bool lost = falls(faults_.lost_answer);
    if (Chaos(faults_.doubled)) ApplyLate(seat, action.mutations, Millis(1, 15'000));
    After(Millis(1, 15), [this, &seat, action, lost, incarnation = seat.incarnation] {
      const absl::Status status = Apply(seat, action.mutations, lost ? " (answer lost)" : "");
      if (seat.incarnation != incarnation) return;
      GiveLater(seat, Millis(0, lost ? 200 : 10),
                CommitDone{action.id, lost ? Unclear(Below(4)) : status});
    });
  }

  absl::Status Apply(const Seat& seat, const std::string& mutations, const char* how) {
    const absl::Status status = run_.spanner.Commit(Break(mutations));
    if (status.ok()) NoteWritten();
    if (options_.trace) {
      Trace(seat, StrCat("commit ", Describe(mutations), ": ", status.ToString(), how));
    }
    return status;
  }

  void ApplyLate(const Seat& seat, const std::string& mutations, int64_t delay) {
    ++late_commits_;
    After(delay, [this, &seat, mutations] {
      --late_commits_;
      (void)Apply(seat, mutations, " (late)");
    });
  }

  void Do(Seat& seat, const RunTransaction& action) {
    const bool late = Chaos(faults_.late_commit);
    const bool lost = late || Chaos(faults_.lost_answer);
    if (late) {  // the sender gives it up before it happens
      GiveLater(seat, Millis(1, 30), CommitDone{action.id, Unclear(Below(4))});
    }
    const int64_t delay = late ? Millis(30, 8000) : Millis(1, 30);
    late_commits_ += late ? 1 : 0;
    After(delay, [this, &seat, action, lost, late, incarnation = seat.incarnation] {
      late_commits_ -= late ? 1 : 0;
      std::vector<RowsPtr> rows;
      for (const ReadSpec& spec : action.reads) rows.push_back(run_.spanner.Read(spec).value());
      const absl::StatusOr<std::string> mutations = action.compute(rows);
      const absl::Status status =
          mutations.ok() ? Apply(seat, *mutations, " (transaction)") : mutations.status();
      if (status.ok() && action.reads[0].table == "kafka_spanner.Partitions") ++run_.reshaped;
      if (seat.incarnation != incarnation) return;
      GiveLater(seat, Millis(0, 10), CommitDone{action.id, lost ? Unclear(Below(4)) : status});
    });
  }

  void Do(Seat& seat, const Seek& action) {
    Trace(seat, StrCat("seeks to ", action.offset));
    seat.position = action.offset;
    seat.epoch = action.epoch;
    // Records that were on their way may still come, with the old epoch.
    if (Below(2) == 0) seat.held.clear();
  }
  void Do(Seat& seat, const Pause&) { seat.fetching = false; }
  void Do(Seat& seat, const Resume&) { seat.fetching = true; }
  void Do(Seat& seat, const DescribeTopic&) { GiveLater(seat, Millis(1, 20), Facts(seat.number)); }
  void Do(Seat& seat, const Warning& action) { Trace(seat, action.status.ToString()); }

  void Do(Seat& seat, const CommitKafkaOffset& action) {
    Trace(seat, StrCat("reports ", action.offset));
    if (action.offset < seat.reported && faults_.rewind == 0) {
      run_.early_report = StrCat("offset ", action.offset, " was reported after ", seat.reported);
    }
    seat.reported = action.offset;
    const SimLog& topic = log(seat.number);
    for (const SimRecord& record : topic.records) {
      if (record.offset >= action.offset) break;
      if (record.offset < topic.low || record.kind != Kind::kPlain) continue;
      if (!written_[{seat.number, topic.topic_id}].contains(record.offset)) {
        run_.early_report =
            StrCat("partition ", seat.number, ": offset ", action.offset,
                   " was reported before offset ", record.offset, " was in Spanner");
      }
    }
  }

  void Do(Seat&, const BatchEnded&) {}
  void Do(Seat& seat, const GivenUp& action) {
    Trace(seat, StrCat("gives up: ", action.reason.ToString()));
    ++run_.given_up;
    Leave(seat);
    After(Millis(20, 500), [this, &seat, incarnation = seat.incarnation] {
      if (seat.incarnation == incarnation && seat.assigned) Assign(seat);
    });
  }

  void Do(Seat& seat, const Stopped& action) {
    Trace(seat, StrCat("stops: ", action.status.ToString()));
    Leave(seat);
    seat.assigned = false;
    if (action.status.ok()) return;
    const std::string text = action.status.ToString();
    const bool new_topic = run_.partitions[static_cast<size_t>(seat.number)].lives.size() > 1;
    if (new_topic && text.find("was deleted and created again") != std::string::npos) {
      After(Millis(10, 500), [this, partition = seat.number] { AcceptTopic(partition); });
    } else if (choice_.on_error == Policy::kStop &&
               text.find("`else: dead_letter`") != std::string::npos) {
      After(Millis(10, 500), [this] { CorrectFile(); });
    } else if (choice_.on_error != Policy::kStop && corrected_) {
      // A worker with the old file that had not stopped yet.
      if (calm_) Assign(SeatOf(0, seat.number));
    } else {
      run_.stopped = text;
    }
  }

  // ---- Fetching

  void FetchTurn(Seat& seat) {
    After(Millis(1, 40), [this, &seat] { FetchTurn(seat); });
    if (seat.partition == nullptr || Frozen(seat)) return;
    const SimLog& topic = log(seat.number);
    if (seat.fetching && seat.held.empty() && seat.epoch != 0 &&
        (seat.position < topic.low || seat.position > topic.end)) {
      TopicFacts facts = Facts(seat.number);
      facts.out_of_range = true;
      return Give(seat, facts);
    }
    if (seat.fetching && seat.held.size() < 3) Fetch(seat);
    Offer(seat);
  }

  void Fetch(Seat& seat) {
    const SimLog& topic = log(seat.number);
    Seat::Chunk chunk{seat.epoch, {}, seat.position};
    const size_t most = 1 + Below(30);
    bool more = false;
    for (const SimRecord& record : topic.records) {
      if (record.offset < std::max(seat.position, topic.low)) continue;
      more = record.available_at > now() || chunk.records.size() == most;
      if (more) break;
      chunk.records.push_back(&record);
      chunk.next_offset = record.offset + 1;
    }
    if (!more) chunk.next_offset = std::max(chunk.next_offset, topic.end);
    if (chunk.next_offset == seat.position) return;
    seat.position = chunk.next_offset;
    seat.held.push_back(std::move(chunk));
  }

  uint64_t HashOf(const SimRecord& record) {
    if (options_.breakage == Breakage::kKeysScattered) return LaneHashOfOffset(record.offset);
    return record.key.has_value() ? LaneHash(*record.key) : LaneHashOfOffset(record.offset);
  }

  void Offer(Seat& seat) {
    const uint64_t incarnation = seat.incarnation;
    while (!seat.held.empty()) {
      Seat::Chunk chunk = std::move(seat.held.front());
      seat.held.pop_front();
      std::vector<int64_t> offsets;
      std::vector<uint64_t> hashes;
      std::vector<int64_t> timestamps;
      for (const SimRecord* record : chunk.records) {
        offsets.push_back(record->offset);
        hashes.push_back(HashOf(*record));
        timestamps.push_back(record->timestamp_ms);
      }
      const Admission admission =
          seat.partition->Admit({chunk.epoch, offsets, hashes, timestamps, chunk.next_offset});
      const size_t consumed = admission.consumed;
      if (!admission.rows.empty()) {
        auto refused = seat.path->Add(chunk.records, admission, seat.partition.get());
        if (refused && options_.breakage == Breakage::kRefusedPassed) ++refused->offset;
        if (refused) Give(seat, *refused);
      }
      if (consumed < chunk.records.size()) {  // the rest waits
        chunk.records.erase(chunk.records.begin(),
                            chunk.records.begin() + static_cast<long>(consumed));
        seat.held.push_front(std::move(chunk));
        return Give(seat, RecordsAdded{});
      }
      Give(seat, RecordsAdded{});
      if (seat.incarnation != incarnation) return;
    }
  }

  // ---- Faults

  void ChaosTurn() {
    if (calm_) return;
    for (int partition = 0; partition < partitions(); ++partition) ChaosOf(partition);
    for (int worker = 0; worker < kWorkers; ++worker) {
      if (Chance(faults_.crash)) {
        CrashWorker(worker);
      } else if (Chance(faults_.freeze)) {
        frozen_until_[worker] = now() + Millis(10, 4000);
        Trace(StrCat("w", worker), "freezes");
      }
    }
    if (Chance(faults_.lanes_change)) {
      lanes_ = static_cast<int>(1 + Below(4));
      Trace("operator", StrCat("wants ", lanes_, " lanes"));
      // A worker learns of it when it starts again.
      CrashWorker(static_cast<int>(Below(kWorkers)));
    }
    After(Millis(1, 100), [this] { ChaosTurn(); });
  }

  void ChaosOf(int partition) {
    bool nobody = true;
    for (int worker = 0; worker < kWorkers; ++worker) {
      nobody = nobody && !SeatOf(worker, partition).assigned;
    }
    for (int worker = 0; worker < kWorkers; ++worker) {
      Seat& seat = SeatOf(worker, partition);
      if (seat.partition == nullptr) {
        if (nobody || Chance(faults_.second_worker)) Assign(seat);
        nobody = false;
      } else if (Chance(faults_.clean_stop) && !Frozen(seat)) {
        Trace(seat, "is told to stop");
        Give(seat, Stop{});
      }
    }
    if (Chance(faults_.retention)) Retain(partition);
    if (Chance(faults_.rewind)) Rewind(partition);
  }

  // Retention removes records, read or not.
  void Retain(int partition) {
    SimLog& topic = log(partition);
    size_t available = 0;
    while (available < topic.records.size() && topic.records[available].available_at <= now()) {
      ++available;
    }
    if (available == 0) return;
    topic.low = std::max(topic.low, topic.records[Below(available)].offset);
    Trace("retention", StrCat("removes what is below ", topic.low, " of p", partition));
  }

  // ---- Operators

  // What `offsets set` does: the chains begin anew at `begin`, in one transaction.
  bool ChangeShape(int partition, const ShapeChange& change) {
    std::vector<RowsPtr> rows;
    for (const ReadSpec& spec : ChainReads(KeyOf(partition))) {
      rows.push_back(run_.spanner.Read(spec).value());
    }
    const std::string batch = env::NewUuid(random_);
    const auto mutations =
        ShapeChangeMutations(KeyOf(partition), change, {kOperator, batch}, options_.rules, rows);
    if (!mutations.ok()) return false;
    KS_CHECK(run_.spanner.Commit(*mutations).ok());
    return true;
  }
  std::optional<Chains> Standing(int partition) {
    std::vector<RowsPtr> rows;
    for (const ReadSpec& spec : ChainReads(KeyOf(partition))) {
      rows.push_back(run_.spanner.Read(spec).value());
    }
    const auto chains = DecodeChains(rows);
    return chains.ok() ? *chains : std::nullopt;
  }

  void Rewind(int partition) {
    const std::optional<Chains> chains = Standing(partition);
    if (!chains.has_value() || recreated_.contains(partition)) return;
    int64_t lowest = chains->lanes[0].head;
    for (const ChainHead& lane : chains->lanes) lowest = std::min(lowest, lane.head);
    const int64_t low = log(partition).low;
    if (lowest <= low) return;
    const int64_t begin = low + static_cast<int64_t>(Below(static_cast<uint64_t>(lowest - low)));
    Trace("operator", StrCat("sets p", partition, " back to ", begin));
    if (ChangeShape(partition, {.lanes = lanes_, .begin = begin})) ++run_.rewound;
  }

  // The topic is deleted and created again; the workers are started anew.
  void Recreate(int partition) {
    const std::optional<Chains> chains = Standing(partition);
    if (calm_ || !chains.has_value() || recreated_.contains(partition)) return;
    SimLog next = MakeLog(ShapeOf(partition, 1, now()), random_);
    int64_t highest = 0;
    for (const ChainHead& lane : chains->lanes) highest = std::max(highest, lane.head);
    if (!known_ids_ && next.end >= highest) return;  // nobody could tell
    Trace("operator", StrCat("makes the topic of p", partition, " again, up to ", next.end));
    for (int worker = 0; worker < kWorkers; ++worker) Crash(SeatOf(worker, partition));
    run_.partitions[static_cast<size_t>(partition)].lives.push_back(std::move(next));
    recreated_.insert(partition);
  }

  void AcceptTopic(int partition) {
    SimPartition& its = run_.partitions[static_cast<size_t>(partition)];
    if (!recreated_.contains(partition)) {  // somebody was quicker
      if (calm_) Assign(SeatOf(0, partition));
      return;
    }
    const std::optional<Chains> chains = Standing(partition);
    KS_CHECK(chains.has_value());
    its.generation_of_life.push_back(chains->generation + 1);
    KS_CHECK(ChangeShape(partition, {.lanes = lanes_,
                                     .begin = its.lives.back().low,
                                     .topic_id = known_ids_ ? its.lives.back().topic_id : ""}));
    Trace("operator", StrCat("accepts the new topic of p", partition));
    recreated_.erase(partition);
    ++run_.recreated;
    if (calm_) Assign(SeatOf(0, partition));
  }

  // The pipeline has stopped at a record; the file says what to do with such ones from now on.
  void CorrectFile() {
    if (choice_.on_error == Policy::kStop) {
      Trace("operator", "writes `on_error: dead_letter`");
      choice_.on_error = Policy::kDeadLetter;
      corrected_ = true;
      ++run_.corrected;
    }
    if (!calm_) return;
    for (int i = 0; i < partitions(); ++i) {
      Crash(SeatOf(0, i));
      Assign(SeatOf(0, i));
    }
  }

  // The faults end; what is under way still arrives. One worker is left.
  void Calm() {
    calm_ = true;
    Trace("world", "is calm from now on");
    for (int worker = 0; worker < kWorkers; ++worker) {
      CrashWorker(worker);
      frozen_until_[worker] = 0;
    }
    for (int i = 0; i < partitions(); ++i) Assign(SeatOf(0, i));
  }

  // Takes note of what the last commits have written.
  void NoteWritten() {
    const auto& journal = run_.spanner.journal();
    for (; noted_ < journal.size(); ++noted_) {
      const SimSpanner::Write& write = journal[noted_];
      if (write.table != "Applied" || write.deleted) continue;
      const auto partition = static_cast<int>(std::stoll(write.row.at("KafkaPartition")));
      const SimPartition& its = run_.partitions[static_cast<size_t>(partition)];
      const std::string& life =
          recreated_.contains(partition) ? its.lives.front().topic_id : its.lives.back().topic_id;
      written_[{partition, life}].insert(std::stoll(write.row.at("KafkaOffset")));
    }
  }

  bool AllDone() {
    if (!recreated_.empty()) return false;
    for (int i = 0; i < partitions(); ++i) {
      const Partition* const partition = SeatOf(0, i).partition.get();
      if (partition == nullptr || partition->lanes() != lanes_) return false;
      if (partition->complete_offset().value_or(0) < log(i).end) return false;
    }
    return true;
  }

  const SimOptions options_;
  env::SimRandom random_;
  env::SimClock clock_;
  std::priority_queue<Entry> queue_;
  uint64_t next_order_ = 0;
  Faults faults_ = {};
  PipelineChoice choice_;
  int lanes_ = 1;
  bool transaction_ = false;
  bool known_ids_ = true;
  bool corrected_ = false;
  int64_t chaos_until_ = 0;
  bool calm_ = false;
  int late_commits_ = 0;
  std::vector<int64_t> born_at_;  // by partition
  std::set<int> recreated_;       // partitions whose new topic nobody has accepted yet
  std::vector<std::unique_ptr<env::SimRandom>> randoms_;  // outlive the partitions
  SimRun run_;
  size_t noted_ = 0;
  std::map<std::pair<int, std::string>, std::set<int64_t>> written_;  // by partition and topic id
  std::map<std::pair<int, std::string>, RowsPtr> believed_;           // Breakage::kPartialsStale
  int64_t frozen_until_[kWorkers] = {};
  std::vector<Seat> seats_;
};

}  // namespace

SimRun RunSim(const SimOptions& options) { return World(options).Run(); }

}  // namespace ks::sim
