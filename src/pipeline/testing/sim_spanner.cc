#include "pipeline/testing/sim_spanner.h"

#include <google/protobuf/struct.pb.h>
#include <google/spanner/v1/keys.pb.h>
#include <google/spanner/v1/mutation.pb.h>
#include <google/spanner/v1/result_set.pb.h>
#include <google/spanner/v1/spanner.pb.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/str_cat.h"

namespace ks::pipeline {
namespace {

using google::protobuf::ListValue;
using google::spanner::v1::CommitRequest;
using google::spanner::v1::KeySet;
using google::spanner::v1::Mutation;
using google::spanner::v1::ResultSet;

using Schema = SimSchema;
using Schemas = std::map<std::string, SimSchema>;

const Schemas& KnownSchemas() {
  static const auto* const schemas = new Schemas{
      {"kafka_spanner.Partitions", {{"Pipeline", "Topic", "KafkaPartition"}, {}, ""}},
      {"kafka_spanner.Checkpoints",
       {{"Pipeline", "Topic", "KafkaPartition", "Generation", "Lane", "StartOffset"},
        {"KafkaPartition", "Generation", "Lane", "StartOffset"},
        "kafka_spanner.Partitions"}},
      {"Applied", {{"KafkaPartition", "KafkaOffset"}, {"KafkaPartition", "KafkaOffset"}, ""}},
      {"DeadLetters", {{"KafkaPartition", "KafkaOffset"}, {"KafkaPartition", "KafkaOffset"}, ""}},
      {"Latest", {{"Key"}, {}, ""}},
      {"Partials", {{"GroupKey", "KafkaPartition", "Lane"}, {}, ""}},
      {"Totals", {{"GroupKey"}, {}, ""}},
      {"kafka_spanner.DeadLetters",
       {{"Pipeline", "Topic", "KafkaPartition", "KafkaOffset"}, {}, ""}},
  };
  return *schemas;
}

const Schema& SchemaOf(const Schemas& schemas, const std::string& table) {
  const auto found = schemas.find(table);
  KS_CHECK(found != schemas.end());
  return found->second;
}

// Numbers as text that sorts like them: offset by 2^62, twenty digits.
std::string KeyPart(const Schema& schema, size_t index, const std::string& text) {
  if (!schema.integers.contains(schema.key[index])) return text;
  char sortable[32];
  std::snprintf(sortable, sizeof(sortable), "%020lld", std::stoll(text) + (1LL << 62));
  return sortable;
}

SimKey KeyOf(const Schema& schema, const ListValue& list) {
  SimKey key;
  for (int i = 0; i < list.values_size(); ++i) {
    key.push_back(KeyPart(schema, static_cast<size_t>(i), list.values(i).string_value()));
  }
  return key;
}

// One commit being made: what it writes over the tables.
class Staging {
 public:
  Staging(const Schemas& schemas, const std::map<std::string, SimTable>& tables)
      : schemas_(schemas), tables_(tables) {}

  absl::Status Apply(const Mutation& mutation) {
    switch (mutation.operation_case()) {
      case Mutation::kInsert:
      case Mutation::kUpdate:
      case Mutation::kInsertOrUpdate:
        return ApplyWrite(mutation);
      case Mutation::kDelete:
        return ApplyDelete(mutation.delete_());
      default:
        return absl::InvalidArgumentError("a mutation without an operation this Spanner knows");
    }
  }

  std::map<std::pair<std::string, SimKey>, std::optional<SimRow>>& rows() { return rows_; }
  std::vector<SimSpanner::Write>& writes() { return writes_; }

 private:
  const SimRow* Find(const std::string& table, const SimKey& key) const {
    const auto staged = rows_.find({table, key});
    if (staged != rows_.end()) return staged->second.has_value() ? &*staged->second : nullptr;
    const auto stored = tables_.find(table);
    if (stored == tables_.end()) return nullptr;
    const auto row = stored->second.find(key);
    return row == stored->second.end() ? nullptr : &row->second;
  }

  absl::Status ApplyWrite(const Mutation& mutation) {
    const bool insert = mutation.has_insert();
    const bool update = mutation.has_update();
    const Mutation::Write& write = insert   ? mutation.insert()
                                   : update ? mutation.update()
                                            : mutation.insert_or_update();
    for (const ListValue& values : write.values()) {
      SimRow row;
      if (values.values_size() != write.columns_size()) {
        return absl::InvalidArgumentError("columns and values differ in number");
      }
      for (int i = 0; i < write.columns_size(); ++i) {
        if (values.values(i).has_string_value()) {
          row[write.columns(i)] = values.values(i).string_value();
        }
      }
      if (absl::Status s = WriteRow(write.table(), row, insert, update); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status WriteRow(const std::string& table, const SimRow& row, bool insert, bool update) {
    const Schema& schema = SchemaOf(schemas_, table);
    SimKey key;
    for (size_t i = 0; i < schema.key.size(); ++i) {
      const auto part = row.find(schema.key[i]);
      key.push_back(KeyPart(schema, i, part == row.end() ? "" : part->second));
    }
    const SimRow* const old = Find(table, key);
    const bool touched = rows_.contains({table, key});
    if (insert && old != nullptr) {
      return touched ? absl::InvalidArgumentError("row inserted twice in one commit")
                     : absl::AlreadyExistsError(StrCat("a row of ", table, " exists"));
    }
    if (update && old == nullptr) {
      return touched ? absl::InvalidArgumentError("row deleted and then updated")
                     : absl::NotFoundError(StrCat("a row of ", table, " does not exist"));
    }
    if (!schema.parent.empty() && old == nullptr) {
      const SimKey parent(key.begin(), key.begin() + 3);
      SimKey plain = parent;
      plain[2] = row.at(schema.key[2]);  // the parent's key sorts its number as text
      if (Find(schema.parent, plain) == nullptr) {
        return absl::NotFoundError("the parent is missing");
      }
    }
    if (const auto poison = row.find("Poison"); poison != row.end() && poison->second == "yes") {
      return absl::OutOfRangeError("Check constraint `NoPoison` is violated");
    }
    SimRow merged = old == nullptr ? SimRow() : *old;
    for (const auto& [column, value] : row) merged[column] = value;
    rows_[{table, key}] = std::move(merged);
    writes_.push_back({table, key, row, false, 0});
    return absl::OkStatus();
  }

  absl::Status ApplyDelete(const Mutation::Delete& deleted) {
    if (deleted.key_set().ranges_size() != 0 || deleted.key_set().all()) {
      return absl::UnimplementedError("only keys can be deleted here");
    }
    for (const ListValue& key_values : deleted.key_set().keys()) {
      const SimKey key = KeyOf(SchemaOf(schemas_, deleted.table()), key_values);
      rows_[{deleted.table(), key}] = std::nullopt;
      writes_.push_back({deleted.table(), key, {}, true, 0});
    }
    return absl::OkStatus();
  }

  const Schemas& schemas_;
  const std::map<std::string, SimTable>& tables_;
  std::map<std::pair<std::string, SimKey>, std::optional<SimRow>> rows_;
  std::vector<SimSpanner::Write> writes_;
};

}  // namespace

SimSpanner::SimSpanner() : schemas_(KnownSchemas()) {}

absl::Status SimSpanner::Commit(std::string_view mutations) {
  CommitRequest request;
  if (!request.ParseFromArray(mutations.data(), static_cast<int>(mutations.size()))) {
    return absl::InternalError("these are not CommitRequest.mutations");
  }
  Staging staging(schemas_, tables_);
  for (const Mutation& mutation : request.mutations()) {
    if (absl::Status s = staging.Apply(mutation); !s.ok()) return s;
  }
  ++commits_;
  for (auto& [place, row] : staging.rows()) {
    if (row.has_value()) {
      tables_[place.first][place.second] = std::move(*row);
    } else {
      tables_[place.first].erase(place.second);
    }
  }
  for (Write& write : staging.writes()) {
    write.commit = commits_;
    journal_.push_back(std::move(write));
  }
  return absl::OkStatus();
}

const SimTable& SimSpanner::table(const std::string& name) const {
  static const auto* const empty = new SimTable();
  const auto found = tables_.find(name);
  return found == tables_.end() ? *empty : found->second;
}

absl::StatusOr<RowsPtr> SimSpanner::Read(const ReadSpec& spec) const {
  KeySet keys;
  if (!keys.ParseFromString(spec.key_set)) return absl::InternalError("this is not a KeySet");
  const Schema& schema = SchemaOf(schemas_, spec.table);
  auto result = std::make_shared<ResultSet>();
  const auto add = [&](const SimRow& row) {
    ListValue& values = *result->add_rows();
    for (const std::string& column : spec.columns) {
      const auto cell = row.find(column);
      if (cell == row.end()) {
        values.add_values()->set_null_value(google::protobuf::NULL_VALUE);
      } else {
        values.add_values()->set_string_value(cell->second);
      }
    }
  };
  const SimTable& rows = table(spec.table);
  std::set<SimKey> wanted;
  for (const ListValue& key : keys.keys()) wanted.insert(KeyOf(schema, key));
  for (const SimKey& key : wanted) {
    const auto row = rows.find(key);
    if (row != rows.end()) add(row->second);
  }
  for (const auto& range : keys.ranges()) {
    const SimKey prefix = KeyOf(schema, range.start_closed());
    if (prefix != KeyOf(schema, range.end_closed())) {
      return absl::UnimplementedError("only prefixes can be read here");
    }
    for (auto row = rows.lower_bound(prefix); row != rows.end(); ++row) {
      if (!std::equal(prefix.begin(), prefix.end(), row->first.begin())) break;
      add(row->second);
    }
  }
  return result;
}

}  // namespace ks::pipeline
