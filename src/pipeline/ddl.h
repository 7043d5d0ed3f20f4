// The DDL that `plan --ddl` prints and `plan --apply` runs: only what is missing; nothing is ever
// dropped or narrowed.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include <string>
#include <vector>

#include "pipeline/plan.h"
#include "pipeline/target.h"

namespace ks::pipeline {

// `CREATE TABLE …` with STRING(MAX) and BYTES(MAX) where the column has no Spanner type of its own.
std::string CreateTableSql(const TargetTable& table);

// Fills plan->missing_ddl and plan->missing: named schemas, tables (parents first), views,
// kafka_spanner's own tables.
void PlanDdl(const TargetSchema* target, Plan* plan);
// plan.missing_ddl without kafka_spanner's own, which are the same for every pipeline.
std::vector<std::string> TablesDdl(const Plan& plan);

}  // namespace ks::pipeline
