#include "local/spanner/server/partitioner.h"

#include <algorithm>
#include <memory>
#include <string>

#include "base/status_macros.h"
#include "local/spanner/query/table_adapter.h"
#include "local/spanner/server/limits.h"

namespace ks::local {

namespace {

constexpr size_t kRowsWorthCutting = 50;

absl::StatusOr<std::vector<std::string>> SampleKeys(RowSource& source, ScanSpec spec) {
  const KeyShape& shape = spec.index != nullptr ? spec.index->shape : spec.table->shape;
  spec.columns.clear();
  for (const KeyColumn& part : spec.index != nullptr ? spec.index->full_key : spec.table->key) {
    spec.columns.push_back(part.column);
  }
  spec.limit = limits::kPartitionSampleRows;
  KS_ASSIGN_OR_RETURN(std::unique_ptr<sql::RowCursor> cursor, source.Scan(spec));
  std::vector<std::string> keys;
  std::vector<sql::Datum> key(spec.columns.size());
  sql::RowBatch batch;
  do {
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    for (uint32_t r = 0; r < batch.rows; ++r) {
      for (size_t c = 0; c < key.size(); ++c) key[c] = batch.columns[c][r];
      keys.push_back(EncodeKey(shape, key));
    }
  } while (batch.rows > 0);
  return keys;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<KeySpan>>> CutIntoPartitions(RowSource& source,
                                                                    const ScanSpec& spec,
                                                                    int64_t most) {
  KS_ASSIGN_OR_RETURN(const std::vector<std::string> keys, SampleKeys(source, spec));
  const auto wanted = static_cast<size_t>(most > 0 ? most : limits::kPartitionsDefault);
  const size_t parts =
      std::clamp<size_t>((keys.size() + kRowsWorthCutting - 1) / kRowsWorthCutting, 1, wanted);
  std::vector<std::vector<KeySpan>> result;
  std::string start;
  for (size_t i = 1; i <= parts; ++i) {
    const std::string limit = i == parts ? std::string(64, '\xFF') : keys[keys.size() * i / parts];
    result.push_back(IntersectSpans(spec.spans, {{start, limit}}));
    start = limit;
  }
  return result;
}

}  // namespace ks::local
