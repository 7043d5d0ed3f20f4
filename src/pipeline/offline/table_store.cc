#include "pipeline/offline/table_store.h"

#include <algorithm>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "google/spanner/v1/keys.pb.h"
#include "google/spanner/v1/mutation.pb.h"
#include "google/spanner/v1/result_set.pb.h"
#include "google/spanner/v1/spanner.pb.h"

namespace ks::pipeline {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Value;
using google::spanner::v1::Mutation;

std::string Json(const Value& value) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(value, &json);
  return json;
}

Value FromJson(const std::string& json) {
  Value value;
  (void)google::protobuf::util::JsonStringToMessage(json, &value);
  return value;
}

}  // namespace

TableStore::TableStore(const Plan& plan) {
  for (const PlannedSource& source : plan.sources) {
    for (const PlannedTable& table : source.tables)
      primary_keys_[table.target.name] = table.target.primary_key;
  }
  primary_keys_["kafka_spanner.DeadLetters"] = {"Pipeline", "Topic", "KafkaPartition",
                                                "KafkaOffset"};
}

absl::Status TableStore::Commit(std::string_view mutations) {
  google::spanner::v1::CommitRequest request;
  if (!request.ParseFromString(std::string(mutations)))
    return absl::InternalError("not a CommitRequest");
  std::map<std::string, Table> after = tables_;
  for (const Mutation& mutation : request.mutations()) {
    if (mutation.has_delete_()) {
      for (const ListValue& key_list : mutation.delete_().key_set().keys()) {
        Key key;
        for (const Value& part : key_list.values()) key.push_back(Json(part));
        after[mutation.delete_().table()].erase(key);
        ++writes_;
      }
      continue;
    }
    const Mutation::Write& write =
        mutation.has_insert() ? mutation.insert() : mutation.insert_or_update();
    const auto primary_key = primary_keys_.find(write.table());
    if (primary_key == primary_keys_.end())
      return absl::NotFoundError(StrCat("Table not found: ", write.table()));
    for (const ListValue& values : write.values()) {
      Row row;
      for (int i = 0; i < write.columns_size(); ++i) row[write.columns(i)] = Json(values.values(i));
      Key key;
      for (const std::string& column : primary_key->second) key.push_back(row[column]);
      Table& table = after[write.table()];
      if (mutation.has_insert() && table.contains(key))
        return absl::AlreadyExistsError(StrCat("Row in ", write.table()));
      for (auto& [column, value] : row) table[key][column] = value;
      ++writes_;
    }
  }
  tables_ = std::move(after);
  ++commits_;
  return absl::OkStatus();
}

absl::StatusOr<RowsPtr> TableStore::Read(const ReadSpec& read) const {
  google::spanner::v1::KeySet keys;
  if (!keys.ParseFromString(read.key_set)) return absl::InternalError("not a KeySet");
  auto result = std::make_shared<google::spanner::v1::ResultSet>();
  const auto table = tables_.find(read.table);
  if (table == tables_.end()) return result;
  for (const ListValue& key_list : keys.keys()) {
    Key key;
    for (const Value& part : key_list.values()) key.push_back(Json(part));
    const auto row = table->second.find(key);
    if (row == table->second.end()) continue;
    ListValue* out = result->add_rows();
    for (const std::string& column : read.columns) {
      const auto value = row->second.find(column);
      *out->add_values() = FromJson(value == row->second.end() ? "null" : value->second);
    }
  }
  return result;
}

}  // namespace ks::pipeline
