// Recompute: what records give their tables, row by row, without lanes, batches and commits. For
// those who look: `preview` shows it, `verify` compares the tables with it.
//
// Rows are wire bytes of a ListValue, as a commit has them (mutation_writer.h), the primary key
// apart: equal rows have equal bytes. Rows of aggregates are folded into their groups, whatever
// their chain: Groups() has the states, in the columns of AggregatePlan.
//
// Thread safety: one thread.
#pragma once

#include <google/protobuf/struct.pb.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/aggregate.h"
#include "pipeline/plan.h"
#include "pipeline/transform.h"
#include "pipeline/wire_buffer.h"

namespace ks::pipeline {

struct GivenRow {
  size_t table = 0;     // of the source's
  uint32_t record = 0;  // of the Records
  bool remove = false;
  std::string_view key;   // the primary key's values; valid during the call
  std::string_view rest;  // the other columns'; empty of a delete
};

class Recompute {
 public:
  using VisitRow = std::function<void(const GivenRow&)>;
  using VisitGroup = std::function<void(std::string_view key, std::string_view states)>;
  using Wants = std::function<bool(size_t table, std::string_view key)>;

  static absl::StatusOr<std::unique_ptr<Recompute>> Create(const Plan& plan, size_t source);

  // Which rows and groups there are to be; without: all.
  void set_wants(Wants wants) { wants_ = std::move(wants); }

  // At most kTransformRecordsMax of one partition. Table by table, in the order of the records.
  void Run(const Records& records, const VisitRow& visit);
  // Of the last Run: what became of each record, and why it failed.
  const Transform& transform() const { return *transform_; }
  // Whether some table wanted it (and set_wants did not refuse).
  bool gave(uint32_t record) const { return gave_[record] != 0; }

  // Of an aggregate, in no order.
  void Groups(size_t table, const VisitGroup& visit) const;
  void DropGroups();
  // A guess at the memory that groups take.
  int64_t held_bytes() const;

 private:
  Recompute(const PlannedSource& source, std::unique_ptr<Transform> transform);
  bool Fold(size_t table, uint32_t row, const TableRows& rows, bool taken_back);
  void Visit(const GivenRow& row, const VisitRow& visit);

  const PlannedSource& source_;
  const std::unique_ptr<Transform> transform_;
  std::vector<std::unique_ptr<AggregateLane>> aggregates_;  // by table; null where it is none
  Wants wants_;
  std::vector<uint8_t> gave_;
  WireBuffer row_;
  std::vector<sql::Datum> inputs_;
};

// The names of `key` and `rest` of a GivenRow, or of a group's key and states.
std::vector<std::string> RowColumns(const PlannedTable& table);
std::vector<sql::TypeRef> RowTypes(const PlannedTable& table);
// How many of them are the key's.
size_t RowKeyColumns(const PlannedTable& table);
// Wire bytes of elements as values.
google::protobuf::ListValue RowValues(std::string_view key, std::string_view rest);

}  // namespace ks::pipeline
