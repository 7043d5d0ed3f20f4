// Schemas as bytes (CBOR), for the store's metadata. Derived fields are not written; reading
// computes them again.
//
// Fields may be added: absent ones read as their defaults, so newer programs read older databases.
// Tested in txn/database_test.cc (reopening): what is read is what was written.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "local/spanner/schema/schema.h"

namespace ks::local {

std::string EncodeSchema(const Schema& schema);
// DATA_LOSS when it is no schema.
absl::StatusOr<std::shared_ptr<const Schema>> DecodeSchema(std::string_view bytes);

}  // namespace ks::local
