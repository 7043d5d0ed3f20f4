// Keys as bytes that sort as Spanner sorts rows, so that the store only ever compares bytes.
//
// An encoded key is the number of its key space (4 bytes, big-endian; every table and every index
// has its own) and then one encoding per key part:
//   NULL        00                                     first of all in ascending order, as in
//   Spanner otherwise   01 and the value:
//     BOOL, INT64, DATE, ENUM   8 bytes big-endian, sign bit flipped
//     FLOAT64, FLOAT32          8 bytes: IEEE order with NaN (all alike) first and -0.0 as 0.0
//     NUMERIC, UUID             16 bytes big-endian, NUMERIC's sign bit flipped
//     TIMESTAMP                 seconds as INT64, then nanoseconds as 4 bytes big-endian
//     STRING, BYTES, PROTO      the bytes with 00 written as 00 FF, then the end mark 00 01
//   A part that is DESC has every byte of its encoding (also the first) complemented.
// Invariants (key_codec_test.cc): for two keys of one shape, bytes compare as sql::Compare does
// part by part, turned round where a part is DESC; no encoded part is a proper prefix of another,
// so a prefix of parts is a prefix of bytes; decoding gives back what was encoded (NaN and -0.0
// normalized). Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::local {

using KeySpaceId = uint32_t;
inline constexpr size_t kKeySpaceBytes = 4;

struct KeyPartType {
  sql::TypeRef type;
  bool descending = false;
};

// What the keys of one table or index look like.
struct KeyShape {
  KeySpaceId space = 0;
  std::vector<KeyPartType> parts;
};

// Encoded keys k with start <= k < limit.
struct KeySpan {
  std::string start;
  std::string limit;
  bool operator==(const KeySpan&) const = default;
};

bool IsKeyType(sql::TypeRef type);

void AppendKeySpace(KeySpaceId space, std::string* out);
void AppendKeyPart(const KeyPartType& part, const sql::Datum& value, std::string* out);
// The first `values.size()` parts; all of them make a row's key, fewer a prefix.
void AppendKey(const KeyShape& shape, absl::Span<const sql::Datum> values, std::string* out);
std::string EncodeKey(const KeyShape& shape, absl::Span<const sql::Datum> values);

// All parts of `key` into `values` (shape.parts.size() of them). Bytes that need no unescaping
// point into `key`, the rest into `arena`. DATA_LOSS when the bytes are no key of this shape.
absl::Status DecodeKey(const KeyShape& shape, std::string_view key, sql::Arena& arena,
                       sql::Datum* values);

// The shortest string above all strings that start with `prefix` (which is not all FF).
std::string PrefixEnd(std::string_view prefix);

KeySpan PrefixSpan(std::string_view prefix);
KeySpan SpaceSpan(KeySpaceId space);
// Just this key: [key, key 00).
KeySpan PointSpan(std::string_view key);
// True for what PointSpan made.
bool IsPoint(const KeySpan& span);

// The keys from `start` to `limit`, each a prefix of the parts (a prefix stands for all keys that
// begin with it). `closed`: the bound itself belongs to it. Bounds are in the order of the keys:
// `start` comes first where parts DESC.
struct KeyBounds {
  absl::Span<const sql::Datum> start;
  absl::Span<const sql::Datum> limit;
  bool start_closed = true;
  bool limit_closed = false;
};
// May be empty (start >= limit) when the bounds are the wrong way round.
KeySpan EncodeBounds(const KeyShape& shape, const KeyBounds& bounds);

// Sorted, without overlaps and without empty spans.
std::vector<KeySpan> NormalizeSpans(std::vector<KeySpan> spans);

}  // namespace ks::local
