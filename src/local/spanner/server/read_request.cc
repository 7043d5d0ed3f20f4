#include "local/spanner/server/read_request.h"

#include <utility>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/key_set.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

class SpanCollector : public KeySetVisitor {
 public:
  explicit SpanCollector(const KeyShape& shape) : shape_(shape) {}
  absl::Status OnAll() override {
    spans_.push_back(SpaceSpan(shape_.space));
    return absl::OkStatus();
  }
  // For an index the given parts are only its own: the rows' primary keys follow them.
  absl::Status OnKey(absl::Span<const sql::Datum> key) override {
    const std::string encoded = EncodeKey(shape_, key);
    spans_.push_back(key.size() == shape_.parts.size() ? PointSpan(encoded) : PrefixSpan(encoded));
    return absl::OkStatus();
  }
  absl::Status OnRange(const KeyBounds& bounds) override {
    spans_.push_back(EncodeBounds(shape_, bounds));
    return absl::OkStatus();
  }
  std::vector<KeySpan> Take() { return NormalizeSpans(std::move(spans_)); }

 private:
  const KeyShape& shape_;
  std::vector<KeySpan> spans_;
};

}  // namespace

absl::StatusOr<ScanSpec> ResolveTarget(const Schema& schema, const ReadTarget& target) {
  ScanSpec spec;
  spec.table = schema.FindTable(target.table);
  if (spec.table == nullptr) return errors::TableNotFound(target.table);
  if (target.index.empty()) return spec;
  spec.index = schema.FindIndex(target.index);
  if (spec.index == nullptr || spec.index->managed) {
    return errors::IndexNotFound(target.index, spec.table->name);
  }
  if (!absl::EqualsIgnoreCase(spec.index->table, spec.table->name)) {
    return errors::IndexOfOtherTable(spec.index->name, spec.index->table, spec.table->name);
  }
  if (!spec.index->backfilled) return errors::IndexNotReady(spec.index->name);
  return spec;
}

absl::StatusOr<std::vector<KeySpan>> ResolveKeySet(const ScanSpec& spec,
                                                   const pb::KeySet& key_set) {
  const KeyShape& shape = spec.index != nullptr ? spec.index->shape : spec.table->shape;
  const size_t parts = spec.index != nullptr ? spec.index->key.size() : shape.parts.size();
  const KeySetShape wanted{spec.index != nullptr ? spec.index->name : spec.table->name,
                           absl::MakeConstSpan(shape.parts).first(parts)};
  sql::Arena arena;
  SpanCollector collector(shape);
  const std::string wire = key_set.SerializeAsString();
  KS_RETURN_IF_ERROR(VisitKeySet(wire, wanted, arena, collector));
  return collector.Take();
}

absl::StatusOr<ScanSpec> ResolveRead(const Schema& schema, const pb::ReadRequest& request) {
  KS_ASSIGN_OR_RETURN(ScanSpec spec, ResolveTarget(schema, {request.table(), request.index()}));
  if (request.limit() < 0) return errors::NegativeLimit();
  for (const std::string& name : request.columns()) {
    const int column = spec.table->FindColumn(name);
    if (column < 0) return errors::ColumnNotFound(spec.table->name, name);
    if (spec.index != nullptr && !spec.index->Covers(column)) {
      return errors::ColumnNotInIndex(spec.index->name, spec.table->name, name);
    }
    spec.columns.push_back(column);
  }
  KS_ASSIGN_OR_RETURN(spec.spans, ResolveKeySet(spec, request.key_set()));
  spec.limit = request.limit();
  spec.exclusive = request.lock_hint() == pb::ReadRequest::LOCK_HINT_EXCLUSIVE;
  spec.hold = spec.exclusive;
  return spec;
}

}  // namespace ks::local
