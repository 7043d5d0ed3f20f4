#include "local/spanner/query/metadata_table.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kSupportedOptimizerVersionsColumns[] = {
    {"IS_DEFAULT", "BOOL", true},
    {"RELEASE_DATE", "DATE", true},
    {"VERSION", "INT64", true},
};

void FillSupportedOptimizerVersions(const Schema&, MetadataRows* rows) {
  constexpr int64_t kReleased = 20'000;  // 2024-10-04
  rows->push_back({Flag(true), sql::Value::Date(kReleased), Int(1)});
}

constexpr MetadataTable kTables[] = {
    {"SPANNER_SYS", "SUPPORTED_OPTIMIZER_VERSIONS", kSupportedOptimizerVersionsColumns,
     &FillSupportedOptimizerVersions},
};

}  // namespace

absl::Span<const MetadataTable> SystemMetadata() { return kTables; }

}  // namespace ks::local
