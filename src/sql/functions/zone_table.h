// The offsets of one time zone, ready for many lookups: DATE(timestamp) and its like.
//
// A ZoneTable is made once per zone name and lives for ever; it is immutable, so any thread may use
// it. A ZoneCursor remembers where the last lookup fell and belongs to one batch.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ks::sql {

class ZoneTable {
 public:
  // Seconds [from, to) since the epoch have this offset east of UTC.
  struct Span {
    int64_t from = 0;
    int64_t to = 0;
    int32_t offset = 0;
  };

  // Names as FindTimeZone (sql/types/time_zone.h) takes them.
  static absl::StatusOr<const ZoneTable*> Find(std::string_view name);

  Span At(int64_t seconds) const;
  // The moment of a local time, given as seconds as if it were UTC. One that a change of clocks
  // skips or repeats is read with the offset from before the change.
  int64_t ToUtc(int64_t local_seconds) const;
  const absl::TimeZone& zone() const { return zone_; }

 private:
  explicit ZoneTable(absl::TimeZone zone);

  const absl::TimeZone zone_;
  std::vector<Span> spans_;  // ascending, adjoining
};

// The zone of a column of names and the offsets in it.
class ZoneCursor {
 public:
  // An unknown zone is an error each time.
  absl::Status Set(std::string_view name);
  const ZoneTable& table() const { return *table_; }
  int32_t Offset(int64_t seconds) {
    if (seconds < span_.from || seconds >= span_.to) [[unlikely]]
      span_ = table_->At(seconds);
    return span_.offset;
  }
  int64_t ToLocal(int64_t seconds) { return seconds + Offset(seconds); }

 private:
  const ZoneTable* table_ = nullptr;
  ZoneTable::Span span_;
  std::string_view name_;  // of the last Set
};

}  // namespace ks::sql
