// google.protobuf.Timestamp and ours. Pure functions.
#pragma once

#include <cstdint>

#include "google/protobuf/timestamp.pb.h"
#include "local/spanner/storage/timestamp.h"

namespace ks::local {

inline void SetTimestamp(CommitTimestamp t, google::protobuf::Timestamp* out) {
  const sql::TimestampValue value = ToSqlTimestamp(t);
  out->set_seconds(value.seconds);
  out->set_nanos(value.nanos);
}
inline void SetNanos(int64_t nanos, google::protobuf::Timestamp* out) {
  out->set_seconds(nanos / 1'000'000'000);
  out->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

inline int64_t ToNanos(const google::protobuf::Timestamp& t) {
  return t.seconds() * 1'000'000'000 + t.nanos();
}

}  // namespace ks::local
