// A TargetSchema from DDL text, for tests and offline fixtures: what INFORMATION_SCHEMA would say
// after it.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "pipeline/target.h"

namespace ks::pipeline {

// CREATE SCHEMA, TABLE, INDEX and VIEW statements; others are passed over.
absl::StatusOr<TargetSchema> TargetFromDdl(std::string_view script);

}  // namespace ks::pipeline
