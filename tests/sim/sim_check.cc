// The checkers: they know the logs and the tables, not the protocol. Of the chains they look only
// at where a generation begins and who began it.
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/str_cat.h"
#include "sim_world.h"

namespace ks::sim {
namespace {

using pipeline::SimRow;
using pipeline::SimSpanner;

int64_t NumberOf(const SimRow& row, const std::string& column) {
  const auto cell = row.find(column);
  return cell == row.end() ? 0 : std::stoll(cell->second);
}
std::string TextOf(const SimRow& row, const std::string& column) {
  const auto cell = row.find(column);
  return cell == row.end() ? "" : cell->second;
}

using Sums = std::map<std::string, std::pair<int64_t, int64_t>>;  // group -> count, sum

// Follows the writes of one partition through its generations.
class PartitionCheck {
 public:
  PartitionCheck(const SimRun& run, int number)
      : run_(run), partition_(run.partitions[static_cast<size_t>(number)]), number_(number) {}

  // The violation, if this write is one.
  std::string OnWrite(const SimSpanner::Write& write, Sums* sums) {
    if (write.table == "kafka_spanner.Checkpoints") {
      return write.row.contains("Writer") ? OnCheckpoint(write.row) : "";
    }
    const int64_t offset = NumberOf(write.row, "KafkaOffset");
    if (write.table == "Applied") return OnApplied(offset, write, sums);
    if (write.table == "Log") {
      return logged_.insert(offset).second ? "" : Text("offset ", offset, " is logged twice");
    }
    return OnDeadLetter(offset);
  }

  // At the end.
  std::string Finish() const {
    if (std::string lost = LostBelow(INT64_MAX); !lost.empty()) return lost;
    if (run_.with_log && logged_ != applied_) return Text("the table Log is not that of the log");
    return "";
  }

  // The offset that the latest row of each key must have.
  void AddLatest(std::map<std::string, int64_t>* latest) const {
    for (const SimRecord& record : log().records) {
      if (!record.key.has_value() && run_.real) continue;
      const Fate fate = FateOf(record, run_.on_error);
      const std::string key = record.key.value_or("");
      if (fate == Fate::kDeleted) latest->erase(key);
      if (fate == Fate::kWritten && ever_applied_.contains(record.offset)) {
        (*latest)[key] = record.offset;
      }
    }
  }
  bool OwnsKey(const std::string& key) const {
    return key.starts_with(StrCat("p", number_, "-", life_, "-"));
  }

 private:
  template <typename... Parts>
  std::string Text(const Parts&... parts) const {
    return StrCat("partition ", number_, ": ", parts...);
  }
  const SimLog& log() const { return partition_.lives[life_]; }

  std::string OnCheckpoint(const SimRow& row) {
    const int64_t generation = NumberOf(row, "Generation");
    if (NumberOf(row, "StartOffset") != pipeline::kGenesis || generation <= generation_) return "";
    const int64_t begin = NumberOf(row, "EndOffset");
    const bool first = generation_ < 0;
    generation_ = generation;
    const auto& lives = partition_.generation_of_life;
    const size_t life =
        lives.size() > life_ + 1 && lives[life_ + 1] == generation ? life_ + 1 : life_;
    if (first || life != life_) {
      life_ = life;
      Begin(begin);
      ever_applied_.clear();
      return "";
    }
    if (std::string lost = LostBelow(begin); !lost.empty()) {
      return StrCat(lost, " when generation ", generation, " began at ", begin);
    }
    if (TextOf(row, "Writer") == kOperator) {
      Begin(begin);
    } else if (!applied_.empty() && *applied_.rbegin() >= begin) {
      return Text("offset ", *applied_.rbegin(), " was applied before generation ", generation,
                  " began at ", begin);
    }
    return "";
  }

  void Begin(int64_t offset) {
    base_ = offset;
    applied_.clear();
    dead_.clear();
    last_of_key_.clear();
  }

  std::string OnApplied(int64_t offset, const SimSpanner::Write& write, Sums* sums) {
    const SimRecord* const record = log().Find(offset);
    if (record == nullptr || FateOf(*record, run_.on_error) != Fate::kWritten) {
      return Text("offset ", offset, " is applied and should not be");
    }
    if (offset < base_) return Text("offset ", offset, " is applied, from before ", base_);
    if (!applied_.insert(offset).second) {
      return Text("offset ", offset, " is applied twice, again in commit ", write.commit);
    }
    ever_applied_.insert(offset);
    std::pair<int64_t, int64_t>& sum = (*sums)[record->group];
    ++sum.first;
    sum.second += record->number;
    if (record->before) {
      std::pair<int64_t, int64_t>& taken_from = (*sums)[record->before->first];
      --taken_from.first;
      taken_from.second -= record->before->second;
    }
    if (!record->key.has_value()) return "";
    int64_t& last = last_of_key_.try_emplace(*record->key, -1).first->second;
    if (last > offset) {
      return Text("offset ", offset, " of ", *record->key, " is applied after ", last);
    }
    last = offset;
    return "";
  }

  std::string OnDeadLetter(int64_t offset) {
    const SimRecord* const record = log().Find(offset);
    if (record == nullptr || FateOf(*record, run_.on_error) != Fate::kDeadLetter) {
      return Text("offset ", offset, " became a dead letter for no reason");
    }
    if (offset < base_) return Text("offset ", offset, " is a dead letter, from before ", base_);
    if (!dead_.insert(offset).second) return Text("offset ", offset, " is a dead letter twice");
    return "";
  }

  std::string LostBelow(int64_t end) const {
    for (const SimRecord& record : log().records) {
      if (record.offset < base_ || record.offset < log().low || record.offset >= end) continue;
      const Fate fate = FateOf(record, run_.on_error);
      if (fate == Fate::kWritten && !applied_.contains(record.offset)) {
        return Text("offset ", record.offset, " is lost");
      }
      if (fate == Fate::kDeadLetter && !dead_.contains(record.offset)) {
        return Text("the dead letter of offset ", record.offset, " is lost");
      }
    }
    return "";
  }

  const SimRun& run_;
  const SimPartition& partition_;
  const int number_;
  int64_t generation_ = -1;
  size_t life_ = 0;
  int64_t base_ = 0;  // where this generation, or the one whose work it goes on with, began
  std::set<int64_t> applied_;
  std::set<int64_t> dead_;
  std::set<int64_t> ever_applied_;  // in this life
  std::set<int64_t> logged_;        // likewise: an append table is never rewound
  std::map<std::string, int64_t> last_of_key_;
};

std::string CheckSums(const SimRun& run, Sums sums) {
  Sums merged;
  const auto add = [&](const std::string& table, const char* count, const char* sum) {
    for (const auto& [key, row] : run.spanner.table(table)) {
      merged[row.at("GroupKey")].first += NumberOf(row, count);
      merged[row.at("GroupKey")].second += NumberOf(row, sum);
    }
  };
  add("GroupsPartials", "Number", "Total");
  add("Partials", "Count", "Sum");
  add("Totals", "Count", "Sum");
  for (Sums* each : {&merged, &sums})
    std::erase_if(*each,
                  [](const auto& entry) { return entry.second == std::pair<int64_t, int64_t>(); });
  if (merged == sums) return "";
  std::string text = "the aggregates are not those of the log:";
  for (const auto& [group, sum] : sums) {
    StrAppend(&text, " ", group, " has ", merged[group].first, " records of ", sum.first, ", sum ",
              merged[group].second, " of ", sum.second, ";");
  }
  return text;
}

std::string CheckLatest(const SimRun& run, const std::vector<PartitionCheck>& checks) {
  std::map<std::string, int64_t> latest;
  for (const PartitionCheck& check : checks) check.AddLatest(&latest);
  for (const auto& [key, row] : run.spanner.table("Latest")) {
    bool owned = false;
    for (const PartitionCheck& check : checks) owned = owned || check.OwnsKey(key[0]);
    if (!owned) continue;  // of a topic that is gone
    const auto due = latest.find(key[0]);
    if (due == latest.end()) return StrCat("the latest row of ", key[0], " should be gone");
    if (due->second != NumberOf(row, "KafkaOffset")) {
      return StrCat("the latest row of ", key[0], " is that of offset ",
                    NumberOf(row, "KafkaOffset"), ", not of ", due->second);
    }
    latest.erase(due);
  }
  if (latest.empty()) return "";
  return StrCat("the latest row of ", latest.begin()->first, " is missing");
}

std::string CheckTables(const SimRun& run) {
  std::vector<PartitionCheck> checks;
  for (size_t i = 0; i < run.partitions.size(); ++i) checks.emplace_back(run, static_cast<int>(i));
  Sums sums;
  for (const SimSpanner::Write& write : run.spanner.journal()) {
    if (write.deleted || !write.row.contains("KafkaPartition")) continue;
    if (write.table == "GroupsPartials" || write.table == "Partials" ||
        write.table == "kafka_spanner.Partitions") {
      continue;
    }
    PartitionCheck& check = checks[static_cast<size_t>(NumberOf(write.row, "KafkaPartition"))];
    if (std::string found = check.OnWrite(write, &sums); !found.empty()) return found;
  }
  for (const PartitionCheck& check : checks) {
    if (std::string found = check.Finish(); !found.empty()) return found;
  }
  if (std::string found = CheckLatest(run, checks); !found.empty()) return found;
  return CheckSums(run, sums);
}

}  // namespace

std::string CheckRun(const SimRun& run) {
  if (!run.early_report.empty()) return run.early_report;
  if (std::string found = CheckTables(run); !found.empty()) {
    return run.stopped.empty() ? found : StrCat(found, " (a worker stopped: ", run.stopped, ")");
  }
  if (!run.stopped.empty()) return StrCat("a worker stopped: ", run.stopped);
  if (!run.finished) return "the records were not finished in time";
  return "";
}

}  // namespace ks::sim
