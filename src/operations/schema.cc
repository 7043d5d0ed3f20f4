#include "operations/schema.h"

#include <algorithm>

#include "base/status_macros.h"
#include "operations/errors.h"
#include "runtime/target_reader.h"

namespace ks::operations {

absl::StatusOr<std::vector<std::string>> PlanSchema(const Target& target) {
  KS_ASSIGN_OR_RETURN(auto plan, runtime::PlanAgainst(*target.client, *target.spec));
  return std::move(plan.missing_ddl);
}

absl::Status ApplySchema(const Target& target, const std::vector<std::string>& statements) {
  KS_ASSIGN_OR_RETURN(const auto missing, PlanSchema(target));
  for (const std::string& statement : missing) {
    if (std::find(statements.begin(), statements.end(), statement) == statements.end())
      return SchemaChangedMeanwhile();
  }
  if (missing.empty()) return absl::OkStatus();
  return target.admin->UpdateDdl(target.spec->target.database, missing);
}

}  // namespace ks::operations
