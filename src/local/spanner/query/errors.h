// Errors of query/, one function each. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace ks::local::errors {

absl::Status ColumnNotWritable(std::string_view verb, std::string_view column);
absl::Status RowWrittenTwice(std::string_view table, std::string_view key);
absl::Status GeneratedKeyInDml(std::string_view table);
absl::Status ReturnedRowMissing(std::string_view table);
absl::Status MetadataNotWritable(std::string_view table);
// `what`: "joins"
absl::Status QueryLimit(std::string_view what, int64_t limit);

}  // namespace ks::local::errors
