#include "local/spanner/query/errors.h"

#include "absl/strings/str_cat.h"

namespace ks::local::errors {

absl::Status ColumnNotWritable(std::string_view verb, std::string_view column) {
  return absl::InvalidArgumentError(
      absl::StrCat("Cannot ", verb, " value on non-writable column: ", column));
}
absl::Status RowWrittenTwice(std::string_view table, std::string_view key) {
  return absl::InvalidArgumentError(
      absl::StrCat("Cannot affect a row second time for key: ", key, " of table ", table));
}
absl::Status GeneratedKeyInDml(std::string_view table) {
  return absl::UnimplementedError(
      absl::StrCat("Table ", table,
                   " has a generated key column, for which the local Spanner supports neither THEN "
                   "RETURN nor INSERT OR IGNORE."));
}
absl::Status ReturnedRowMissing(std::string_view table) {
  return absl::InternalError(
      absl::StrCat("A row of ", table, " that was just written cannot be read for THEN RETURN."));
}
absl::Status MetadataNotWritable(std::string_view table) {
  return absl::InvalidArgumentError(absl::StrCat("Table ", table, " is read-only."));
}
absl::Status QueryLimit(std::string_view what, int64_t limit) {
  return absl::InvalidArgumentError(
      absl::StrCat("Number of ", what, " exceeds the maximum allowed limit of ", limit, "."));
}

}  // namespace ks::local::errors
