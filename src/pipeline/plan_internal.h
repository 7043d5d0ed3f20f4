// What plan.cc and plan_table.cc share.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pipeline/plan.h"

namespace ks::pipeline {

struct PlanContext {
  const PipelineSpec& spec;
  const TargetSchema* target;  // null: none
  std::vector<PlanWarning>* warnings;

  const SourceText& file() const { return *spec.file; }
};

// INVALID_ARGUMENT at byte `offset` of a piece of SQL in the file.
absl::Status ErrorInSql(const SourceText& file, const SqlText& sql, size_t offset,
                        std::string_view message);
// An error of the parser or the analyzer about `sql`, shown in the file.
absl::Status SqlErrorInFile(const SourceText& file, const SqlText& sql, const absl::Status& error);

// Fills everything of `table` but spec and select, which are there.
absl::Status PlanTable(const PlanContext& context, const PlannedSource& source,
                       PlannedTable* table);

}  // namespace ks::pipeline
