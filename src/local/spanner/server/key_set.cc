#include "local/spanner/server/key_set.h"

#include <vector>

#include "base/status_macros.h"
#include "google/protobuf/struct.pb.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

namespace {

// google.spanner.v1.KeySet
constexpr uint32_t kKeys = 1, kRanges = 2, kAll = 3;
// google.spanner.v1.KeyRange
constexpr uint32_t kStartClosed = 1, kStartOpen = 2, kEndClosed = 3, kEndOpen = 4;

std::string Printed(std::string_view list_value) {
  google::protobuf::ListValue list;
  (void)list.ParseFromArray(list_value.data(), static_cast<int>(list_value.size()));
  return list.ShortDebugString();
}

struct Decoder {
  const KeySetShape& shape;
  sql::Arena& arena;

  absl::Status Key(std::string_view list_value, bool whole, std::vector<sql::Datum>* key) {
    key->clear();
    WireReader reader(list_value);
    WireField field;
    size_t found = 0;
    while (reader.Next(&field)) {
      if (field.number != 1) continue;
      if (++found > shape.parts.size()) continue;
      KS_RETURN_IF_ERROR(DecodeValue(shape.parts[found - 1].type, field.bytes,
                                     CommitTimestamps::kRefuse, arena, &key->emplace_back()));
    }
    if (!reader.ok()) return errors::MalformedRequest("google.protobuf.ListValue");
    if (found > shape.parts.size() || (whole && found < shape.parts.size())) {
      return errors::KeyPartCount(shape.table, shape.parts.size(), found, Printed(list_value));
    }
    return absl::OkStatus();
  }

  absl::Status Range(std::string_view wire, KeySetVisitor& visitor) {
    std::vector<sql::Datum> start, limit;
    KeyBounds bounds;
    bool has_start = false, has_limit = false;
    WireReader reader(wire);
    WireField field;
    while (reader.Next(&field)) {
      if (field.number == kStartClosed || field.number == kStartOpen) {
        KS_RETURN_IF_ERROR(Key(field.bytes, false, &start));
        bounds.start_closed = field.number == kStartClosed;
        has_start = true;
      } else if (field.number == kEndClosed || field.number == kEndOpen) {
        KS_RETURN_IF_ERROR(Key(field.bytes, false, &limit));
        bounds.limit_closed = field.number == kEndClosed;
        has_limit = true;
      }
    }
    if (!reader.ok()) return errors::MalformedRequest("google.spanner.v1.KeyRange");
    if (!has_start) return errors::RangeWithoutStart();
    if (!has_limit) return errors::RangeWithoutEnd();
    bounds.start = start;
    bounds.limit = limit;
    return visitor.OnRange(bounds);
  }
};

}  // namespace

absl::Status VisitKeySet(std::string_view wire, const KeySetShape& shape, sql::Arena& arena,
                         KeySetVisitor& visitor) {
  Decoder decoder{shape, arena};
  std::vector<sql::Datum> key;
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == kKeys) {
      KS_RETURN_IF_ERROR(decoder.Key(field.bytes, true, &key));
      KS_RETURN_IF_ERROR(visitor.OnKey(key));
    } else if (field.number == kRanges) {
      KS_RETURN_IF_ERROR(decoder.Range(field.bytes, visitor));
    } else if (field.number == kAll && field.number_value != 0) {
      KS_RETURN_IF_ERROR(visitor.OnAll());
    }
  }
  return reader.ok() ? absl::OkStatus() : errors::MalformedRequest("google.spanner.v1.KeySet");
}

}  // namespace ks::local
