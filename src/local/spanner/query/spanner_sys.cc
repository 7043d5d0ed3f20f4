#include "local/spanner/query/metadata_table.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kSupportedOptimizerVersionsColumns[] = {
    {"VERSION", "INT64"},
    {"RELEASE_DATE", "DATE"},
    {"IS_DEFAULT", "BOOL"},
};

void FillSupportedOptimizerVersions(const Schema&, MetadataRows* rows) {
  constexpr int64_t kReleased = 20'000;  // 2024-10-04
  rows->push_back({Int(1), sql::Value::Date(kReleased), Flag(true)});
}

constexpr MetadataTable kTables[] = {
    {"SPANNER_SYS", "SUPPORTED_OPTIMIZER_VERSIONS", kSupportedOptimizerVersionsColumns,
     &FillSupportedOptimizerVersions},
};

}  // namespace

absl::Span<const MetadataTable> SystemMetadata() { return kTables; }

}  // namespace ks::local
