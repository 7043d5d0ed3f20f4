// Small helpers of the tests in this folder: schemas without DDL, mutations from literals, rows as
// text.
#pragma once

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "local/spanner/txn/database.h"
#include "sql/types/value.h"

namespace ks::local::testing {

inline sql::Value I(int64_t v) { return sql::Value::Int64(v); }
inline sql::Value S(std::string_view v) { return sql::Value::String(v); }
inline sql::Value NullI() { return sql::Value::Null(sql::Type::Int64()); }
inline sql::Value NullS() { return sql::Value::Null(sql::Type::String()); }

// "K INT64 key", … : name, type, NOT NULL; the first `keys` columns are the key.
struct TestColumn {
  std::string name;
  sql::TypeRef type;
  bool not_null = false;
  bool commit_timestamp = false;
};

inline std::unique_ptr<Table> MakeTable(Schema& schema, const std::string& name,
                                        const std::vector<TestColumn>& columns, int keys) {
  auto table = std::make_unique<Table>();
  table->name = name;
  table->space = schema.next_space++;
  for (const TestColumn& c : columns) {
    Column column;
    column.id = table->next_column_id++;
    column.name = c.name;
    column.type = c.type;
    column.not_null = c.not_null;
    column.allow_commit_timestamp = c.commit_timestamp;
    column.max_length = c.type->Is(sql::TypeKind::kString) ? kMaxLength : 0;
    table->columns.push_back(std::move(column));
  }
  for (int i = 0; i < keys; ++i) table->key.push_back({i, false});
  return table;
}

inline std::unique_ptr<Index> MakeIndex(Schema& schema, const std::string& name,
                                        const std::string& table, std::vector<int> columns,
                                        bool unique) {
  auto index = std::make_unique<Index>();
  index->name = name;
  index->space = schema.next_space++;
  index->table = table;
  for (int c : columns) index->key.push_back({c, false});
  index->unique = unique;
  return index;
}

// T(K INT64 key, V INT64, S STRING).
inline absl::Status AddKv(Schema& schema) {
  schema.tables.push_back(MakeTable(
      schema, "T",
      {{"K", sql::Type::Int64(), true}, {"V", sql::Type::Int64()}, {"S", sql::Type::String()}}, 1));
  return absl::OkStatus();
}

class Writes {
 public:
  explicit Writes(std::shared_ptr<const Schema> schema)
      : list_(std::make_unique<MutationList>(std::move(schema))) {}

  Writes& Put(MutationOp op, const std::string& table, const std::vector<std::string>& columns,
              const std::vector<sql::Value>& values) {
    auto mutation = list_->AddWrite(op, table, columns);
    EXPECT_TRUE(mutation.ok()) << mutation.status();
    for (const sql::Value& value : values) {
      (*mutation)->values.push_back(sql::DeepCopy(value.type(), value.datum(), list_->arena()));
    }
    return *this;
  }
  Writes& Raw(MutationOp op, const std::string& table, const std::vector<std::string>& columns,
              const std::vector<sql::Datum>& values) {
    auto mutation = list_->AddWrite(op, table, columns);
    EXPECT_TRUE(mutation.ok()) << mutation.status();
    (*mutation)->values = values;
    return *this;
  }
  Writes& Insert(int64_t k, int64_t v) { return Kv(MutationOp::kInsert, k, v); }
  Writes& Update(int64_t k, int64_t v) { return Kv(MutationOp::kUpdate, k, v); }
  Writes& Upsert(int64_t k, int64_t v) { return Kv(MutationOp::kInsertOrUpdate, k, v); }
  Writes& Kv(MutationOp op, int64_t k, int64_t v) { return Put(op, "T", {"K", "V"}, {I(k), I(v)}); }
  Writes& Delete(const std::string& table, const std::vector<sql::Value>& key) {
    auto mutation = list_->AddDelete(table);
    EXPECT_TRUE(mutation.ok()) << mutation.status();
    std::vector<sql::Datum> parts;
    for (const sql::Value& part : key) parts.push_back(part.datum());
    EXPECT_TRUE(list_->DeleteKey(*mutation, parts).ok());
    return *this;
  }
  Writes& DeleteAll(const std::string& table) {
    auto mutation = list_->AddDelete(table);
    EXPECT_TRUE(mutation.ok()) << mutation.status();
    (*mutation)->delete_all = true;
    return *this;
  }
  const MutationList& list() const { return *list_; }
  std::unique_ptr<MutationList> Take() { return std::move(list_); }

 private:
  std::unique_ptr<MutationList> list_;
};

inline ScanSpec SpecOf(const Schema& schema, const std::string& table,
                       const std::vector<std::string>& columns, const std::string& index = "") {
  ScanSpec spec;
  spec.table = schema.FindTable(table);
  spec.index = index.empty() ? nullptr : schema.FindIndex(index);
  for (const std::string& name : columns) spec.columns.push_back(spec.table->FindColumn(name));
  spec.spans.push_back(SpaceSpan(spec.index != nullptr ? spec.index->space : spec.table->space));
  return spec;
}

inline ScanSpec PointSpec(const Schema& schema, const std::string& table,
                          const std::vector<std::string>& columns,
                          const std::vector<sql::Value>& key) {
  ScanSpec spec = SpecOf(schema, table, columns);
  std::vector<sql::Datum> parts;
  for (const sql::Value& part : key) parts.push_back(part.datum());
  spec.spans = {PointSpan(EncodeKey(spec.table->shape, parts))};
  return spec;
}

// "1,2|3,NULL": rows by `|`, or the error.
inline std::string Drain(absl::StatusOr<std::unique_ptr<sql::RowCursor>> cursor,
                         const ScanSpec& spec) {
  if (!cursor.ok()) return cursor.status().ToString();
  std::string text;
  sql::RowBatch batch;
  while (true) {
    absl::Status status = (*cursor)->Next(&batch);
    if (!status.ok()) return status.ToString();
    if (batch.rows == 0) return text;
    for (uint32_t row = 0; row < batch.rows; ++row) {
      if (!text.empty()) text += "|";
      for (size_t c = 0; c < batch.columns.size(); ++c) {
        sql::TypeRef type = spec.table->columns[spec.columns[c]].type;
        if (c > 0) text += ",";
        text += sql::Value(type, batch.columns[c][row]).ToSql();
      }
    }
  }
}

inline std::string ReadAll(Database& db, const std::string& table,
                           const std::vector<std::string>& columns, const std::string& index = "") {
  auto txn = db.BeginReadOnly({});
  EXPECT_TRUE(txn.ok()) << txn.status();
  ScanSpec spec = SpecOf(*(*txn)->schema(), table, columns, index);
  return Drain((*txn)->Scan(spec), spec);
}

inline std::unique_ptr<Database> OpenInMemory(const SchemaEdit& edit = AddKv) {
  DatabaseOptions options;
  options.in_memory = true;
  auto db = Database::Open(options);
  EXPECT_TRUE(db.ok()) << db.status();
  auto changed = (*db)->ChangeSchema(edit);
  EXPECT_TRUE(changed.ok()) << changed.status();
  return std::move(*db);
}

}  // namespace ks::local::testing
