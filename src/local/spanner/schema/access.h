// Access: what one role may do, by its own grants and those of the roles it is a member of.
//
// Thread safety: immutable; it must not outlive its schema. Invariants (ddl/access_test.cc): a
// grant on a whole object covers all its columns, also later ones; membership is transitive; every
// role is a member of `public`. Source: https://cloud.google.com/spanner/docs/fgac-privileges
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/string_map.h"
#include "local/spanner/schema/schema.h"

namespace ks::local {

enum class Action : uint8_t { kSelect, kInsert, kUpdate, kDelete, kExecute, kUsage };
std::string_view NameOf(Action action);  // SELECT

// Roles that are there without being made.
inline constexpr std::string_view kSystemRoles[] = {"public", "spanner_info_reader",
                                                    "spanner_sys_reader"};
bool IsSystemRole(std::string_view role);

class Access;

// The schema as INFORMATION_SCHEMA shows it to the role: without the tables, views, change streams,
// sequences and grants it has nothing to do with; whole for members of spanner_info_reader.
std::shared_ptr<const Schema> VisibleTo(const std::shared_ptr<const Schema>& schema,
                                        std::string_view role);

class Access {
 public:
  // PERMISSION_DENIED when there is no such role.
  static absl::StatusOr<Access> Of(const Schema& schema, std::string_view role);

  // The role, and those whose grants it has: lower case, sorted.
  bool Has(std::string_view role) const;

  // PERMISSION_DENIED when the role may not do this to each of the columns, or to the table.
  absl::Status CheckColumns(Action action, const Table& table, absl::Span<const int> columns) const;
  absl::Status CheckTable(Action action, const Table& table) const;
  absl::Status CheckView(const View& view) const;
  absl::Status CheckObject(Action action, GranteeObject kind, std::string_view name) const;

  bool MayColumn(Action action, const Table& table, int column) const;
  // On the object or some part of it.
  bool MayAny(Action action, GranteeObject kind, std::string_view name) const;
  bool MayAnything(GranteeObject kind, std::string_view name) const;

 private:
  explicit Access(std::string_view role) : role_(role) {}
  bool May(Action action, GranteeObject kind, std::string_view name, std::string_view column) const;
  absl::Status CheckSchema(std::string_view object) const;

  std::string role_;
  StringSet roles_;  // lower case
  std::vector<const Privilege*> privileges_;
};

}  // namespace ks::local
