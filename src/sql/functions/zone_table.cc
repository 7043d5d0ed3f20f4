#include "sql/functions/zone_table.h"

#include <algorithm>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/string_map.h"
#include "sql/types/time_zone.h"

namespace ks::sql {
namespace {

// Transitions in between are in the table; others are asked of Abseil one by one.
constexpr int64_t kTableFrom = -2208988800;  // 1900-01-01
constexpr int64_t kTableTo = 4102444800;     // 2100-01-01

struct Tables {
  absl::Mutex mu;
  StringMap<std::unique_ptr<const ZoneTable>> by_name ABSL_GUARDED_BY(mu);
};

Tables& AllTables() {
  static Tables* const tables = new Tables;
  return *tables;
}

int32_t OffsetAt(const absl::TimeZone& zone, int64_t seconds) {
  return zone.At(absl::FromUnixSeconds(seconds)).offset;
}

// The moment of a change of clocks: `from` is the local time when it comes, `to` what follows.
int64_t MomentOf(const absl::TimeZone& zone, const absl::TimeZone::CivilTransition& change) {
  return absl::ToUnixSeconds(zone.At(std::min(change.from, change.to)).trans);
}

}  // namespace

ZoneTable::ZoneTable(absl::TimeZone zone) : zone_(zone) {
  int64_t from = kTableFrom;
  absl::TimeZone::CivilTransition change;
  while (from < kTableTo && zone_.NextTransition(absl::FromUnixSeconds(from), &change)) {
    const int64_t to = std::min(MomentOf(zone_, change), kTableTo);
    if (to <= from) break;
    spans_.push_back({from, to, OffsetAt(zone_, from)});
    from = to;
  }
  if (from < kTableTo) spans_.push_back({from, kTableTo, OffsetAt(zone_, from)});
}

absl::StatusOr<const ZoneTable*> ZoneTable::Find(std::string_view name) {
  Tables& tables = AllTables();
  {
    absl::ReaderMutexLock lock(&tables.mu);
    auto it = tables.by_name.find(name);
    if (it != tables.by_name.end()) return it->second.get();
  }
  absl::StatusOr<absl::TimeZone> zone = FindTimeZone(name);
  if (!zone.ok()) return zone.status();
  std::unique_ptr<const ZoneTable> made(new ZoneTable(*zone));
  absl::MutexLock lock(&tables.mu);
  return tables.by_name.try_emplace(std::string(name), std::move(made)).first->second.get();
}

ZoneTable::Span ZoneTable::At(int64_t seconds) const {
  if (seconds < kTableFrom || seconds >= kTableTo) {
    return {seconds, seconds + 1, OffsetAt(zone_, seconds)};
  }
  const auto after = std::upper_bound(spans_.begin(), spans_.end(), seconds,
                                      [](int64_t s, const Span& span) { return s < span.from; });
  return *(after - 1);
}

int64_t ZoneTable::ToUtc(int64_t local_seconds) const {
  // Far from a change of clocks both neighbours have one offset.
  const int32_t offset = At(local_seconds - 100000).offset;
  if (offset == At(local_seconds + 100000).offset) return local_seconds - offset;
  const absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1, 0, 0, 0) + local_seconds;
  return absl::ToUnixSeconds(zone_.At(civil).pre);
}

absl::Status ZoneCursor::Set(std::string_view name) {
  if (table_ != nullptr && name.data() == name_.data() && name.size() == name_.size()) {
    return absl::OkStatus();
  }
  absl::StatusOr<const ZoneTable*> found = ZoneTable::Find(name);
  if (!found.ok()) return found.status();
  if (*found != table_) span_ = {};
  table_ = *found;
  name_ = name;
  return absl::OkStatus();
}

}  // namespace ks::sql
