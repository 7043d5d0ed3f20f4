#include "sql/errors.h"

#include "absl/strings/str_cat.h"

namespace ks::sql {

absl::Status QueryMemoryExceeded(int64_t limit_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("The query needs more memory than its limit of ", limit_bytes >> 20,
                   " MiB for sorting, hashing or WITH tables. Read fewer rows, or add an index "
                   "that gives the order."));
}
absl::Status ParameterMissing(std::string_view name) {
  return absl::InvalidArgumentError(absl::StrCat("No parameter found for binding: ", name));
}
absl::Status ParameterType(std::string_view name, TypeRef expected, TypeRef actual) {
  return absl::InvalidArgumentError(absl::StrCat("Invalid value for bind parameter ", name,
                                                 ": Expected ", expected->ToString(), ", found ",
                                                 actual->ToString()));
}
absl::Status ScalarSubqueryRows() { return absl::OutOfRangeError("More than one element"); }
absl::Status LimitIsNull(std::string_view /*clause*/) {
  return absl::OutOfRangeError("Limit requires non-null count and offset");
}
absl::Status LimitIsNegative(std::string_view /*clause*/) {
  return absl::OutOfRangeError("Limit requires non-negative count and offset");
}
absl::Status SampleSizeIsNull() {
  return absl::OutOfRangeError("SampleScan requires non-null size");
}
absl::Status SampleRowsAreNegative() {
  return absl::OutOfRangeError("SampleScan requires non-negative size");
}
absl::Status SamplePercentOutOfRange() {
  return absl::OutOfRangeError("PERCENT value must be in the range [0, 100]");
}
absl::Status NullFilteredIndex(std::string_view index) {
  return absl::InvalidArgumentError(
      absl::StrCat("The NULL_FILTERED index ", index,
                   " lacks rows that this query may want. Add `IS NOT NULL` for each of its key "
                   "columns, or do not force the index."));
}
absl::Status NotSupported(std::string_view what) {
  return absl::UnimplementedError(absl::StrCat(what, " is not supported"));
}

}  // namespace ks::sql
