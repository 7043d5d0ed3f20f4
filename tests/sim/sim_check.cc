// The checkers: they know the log and the tables, not the protocol.
#include <map>
#include <set>

#include "base/str_cat.h"
#include "sim_world.h"

namespace ks::sim {
namespace {

using pipeline::FakeRecord;
using pipeline::SimSpanner;
using pipeline::Verdict;

int64_t Plain(const std::string& sortable) { return std::stoll(sortable) - (1LL << 62); }

std::string CheckWrites(const SimRun& run) {
  std::map<int64_t, const FakeRecord*> by_offset;
  for (const FakeRecord& record : run.log) by_offset[record.offset] = &record;
  std::set<int64_t> written;
  std::set<int64_t> dead;
  std::map<std::string, int64_t> last_of_key;
  for (const SimSpanner::Write& write : run.spanner.journal()) {
    if (write.table == "DeadLetters") {
      const int64_t offset = Plain(write.key[1]);
      if (!by_offset.contains(offset) || !by_offset[offset]->refused) {
        return StrCat("offset ", offset, " became a dead letter for no reason");
      }
      if (!dead.insert(offset).second) return StrCat("offset ", offset, " is a dead letter twice");
      continue;
    }
    if (write.table != "Applied") continue;
    const int64_t offset = Plain(write.key[1]);
    if (!written.insert(offset).second) {
      return StrCat("offset ", offset, " is applied twice, again in commit ", write.commit);
    }
    int64_t& last = last_of_key.try_emplace(write.row.at("Key"), -1).first->second;
    if (last > offset) {
      return StrCat("offset ", offset, " of key ", write.row.at("Key"), " is applied after ", last);
    }
    last = offset;
  }
  for (const FakeRecord& record : run.log) {
    if (record.offset < run.low) continue;
    if (!record.refused && !written.contains(record.offset)) {
      return StrCat("offset ", record.offset, " is lost");
    }
    const bool due = record.refused && run.verdict == Verdict::kDeadLetter;
    if (due && !dead.contains(record.offset)) {
      return StrCat("the dead letter of offset ", record.offset, " is lost");
    }
  }
  return "";
}

// Once it is known that the right records were written.
std::string CheckTables(const SimRun& run) {
  std::set<int64_t> written;
  for (const auto& [key, row] : run.spanner.table("Applied")) written.insert(Plain(key[1]));
  std::map<std::string, std::string> latest;
  std::map<std::string, std::pair<int64_t, int64_t>> sums;
  for (const FakeRecord& record : run.log) {
    if (!written.contains(record.offset)) continue;
    latest[record.key] = StrCat(record.offset);
    ++sums[record.group].first;
    sums[record.group].second += record.value;
  }
  std::map<std::string, std::string> stored;
  for (const auto& [key, row] : run.spanner.table("Latest")) stored[key[0]] = row.at("KafkaOffset");
  if (stored != latest) return "the latest rows are not those of the log";
  std::map<std::string, std::pair<int64_t, int64_t>> merged;
  for (const auto& [key, row] : run.spanner.table("Partials")) {
    merged[key[0]].first += std::stoll(row.at("Count"));
    merged[key[0]].second += std::stoll(row.at("Sum"));
  }
  for (const auto& [key, row] : run.spanner.table("Totals")) {
    merged[key[0]].first += std::stoll(row.at("Count"));
    merged[key[0]].second += std::stoll(row.at("Sum"));
  }
  if (merged != sums) return "the aggregates are not those of the log";
  return "";
}

}  // namespace

std::string CheckRun(const SimRun& run) {
  if (!run.early_report.empty()) return run.early_report;
  if (std::string found = CheckWrites(run); !found.empty()) {
    return run.stopped.empty() ? found : StrCat(found, " (a worker stopped: ", run.stopped, ")");
  }
  if (std::string found = CheckTables(run); !found.empty()) return found;
  if (!run.stopped.empty()) return StrCat("a worker stopped: ", run.stopped);
  if (!run.finished) return "the records were not finished in time";
  return "";
}

}  // namespace ks::sim
