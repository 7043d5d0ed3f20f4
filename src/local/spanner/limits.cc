#include "local/spanner/limits.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "base/nearest_name.h"
#include "local/spanner/errors.h"

namespace ks::local::limits {
namespace {

Limit* const kAll[] = {&kMutationsPerCommit,
                       &kCommitBytes,
                       &kKeyBytes,
                       &kCellBytes,
                       &kStringChars,
                       &kMessageBytes,
                       &kRequestBytes,
                       &kAdminBytes,
                       &kAdminRequests,
                       &kUnaryResultBytes,
                       &kSqlChars,
                       &kQueryParameters,
                       &kJoins,
                       &kFunctionCalls,
                       &kNestedFunctions,
                       &kNestedSubqueries,
                       &kNestedSubselects,
                       &kNestedGroupBys,
                       &kGroupByColumns,
                       &kInValues,
                       &kStructFields,
                       &kSubqueryChildren,
                       &kUnions,
                       &kTablesPerDatabase,
                       &kIndexesPerDatabase,
                       &kIndexesPerTable,
                       &kColumnsPerTable,
                       &kKeyColumns,
                       &kInterleaveDepth,
                       &kViewsPerDatabase,
                       &kRolesPerDatabase,
                       &kChangeStreamsPerDatabase,
                       &kChangeStreamsPerColumn,
                       &kDdlBytes,
                       &kDatabasesPerInstance,
                       &kSplitPointsPerRequest,
                       &kIdleTransactionNanos};

}  // namespace

absl::Span<Limit* const> All() { return kAll; }

absl::Status Relax(std::string_view setting) {
  const size_t equals = setting.find('=');
  const std::string_view name = setting.substr(0, equals);
  std::vector<std::string> names;
  for (Limit* limit : kAll) {
    names.emplace_back(limit->name());
    if (limit->name() != name || equals == std::string_view::npos) continue;
    int64_t value = 0;
    const std::string_view text = setting.substr(equals + 1);
    if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &value) || value <= 0) break;
    limit->Set(value);
    return absl::OkStatus();
  }
  return errors::BadLimit(setting, NearestName(name, names));
}

}  // namespace ks::local::limits
