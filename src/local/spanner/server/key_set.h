// google.spanner.v1.KeySet in wire form -> keys and ranges as datums, for reads and deletes.
//
// Thread safety: pure functions.
// Source: https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#keyset
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "local/spanner/storage/key_codec.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::local {

// What a key set's keys look like.
struct KeySetShape {
  std::string_view table;               // for messages
  absl::Span<const KeyPartType> parts;  // of a whole key
};

class KeySetVisitor {
 public:
  virtual ~KeySetVisitor() = default;
  virtual absl::Status OnAll() = 0;
  virtual absl::Status OnKey(absl::Span<const sql::Datum> key) = 0;  // all parts
  virtual absl::Status OnRange(const KeyBounds& bounds) = 0;
};

// Datums live in `arena` or point into `wire`.
absl::Status VisitKeySet(std::string_view wire, const KeySetShape& shape, sql::Arena& arena,
                         KeySetVisitor& visitor);

}  // namespace ks::local
