#include "local/spanner/query/errors.h"

#include "absl/strings/str_cat.h"

namespace ks::local::errors {

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

}  // namespace ks::local::errors
