#include "sql/analyzer/unknown_function.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sql/parser/error_location.h"

namespace ks::sql {
namespace {

// Functions of GoogleSQL that Spanner's documentation does not list; Spanner names them.
constexpr std::string_view kForeignFunctions[] = {"APPROX_QUANTILES",
                                                  "APPROX_TOP_COUNT",
                                                  "APPROX_TOP_SUM",
                                                  "ASCII",
                                                  "CHR",
                                                  "CORR",
                                                  "COT",
                                                  "COTH",
                                                  "COVAR_POP",
                                                  "COVAR_SAMP",
                                                  "CSC",
                                                  "CSCH",
                                                  "EDIT_DISTANCE",
                                                  "GENERATE_TIMESTAMP_ARRAY",
                                                  "JSON_EXTRACT",
                                                  "JSON_EXTRACT_ARRAY",
                                                  "JSON_EXTRACT_SCALAR",
                                                  "JSON_EXTRACT_STRING_ARRAY",
                                                  "LEFT",
                                                  "RAND",
                                                  "RANGE_BUCKET",
                                                  "REGEXP_INSTR",
                                                  "RIGHT",
                                                  "SEC",
                                                  "SECH",
                                                  "SESSION_USER",
                                                  "STDDEV_POP",
                                                  "UNICODE",
                                                  "VAR_POP"};

}  // namespace

absl::Status UnknownFunction(uint32_t position, std::string_view written) {
  const std::string name = absl::AsciiStrToUpper(written);
  for (const std::string_view foreign : kForeignFunctions) {
    if (name == foreign) {
      return absl::UnimplementedError(absl::StrCat("Unsupported built-in function: ", name));
    }
  }
  return ErrorAt(position, absl::StrCat("Function not found: ", written));
}

}  // namespace ks::sql
