// Early return on an error, for functions that return absl::Status or absl::StatusOr.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define KS_CONCAT_INNER(a, b) a##b
#define KS_CONCAT(a, b) KS_CONCAT_INNER(a, b)

// Returns the status of `expression` from this function unless it is OK.
#define KS_RETURN_IF_ERROR(expression)      \
  do {                                      \
    absl::Status ks_status_ = (expression); \
    if (!ks_status_.ok()) [[unlikely]]      \
      return ks_status_;                    \
  } while (false)

// `KS_ASSIGN_OR_RETURN(auto x, F());` declares x from a StatusOr or returns its error.
#define KS_ASSIGN_OR_RETURN(declaration, expression) \
  KS_ASSIGN_OR_RETURN_INNER(KS_CONCAT(ks_or_, __LINE__), declaration, expression)
#define KS_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                      \
  if (!temporary.ok()) [[unlikely]]                                   \
    return temporary.status();                                        \
  declaration = std::move(temporary).value()
