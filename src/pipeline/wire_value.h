// Values as Spanner's wire format has them, read back into Datum. The inverse of AppendListElement.
#pragma once

#include "absl/status/statusor.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace google::protobuf {
class Value;
}

namespace ks::pipeline {

// What the Datum points to is in `arena` or in `value`.
absl::StatusOr<sql::Datum> DecodeWireValue(sql::TypeRef type, const google::protobuf::Value& value,
                                           sql::Arena& arena);

}  // namespace ks::pipeline
