#include "local/spanner/query/metadata_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"

namespace ks::local {

namespace {

constexpr uint32_t kBatchRows = 256;

std::vector<const MetadataTable*> AllTables() {
  std::vector<const MetadataTable*> all;
  for (const auto& list :
       {TableMetadata(), ConstraintMetadata(), IndexMetadata(), ObjectMetadata(), RoleMetadata()}) {
    for (const MetadataTable& table : list) all.push_back(&table);
  }
  std::sort(all.begin(), all.end(), [](const MetadataTable* a, const MetadataTable* b) {
    return std::string_view(a->name) < std::string_view(b->name);
  });
  for (const auto& list : {SystemMetadata(), StatisticsMetadata()}) {
    for (const MetadataTable& table : list) all.push_back(&table);
  }
  return all;
}

class MetadataCursor : public sql::RowCursor {
 public:
  MetadataCursor(std::shared_ptr<const MetadataRows> rows, std::vector<int> columns)
      : rows_(std::move(rows)), columns_(std::move(columns)), data_(columns_.size()) {}

  absl::Status Next(sql::RowBatch* batch) override {
    const size_t count = std::min<size_t>(kBatchRows, rows_->size() - next_);
    batch->rows = static_cast<uint32_t>(count);
    batch->columns.clear();
    for (size_t c = 0; c < columns_.size(); ++c) {
      data_[c].resize(count);
      for (size_t r = 0; r < count; ++r) data_[c][r] = (*rows_)[next_ + r][columns_[c]].datum();
      batch->columns.push_back(data_[c].data());
    }
    next_ += count;
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<const MetadataRows> rows_;
  const std::vector<int> columns_;
  std::vector<std::vector<sql::Datum>> data_;
  size_t next_ = 0;
};

// Rows that a key range over no key columns could exclude do not exist: the only path is a full
// scan.
class MetadataAdapter : public sql::Table {
 public:
  MetadataAdapter(const MetadataTable& definition, std::shared_ptr<const Schema> schema,
                  DatabaseCore* core)
      : definition_(definition), schema_(std::move(schema)), core_(core) {
    name_ = std::string(definition.schema) + "." + definition.name;
    sql::AccessPath all;
    for (const MetadataColumn& column : definition.columns) {
      all.columns.push_back(static_cast<int>(columns_.size()));
      columns_.push_back({column.name, TypeOf(column), !column.nullable, false});
    }
    paths_.push_back(std::move(all));
  }

  const std::string& name() const override { return name_; }
  absl::Span<const sql::TableColumn> columns() const override { return columns_; }
  absl::Span<const sql::AccessPath> access_paths() const override { return paths_; }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(
      const sql::ScanRequest& request) const override {
    if (request.ranges.empty())
      return std::make_unique<MetadataCursor>(std::make_shared<MetadataRows>(), request.columns);
    if (rows_ == nullptr) {
      auto rows = std::make_shared<MetadataRows>();
      if (definition_.fill_live == nullptr) {
        definition_.fill(*schema_, rows.get());
      } else if (core_ != nullptr) {
        definition_.fill_live(*core_, *schema_, definition_.minutes, rows.get());
      }
      rows_ = std::move(rows);
    }
    return std::make_unique<MetadataCursor>(rows_, request.columns);
  }

 private:
  const MetadataTable& definition_;
  const std::shared_ptr<const Schema> schema_;
  DatabaseCore* const core_;  // null: only a schema is there
  std::string name_;
  std::vector<sql::TableColumn> columns_;
  std::vector<sql::AccessPath> paths_;
  mutable std::shared_ptr<const MetadataRows> rows_;
};

}  // namespace

absl::Span<const MetadataTable* const> MetadataTables() {
  static const auto& all = *new std::vector<const MetadataTable*>(AllTables());
  return all;
}

const MetadataTable* FindMetadataTable(std::string_view schema, std::string_view name) {
  for (const MetadataTable* table : MetadataTables()) {
    if (absl::EqualsIgnoreCase(table->schema, schema) && absl::EqualsIgnoreCase(table->name, name))
      return table;
  }
  return nullptr;
}

namespace {

// Takes a type from the front of `text`: `INT64`, `STRING(MAX)`, `ARRAY<T>`, `STRUCT<a T, b T>`.
sql::TypeRef TakeType(std::string_view* text) {
  const auto take = [&](std::string_view word) {
    const bool there = text->starts_with(word);
    if (there) text->remove_prefix(word.size());
    return there;
  };
  const auto name = [&] {
    const std::string_view found = text->substr(0, text->find_first_of(" (<>,"));
    text->remove_prefix(found.size());
    return found;
  };
  if (take("ARRAY<")) {
    const sql::TypeRef element = TakeType(text);
    take(">");
    return sql::Type::Array(element);
  }
  if (take("STRUCT<")) {
    std::vector<sql::StructField> fields;
    do {
      const std::string_view field = name();
      take(" ");
      fields.push_back({std::string(field), TakeType(text)});
    } while (take(", "));
    take(">");
    return sql::Type::Struct(std::move(fields));
  }
  const sql::TypeRef simple = sql::Type::FromName(name());
  take("(MAX)");
  return simple;
}

}  // namespace

sql::TypeRef TypeOf(const MetadataColumn& column) {
  std::string_view text = column.type;
  return TakeType(&text);
}

std::unique_ptr<sql::Table> MakeMetadataTable(std::string_view schema_name, std::string_view name,
                                              std::shared_ptr<const Schema> schema,
                                              DatabaseCore* core) {
  const MetadataTable* definition = FindMetadataTable(schema_name, name);
  if (definition == nullptr) return nullptr;
  return std::make_unique<MetadataAdapter>(*definition, std::move(schema), core);
}

sql::Value Text(std::string_view text) { return sql::Value::String(text); }
sql::Value TextOrNull(std::string_view text) { return text.empty() ? NullText() : Text(text); }
sql::Value NullText() { return sql::Value::Null(sql::Type::String()); }
sql::Value NullInt() { return sql::Value::Null(sql::Type::Int64()); }
sql::Value YesNo(bool yes) { return Text(yes ? "YES" : "NO"); }
sql::Value Int(int64_t value) { return sql::Value::Int64(value); }
sql::Value Flag(bool value) { return sql::Value::Bool(value); }

}  // namespace ks::local
