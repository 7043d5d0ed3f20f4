#include "local/spanner/query/database_catalog.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "local/spanner/query/metadata_table.h"
#include "local/spanner/query/table_adapter.h"
#include "local/spanner/schema/access.h"

namespace ks::local {

DatabaseCatalog::DatabaseCatalog(RowSource& source, std::optional<TablePart> part,
                                 std::string_view role)
    : source_(source), part_(std::move(part)), role_(role) {}
DatabaseCatalog::~DatabaseCatalog() = default;

absl::StatusOr<const sql::Table*> DatabaseCatalog::FindTable(
    absl::Span<const std::string> path) const {
  const std::string name = absl::StrJoin(path, ".");
  std::unique_ptr<sql::Table>& adapter = tables_[absl::AsciiStrToUpper(name)];
  if (adapter != nullptr) return adapter.get();
  const Schema& schema = *source_.schema();
  if (const Table* table = schema.FindTable(name); table != nullptr) {
    std::optional<std::vector<KeySpan>> part;
    if (part_.has_value() && absl::EqualsIgnoreCase(part_->table, table->name)) part = part_->spans;
    adapter = std::make_unique<TableAdapter>(source_, *table, std::move(part));
  } else if (path.size() == 2) {
    adapter = MakeMetadataTable(
        path[0], path[1], role_.empty() ? source_.schema() : VisibleTo(source_.schema(), role_),
        source_.core());
  }
  return adapter.get();
}

absl::StatusOr<std::optional<sql::View>> DatabaseCatalog::FindView(
    absl::Span<const std::string> path) const {
  const View* view = source_.schema()->FindView(absl::StrJoin(path, "."));
  if (view == nullptr) return std::nullopt;
  return sql::View{view->name, view->query};
}

std::optional<std::string> DatabaseCatalog::FindSequence(absl::Span<const std::string> path) const {
  const Sequence* sequence = source_.schema()->FindSequence(absl::StrJoin(path, "."));
  if (sequence == nullptr) return std::nullopt;
  return sequence->name;
}

std::vector<std::string> DatabaseCatalog::TableNames() const {
  std::vector<std::string> names = source_.schema()->TableNames();
  for (const auto& view : source_.schema()->views) names.push_back(view->name);
  return names;
}

}  // namespace ks::local
