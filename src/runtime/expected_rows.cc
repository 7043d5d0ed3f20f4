#include "runtime/expected_rows.h"

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "pipeline/recompute.h"
#include "pipeline/wire_value.h"
#include "sql/types/value.h"

namespace ks::runtime {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Value;
using pipeline::AggregateKind;

constexpr int64_t kRowOverheadBytes = 120;
// Sums of floating-point numbers depend on the order of records, which chains do not share.
constexpr double kSumTolerance = 1e-9;

bool About(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= kSumTolerance * std::max(std::abs(a), std::abs(b));
}

bool SameJson(const std::string& a, const std::string& b) {
  const auto normal_a = sql::NormalizeJson(a);
  const auto normal_b = sql::NormalizeJson(b);
  return normal_a.ok() && normal_b.ok() && *normal_a == *normal_b;
}

bool Same(sql::TypeRef type, const Value& a, const Value& b) {
  if (a.kind_case() != b.kind_case()) return false;
  switch (a.kind_case()) {
    case Value::kStringValue:
      return a.string_value() == b.string_value() ||
             (type->Is(sql::TypeKind::kJson) && SameJson(a.string_value(), b.string_value()));
    case Value::kBoolValue:
      return a.bool_value() == b.bool_value();
    case Value::kNumberValue:
      return a.number_value() == b.number_value();
    case Value::kListValue: {
      const auto& list_a = a.list_value().values();
      const auto& list_b = b.list_value().values();
      return std::equal(
          list_a.begin(), list_a.end(), list_b.begin(), list_b.end(),
          [&](const Value& x, const Value& y) { return Same(type->element(), x, y); });
    }
    default:
      return true;
  }
}

}  // namespace

ExpectedRows::ExpectedRows(const pipeline::PlannedTable& table, const Judged& judged,
                           size_t examples, VerifiedTable* result)
    : table_(table),
      judged_(judged),
      examples_(examples),
      result_(*result),
      types_(pipeline::RowTypes(table)),
      how_(types_.size(), How::kExact),
      keys_(pipeline::RowKeyColumns(table)) {
  if (!table.aggregate) return;
  for (const pipeline::PlannedAggregate& aggregate : table.aggregate->aggregates) {
    const size_t value = keys_ + static_cast<size_t>(aggregate.first_state);
    const bool any = aggregate.kind == AggregateKind::kAnyValue ||
                     aggregate.kind == AggregateKind::kAnyValueMax ||
                     aggregate.kind == AggregateKind::kAnyValueMin;
    const bool sum = aggregate.kind == AggregateKind::kSum || aggregate.kind == AggregateKind::kAvg;
    if (any) how_[value] = How::kNot;  // among equals, any is right
    if (sum && types_[value]->is_floating()) how_[value] = How::kAbout;
    if (any) result_.not_compared.push_back(aggregate.name);
  }
}

ExpectedRows::Version& ExpectedRows::VersionOf(uint64_t chain, std::string_view key, bool* is_new) {
  auto found = rows_.find(key);
  if (found == rows_.end()) {
    found = rows_.try_emplace(std::string(key)).first;
    held_bytes_ += kRowOverheadBytes + static_cast<int64_t>(key.size());
  }
  auto& versions = found->second.versions;
  const auto its = std::find_if(versions.begin(), versions.end(),
                                [&](const Version& each) { return each.chain == chain; });
  *is_new = its == versions.end();
  if (!*is_new) return *its;
  held_bytes_ += static_cast<int64_t>(sizeof(Version));
  versions.push_back({.chain = chain});
  return versions.back();
}

void ExpectedRows::Add(uint64_t chain, std::string_view key, std::string_view rest) {
  bool is_new = false;
  Version& version = VersionOf(chain, key, &is_new);
  // Where rows are only inserted, the first stays.
  if (!is_new && table_.mode == pipeline::TableMode::kAppend) return;
  held_bytes_ += static_cast<int64_t>(rest.size()) - static_cast<int64_t>(version.rest.size());
  version.rest.assign(rest);
  version.removed = false;
}

void ExpectedRows::Remove(uint64_t chain, std::string_view key) {
  bool is_new = false;
  Version& version = VersionOf(chain, key, &is_new);
  held_bytes_ -= static_cast<int64_t>(version.rest.size());
  version.rest.clear();
  version.removed = true;
}

absl::Status ExpectedRows::Encode(const ListValue& row, size_t begin, size_t end,
                                  pipeline::WireBuffer* to) {
  to->Clear();
  arena_.Reset();
  for (size_t i = begin; i < end; ++i) {
    KS_ASSIGN_OR_RETURN(
        const sql::Datum datum,
        pipeline::DecodeWireValue(types_[i], row.values(static_cast<int>(i)), arena_));
    pipeline::AppendListElement(types_[i], datum, to);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> ExpectedRows::KeyOf(const ListValue& row) {
  KS_RETURN_IF_ERROR(Encode(row, 0, keys_, &key_));
  return key_.view();
}

std::vector<size_t> ExpectedRows::Differing(const ListValue& expected,
                                            const ListValue& actual) const {
  std::vector<size_t> columns;
  for (size_t i = keys_; i < types_.size(); ++i) {
    const Value& a = expected.values(static_cast<int>(i));
    const Value& b = actual.values(static_cast<int>(i));
    // The commit's own time is not in the record.
    if (a.string_value() == "spanner.commit_timestamp()") continue;
    if (how_[i] == How::kNot) continue;
    const bool numbers = a.has_number_value() && b.has_number_value();
    if (how_[i] == How::kAbout && numbers && About(a.number_value(), b.number_value())) continue;
    if (!Same(types_[i], a, b)) columns.push_back(i);
  }
  return columns;
}

void ExpectedRows::Report(bool judged, int64_t* count, Difference difference) {
  ++(judged ? *count : result_.unjudged);
  if (judged && result_.examples.size() < examples_)
    result_.examples.push_back(std::move(difference));
}

absl::Status ExpectedRows::Compare(const ListValue& row) {
  KS_ASSIGN_OR_RETURN(const std::string_view key, KeyOf(row));
  const auto found = rows_.find(key);
  const Version* stands = nullptr;
  if (found != rows_.end()) {
    found->second.found = true;
    for (const Version& version : found->second.versions) {
      if (!version.removed) stands = &version;
    }
  }
  if (stands == nullptr) {
    Report(judged_.extra, &result_.extra, {Difference::Kind::kExtra, {}, row, {}});
    return absl::OkStatus();
  }
  KS_RETURN_IF_ERROR(Encode(row, keys_, types_.size(), &rest_));
  if (found->second.versions.size() > 1) ++result_.uncertain;
  std::vector<size_t> columns;
  for (const Version& version : found->second.versions) {
    if (version.removed) continue;
    columns.clear();
    if (version.rest != rest_.view())
      columns = Differing(pipeline::RowValues(key, version.rest),
                          pipeline::RowValues(key, rest_.view()));  // in the form of ours
    if (!columns.empty()) continue;
    ++result_.equal;
    return absl::OkStatus();
  }
  Report(judged_.different, &result_.different,
         {Difference::Kind::kDifferent, pipeline::RowValues(key, stands->rest), row,
          std::move(columns)});
  return absl::OkStatus();
}

void ExpectedRows::Finish() {
  for (const auto& [key, expected] : rows_) {
    const bool may_be_gone = std::any_of(expected.versions.begin(), expected.versions.end(),
                                         [](const Version& version) { return version.removed; });
    if (expected.found || may_be_gone) continue;
    Report(judged_.missing, &result_.missing,
           {Difference::Kind::kMissing,
            pipeline::RowValues(key, expected.versions.front().rest),
            {},
            {}});
  }
}

void ExpectedRows::Clear() {
  rows_.clear();
  held_bytes_ = 0;
}

}  // namespace ks::runtime
