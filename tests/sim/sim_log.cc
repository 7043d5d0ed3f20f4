#include "sim_log.h"

#include <algorithm>

#include "base/str_cat.h"

namespace ks::sim {
namespace {

Kind ChooseKind(const LogShape& shape, uint64_t poison, env::Random& random) {
  const uint64_t dice = random.Below(1000);
  if (dice < poison && !shape.changes) return Kind::kPoison;
  if (shape.plain || shape.changes) return Kind::kPlain;
  if (dice < 2 * poison) return Kind::kMalformed;
  if (dice < 3 * poison) return Kind::kRejected;
  if (dice < 3 * poison + 30) return Kind::kUnwanted;
  return shape.tombstones && dice >= 900 ? Kind::kTombstone : Kind::kPlain;
}

std::string ChangeOf(const SimRecord& record) {
  std::string before = "null";
  if (record.before)
    before = StrCat(R"({"g": ")", record.before->first, R"(", "v": )", record.before->second, "}");
  return StrCat(R"({"op": ")", record.before ? "u" : "c", R"(", "before": )", before,
                R"(, "after": {"g": ")", record.group, R"(", "v": )", record.number, "}}");
}

std::optional<std::string> ValueOf(const SimRecord& record) {
  if (record.kind == Kind::kTombstone) return std::nullopt;
  if (record.kind == Kind::kMalformed) return R"({"g": "group)";
  std::string json = StrCat(R"({"g": ")", record.group, R"(", "v": )", record.number);
  if (record.kind == Kind::kPoison) json += R"(, "p": "yes")";
  if (record.kind == Kind::kRejected) json += R"(, "rejected": true)";
  if (record.kind == Kind::kUnwanted) json += R"(, "unwanted": true)";
  return json + "}";
}

}  // namespace

int64_t SimLog::high(int64_t now) const {
  for (const SimRecord& record : records) {
    if (record.available_at > now) return record.offset;
  }
  return end;
}

const SimRecord* SimLog::Find(int64_t offset) const {
  const auto at = std::lower_bound(records.begin(), records.end(), offset,
                                   [](const SimRecord& r, int64_t o) { return r.offset < o; });
  return at == records.end() || at->offset != offset ? nullptr : &*at;
}

SimLog MakeLog(const LogShape& shape, env::Random& random) {
  SimLog log;
  log.topic_id = StrCat("topic-", shape.life);
  const uint64_t poison = random.Below(3) == 0 ? 1 + random.Below(80) : 0;
  const uint64_t keys = 1 + random.Below(12);
  const uint64_t gap = random.Below(3) * 100;
  const auto records =
      static_cast<int64_t>(1 + random.Below(static_cast<uint64_t>(shape.records_max)));
  const auto pace = static_cast<uint64_t>((shape.until - shape.from) / (records + 1) * 3);
  int64_t offset = static_cast<int64_t>(random.Below(3) * 7);
  log.low = offset;
  int64_t at = shape.from;
  for (int64_t i = 0; i < records; ++i) {
    SimRecord record{.offset = offset,
                     .group = StrCat("group", random.Below(3)),
                     .number = static_cast<int64_t>(random.Below(1000)),
                     .kind = ChooseKind(shape, poison, random),
                     .timestamp_ms = random.Below(20) == 0 ? -1 : at / env::kNanosPerMilli,
                     .available_at = at};
    if (shape.plain || random.Below(12) != 0) {
      record.key = StrCat("p", shape.partition, "-", shape.life, "-key", random.Below(keys));
    }
    // What a change takes back need not have been: sums have no order.
    if (shape.changes && random.Below(3) != 0) {
      record.before.emplace(StrCat("group", random.Below(3)),
                            static_cast<int64_t>(random.Below(1000)));
    }
    record.value = shape.changes ? ChangeOf(record) : ValueOf(record);
    log.records.push_back(std::move(record));
    at += static_cast<int64_t>(random.Below(2) * random.Below(pace + 1));
    offset += random.Below(1000) < gap ? 1 + static_cast<int64_t>(random.Below(5)) : 1;
  }
  log.end = offset + static_cast<int64_t>(random.Below(2) * 2);
  return log;
}

Fate FateOf(const SimRecord& record, pipeline::Policy on_error) {
  const bool skip = on_error == pipeline::Policy::kSkip;
  switch (record.kind) {
    case Kind::kPlain:
      return Fate::kWritten;
    case Kind::kTombstone:
      return Fate::kDeleted;
    case Kind::kRejected:
      return Fate::kDeadLetter;
    case Kind::kUnwanted:
      return Fate::kSkipped;
    case Kind::kMalformed:
    case Kind::kPoison:
      return skip ? Fate::kSkipped : Fate::kDeadLetter;
  }
  return Fate::kSkipped;
}

}  // namespace ks::sim
