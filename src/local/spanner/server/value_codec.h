// Values on the wire: google.protobuf.Value in wire form <-> sql::Datum, by type.
//
// Decoding is the first step of every Commit, so nothing is copied: a STRING is a view into the
// request's bytes (which must outlive it); what must be converted (BYTES, JSON, NUMERIC, arrays)
// goes to the arena. Errors are FAILED_PRECONDITION with Spanner's texts (value_codec_test.cc has
// the emulator's). Source:
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#typecode Thread safety:
// pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace google::spanner::v1 {
class Type;
}

namespace ks::local {

enum class CommitTimestamps : uint8_t {
  kRefuse,
  kAllow,  // "spanner.commit_timestamp()" is a TIMESTAMP: in mutations
};

// `wire`: one google.protobuf.Value.
absl::Status DecodeValue(sql::TypeRef type, std::string_view wire,
                         CommitTimestamps commit_timestamps, sql::Arena& arena, sql::Datum* out);

// Appends field `field` of a message: a google.protobuf.Value.
void AppendValue(uint32_t field, sql::TypeRef type, const sql::Datum& datum, std::string* out);

// What the Value of a STRING-like datum (anything but numbers, BOOL, NULL, ARRAY, STRUCT) says.
void AppendValueText(sql::TypeRef type, const sql::Datum& datum, std::string* out);
// True when the datum's Value is a string_value.
bool IsText(sql::TypeRef type, const sql::Datum& datum);

// ---- Types ----
void ToProto(sql::TypeRef type, google::spanner::v1::Type* out);
// INVALID_ARGUMENT when it is incomplete or unknown.
absl::StatusOr<sql::TypeRef> FromProto(const google::spanner::v1::Type& type);

}  // namespace ks::local
