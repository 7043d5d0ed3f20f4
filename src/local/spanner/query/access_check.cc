#include "local/spanner/query/access_check.h"
#include "local/spanner/schema/proto_types.h"

#include <map>
#include <set>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "local/spanner/query/expression_columns.h"
#include "local/spanner/query/table_adapter.h"
#include "local/spanner/query/table_uses.h"

namespace ks::local {
namespace {

using sql::ColumnId;

// A view with SQL SECURITY DEFINER: to its readers a table.
class DefinerView : public sql::Table {
 public:
  DefinerView(const Schema& schema, const View& view) : name_(view.name) {
    for (const View::Column& column : ColumnsOfView(schema, view)) {
      columns_.push_back({column.name, column.type});
    }
    paths_.emplace_back();
    for (size_t c = 0; c < columns_.size(); ++c) paths_[0].columns.push_back(static_cast<int>(c));
  }
  const std::string& name() const override { return name_; }
  absl::Span<const sql::TableColumn> columns() const override { return columns_; }
  absl::Span<const sql::AccessPath> access_paths() const override { return paths_; }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const sql::ScanRequest&) const override {
    return absl::InternalError("There are no rows to read during analysis.");
  }

 private:
  const std::string name_;
  std::vector<sql::TableColumn> columns_;
  std::vector<sql::AccessPath> paths_;
};

// The schema as one role's statements see it; notes the views that they go through.
class AccessCatalog : public sql::Catalog {
 public:
  explicit AccessCatalog(const Schema& schema) : schema_(schema), tables_(schema) {}

  absl::StatusOr<const sql::Table*> FindTable(absl::Span<const std::string> path) const override {
    const View* view = schema_.FindView(absl::StrJoin(path, "."));
    if (view == nullptr || view->security_invoker) return tables_.get().FindTable(path);
    std::unique_ptr<DefinerView>& opaque = definer_views_[view];
    if (opaque == nullptr) opaque = std::make_unique<DefinerView>(schema_, *view);
    return opaque.get();
  }
  absl::StatusOr<std::optional<sql::View>> FindView(
      absl::Span<const std::string> path) const override {
    const View* view = schema_.FindView(absl::StrJoin(path, "."));
    if (view != nullptr) views_.insert(view);
    return tables_.get().FindView(path);
  }
  std::optional<std::string> FindSequence(absl::Span<const std::string> path) const override {
    return tables_.get().FindSequence(path);
  }

  absl::Status Check(const Access& access) const {
    for (const View* view : views_) KS_RETURN_IF_ERROR(access.CheckView(*view));
    for (const auto& [view, unused] : definer_views_) {
      KS_RETURN_IF_ERROR(access.CheckView(*view));
    }
    return absl::OkStatus();
  }

 private:
  const Schema& schema_;
  const SchemaCatalog tables_;
  mutable std::set<const View*> views_;
  mutable std::map<const View*, std::unique_ptr<DefinerView>> definer_views_;
};

absl::Status CheckScan(const Access& access, const TableUses& uses, const sql::ScanRel& scan) {
  const auto* adapter = dynamic_cast<const TableAdapter*>(scan.table);
  if (adapter == nullptr) return absl::OkStatus();  // metadata, which filters itself; a view
  std::vector<int> columns;
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    if (uses.IsUsed(scan.columns[i].id)) columns.push_back(scan.table_columns[i]);
  }
  return access.CheckColumns(Action::kSelect, adapter->table(), columns);
}

// What the statement does to its target.
absl::Status CheckDml(const Access& access, const sql::ResolvedDml& dml) {
  const auto* adapter = dynamic_cast<const TableAdapter*>(dml.table);
  if (adapter == nullptr) return absl::OkStatus();
  const ks::local::Table& table = adapter->table();
  if (dml.kind == sql::DmlKind::kDelete) {
    KS_RETURN_IF_ERROR(access.CheckTable(Action::kDelete, table));
  } else {
    if (dml.kind != sql::DmlKind::kUpdate) {
      KS_RETURN_IF_ERROR(access.CheckColumns(Action::kInsert, table, dml.columns));
    }
    if (dml.kind == sql::DmlKind::kUpdate || dml.kind == sql::DmlKind::kInsertOrUpdate) {
      KS_RETURN_IF_ERROR(access.CheckColumns(Action::kUpdate, table, dml.columns));
    }
  }
  std::set<int> returned;
  for (const sql::ComputedColumn& column : dml.returning_columns) {
    sql::ForEachColumn(*column.expr, [&](ColumnId id) {
      if (id < static_cast<ColumnId>(table.columns.size())) returned.insert(id);
    });
  }
  if (returned.empty()) return absl::OkStatus();
  return access.CheckColumns(Action::kSelect, table,
                             std::vector<int>(returned.begin(), returned.end()));
}

}  // namespace

absl::Status CheckStatementAccess(const Schema& schema, std::string_view role,
                                  std::string_view text, const sql::ParameterTypes& parameters) {
  if (role.empty()) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const Access access, Access::Of(schema, role));
  AccessCatalog catalog(schema);
  sql::AnalyzerOptions options;
  options.catalog = &catalog;
  options.protos = schema.proto_types.get();
  options.parameters = parameters;
  options.allow_undeclared_parameters = true;
  KS_ASSIGN_OR_RETURN(const sql::AnalyzedStatement analyzed, sql::AnalyzeStatement(text, options));
  TableUses uses;
  if (analyzed.query != nullptr) {
    uses.Query(*analyzed.query);
  } else {
    uses.Dml(*analyzed.dml);
  }
  KS_RETURN_IF_ERROR(catalog.Check(access));
  for (const sql::ScanRel* scan : uses.scans()) {
    // The rows that DML changes are its target's, whose columns count where they are named.
    const bool target = analyzed.dml != nullptr && scan->table == analyzed.dml->table;
    std::vector<ColumnId> named;
    for (const sql::ResolvedColumn& column : scan->columns) {
      if (uses.IsUsed(column.id)) named.push_back(column.id);
    }
    if (target && named.empty()) continue;
    KS_RETURN_IF_ERROR(CheckScan(access, uses, *scan));
  }
  return analyzed.dml == nullptr ? absl::OkStatus() : CheckDml(access, *analyzed.dml);
}

absl::Status CheckReadAccess(const Schema& schema, std::string_view role, const ScanSpec& spec) {
  if (role.empty()) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const Access access, Access::Of(schema, role));
  return access.CheckColumns(Action::kSelect, *spec.table, spec.columns);
}

}  // namespace ks::local
