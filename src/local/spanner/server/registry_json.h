// catalog.json: the registry's contents as text. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "local/spanner/server/registry.h"

namespace ks::local {

struct CatalogContents {
  std::vector<InstanceRecord> instances;
  std::vector<DatabaseRecord> databases;
  std::vector<BackupRecord> backups;
};

std::string PrintCatalog(const CatalogContents& contents);
absl::Status ParseCatalog(std::string_view text, CatalogContents* contents);

}  // namespace ks::local
