#include "local/spanner/query/row_source.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/str_cat.h"

namespace ks::local {

std::string QualifiedColumns(std::string_view of, const Table& table,
                             absl::Span<const int> columns) {
  std::string text;
  for (const int column : columns) {
    absl::StrAppend(&text, text.empty() ? "" : ",", AbslView(of), ".", table.columns[column].name);
  }
  return text;
}

void NotingSource::Note(const ScanSpec& spec) {
  // A join looks up the same thing row after row.
  for (Noted& noted : scans_) {
    if (noted.table != spec.table || noted.index != spec.index) continue;
    if (noted.columns == spec.columns) return;
    for (const int column : spec.columns) {
      const auto known = std::find(noted.columns.begin(), noted.columns.end(), column);
      if (known == noted.columns.end()) noted.columns.push_back(column);
    }
    return;
  }
  scans_.push_back({spec.table, spec.index, spec.columns});
}

std::string NotingSource::Scanned() const {
  std::string text;
  const auto add = [&](std::string_view of, const Table& table, absl::Span<const int> columns) {
    if (columns.empty()) {
      absl::StrAppend(&text, text.empty() ? "" : ",", AbslView(of), ".");  // only its rows count
    } else {
      absl::StrAppend(&text, text.empty() ? "" : ",", QualifiedColumns(of, table, columns));
    }
  };
  for (const Noted& noted : scans_) {
    if (noted.index == nullptr) {
      add(noted.table->name, *noted.table, noted.columns);
      continue;
    }
    std::vector<int> of_index = noted.columns;
    const auto beyond = std::stable_partition(
        of_index.begin(), of_index.end(), [&](int column) { return noted.index->Covers(column); });
    const std::vector<int> of_table(beyond, of_index.end());
    of_index.erase(beyond, of_index.end());
    add(noted.index->name, *noted.table, of_index);
    if (!of_table.empty()) add(noted.table->name, *noted.table, of_table);
  }
  return text;
}

}  // namespace ks::local
