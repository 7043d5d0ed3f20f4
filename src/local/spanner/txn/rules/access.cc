#include "local/spanner/schema/access.h"
#include "base/status_macros.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {

absl::Status ValidateAccess(const Schema& schema, std::string_view role,
                            const MutationList& mutations) {
  if (role.empty()) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const Access access, Access::Of(schema, role));
  for (const Mutation& mutation : mutations.mutations()) {
    const Table& table = *mutation.table;
    if (mutation.op == MutationOp::kDelete) {
      KS_RETURN_IF_ERROR(access.CheckTable(Action::kDelete, table));
      continue;
    }
    if (mutation.op != MutationOp::kUpdate) {
      KS_RETURN_IF_ERROR(access.CheckColumns(Action::kInsert, table, mutation.columns));
    }
    if (mutation.op != MutationOp::kInsert) {
      KS_RETURN_IF_ERROR(access.CheckColumns(Action::kUpdate, table, mutation.columns));
    }
  }
  return absl::OkStatus();
}

}  // namespace ks::local::rules
