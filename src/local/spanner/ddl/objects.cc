// The statements about objects without rows of their own: schemas, database options, locality
// groups and placements.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/limits.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/duration.h"

namespace ks::local {
namespace {

// `Dependent tables:s.T, s.C` for each kind that has some.
std::string DependentsOf(const Schema& schema, std::string_view name) {
  std::vector<std::string> lines;
  const auto add = [&](std::string_view kind, const auto& objects, auto name_of) {
    std::vector<std::string> inside;
    for (const auto& object : objects) {
      const std::string& object_name = name_of(object);
      if (absl::EqualsIgnoreCase(AbslView(SplitName(object_name).first), AbslView(name))) {
        inside.push_back(object_name);
      }
    }
    if (!inside.empty()) {
      lines.push_back(StrCat("Dependent ", kind, ":", absl::StrJoin(inside, ", ")));
    }
  };
  const auto of_pointer = [](const auto& o) -> const std::string& { return o->name; };
  std::vector<const Index*> indexes;
  for (const auto& index : schema.indexes) {
    if (!index->managed) indexes.push_back(index.get());
  }
  add("tables", schema.tables, of_pointer);
  add("views", schema.views, of_pointer);
  add("indexes", indexes, of_pointer);
  add("sequences", schema.sequences, [](const auto& o) -> const std::string& { return o.name; });
  return absl::StrJoin(lines, "\n");
}

template <typename Objects>
auto EditNamed(Objects& objects, std::string_view name) {
  return std::find_if(objects.begin(), objects.end(), [&](const auto& object) {
    return absl::EqualsIgnoreCase(object.name, AbslView(name));
  });
}

// A locality group or a placement.
template <typename Object>
absl::Status Create(DdlContext& context, std::vector<Object> Schema::*list, OptionsOf options,
                    const sql::StorageStatement& create) {
  if (create.if_clause &&
      EditNamed((*context.schema()).*list, create.name.name) != ((*context.schema()).*list).end()) {
    return absl::OkStatus();
  }
  return context.Change([&](Schema& next) -> absl::Status {
    auto& objects = next.*list;
    if (EditNamed(objects, create.name.name) != objects.end()) {
      return errors::DuplicateName(create.name.name);
    }
    Object object{create.name.name, {}};
    KS_RETURN_IF_ERROR(SetOptions(options, context.text, create.options, object.options));
    objects.push_back(std::move(object));
    return absl::OkStatus();
  });
}

template <typename Object>
absl::Status AlterOptions(DdlContext& context, std::string_view kind,
                          std::vector<Object> Schema::*list, OptionsOf options,
                          const sql::StorageStatement& alter) {
  return context.Change([&](Schema& next) -> absl::Status {
    auto& objects = next.*list;
    auto object = EditNamed(objects, alter.name.name);
    // The default locality group is there without being made.
    const bool standing = absl::EqualsIgnoreCase(alter.name.name, "default");
    if (object == objects.end() && standing && options == OptionsOf::kLocalityGroup) {
      objects.push_back({"default", {}});
      object = objects.end() - 1;
    }
    if (object == objects.end()) {
      return alter.if_clause ? absl::OkStatus() : errors::ObjectNotFound(kind, alter.name.name);
    }
    return SetOptions(options, context.text, alter.options, object->options);
  });
}

template <typename Object>
absl::Status Drop(DdlContext& context, std::string_view kind, std::vector<Object> Schema::*list,
                  const sql::StorageStatement& drop) {
  return context.Change([&](Schema& next) -> absl::Status {
    auto& objects = next.*list;
    auto object = EditNamed(objects, drop.name.name);
    if (object == objects.end()) {
      return drop.if_clause ? absl::OkStatus() : errors::ObjectNotFound(kind, drop.name.name);
    }
    objects.erase(object);
    return absl::OkStatus();
  });
}

bool UsesGroup(const std::vector<OptionEntry>& options, std::string_view group) {
  const OptionEntry* option = FindOption(options, "locality_group");
  return option != nullptr && Unquoted(*option) == group;
}

// A table or column names the locality group.
bool GroupInUse(const Schema& schema, std::string_view group) {
  for (const auto& table : schema.tables) {
    if (UsesGroup(table->options, group)) return true;
    for (const Column& column : table->columns) {
      if (UsesGroup(column.options, group)) return true;
    }
  }
  return std::any_of(schema.indexes.begin(), schema.indexes.end(),
                     [&](const auto& index) { return UsesGroup(index->options, group); });
}

}  // namespace

absl::Status CreateSchema(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateSchemaStatement>(statement);
  std::string name = sql::Dotted(create.name);
  if (create.if_not_exists && context.schema()->HasNamedSchema(name)) return absl::OkStatus();
  return context.Change([&](Schema& next) {
    next.named_schemas.push_back(name);
    return absl::OkStatus();
  });
}

absl::Status DropSchema(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropSchemaStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && !context.schema()->HasNamedSchema(name)) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    if (!next.HasNamedSchema(name)) return errors::SchemaNotFound(name);
    const std::string dependents = DependentsOf(next, name);
    if (!dependents.empty()) return errors::SchemaInUse(name, dependents);
    std::erase_if(next.privileges, [&](const Privilege& p) {
      return p.object == GranteeObject::kSchema && absl::EqualsIgnoreCase(p.object_name, name);
    });
    std::erase_if(next.named_schemas,
                  [&](const std::string& s) { return absl::EqualsIgnoreCase(s, name); });
    return absl::OkStatus();
  });
}

absl::Status AlterDatabase(DdlContext& context, const sql::Statement& statement) {
  const auto& alter = sql::As<sql::AlterDatabaseStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    next.database_name = alter.name.name;
    KS_RETURN_IF_ERROR(
        SetOptions(OptionsOf::kDatabase, context.text, alter.options, next.database_options));
    const OptionEntry* kind = FindOption(next.database_options, "default_sequence_kind");
    if (kind != nullptr && Unquoted(*kind) != "bit_reversed_positive") {
      return errors::SequenceKindUnknown(Unquoted(*kind));
    }
    if (const OptionEntry* kept = FindOption(next.database_options, "version_retention_period")) {
      const auto micros = ParseDuration(Unquoted(*kept));
      if (!micros) return errors::NotADuration(Unquoted(*kept));
      if (*micros < limits::kVersionRetentionMicros ||
          *micros > limits::kVersionRetentionMaxMicros) {
        return errors::VersionRetention(Unquoted(*kept));
      }
    }
    return absl::OkStatus();
  });
}

absl::Status CreateLocalityGroup(DdlContext& context, const sql::Statement& statement) {
  return Create(context, &Schema::locality_groups, OptionsOf::kLocalityGroup,
                sql::As<sql::CreateLocalityGroupStatement>(statement));
}
absl::Status AlterLocalityGroup(DdlContext& context, const sql::Statement& statement) {
  return AlterOptions(context, "Locality group", &Schema::locality_groups,
                      OptionsOf::kLocalityGroup,
                      sql::As<sql::AlterLocalityGroupStatement>(statement));
}
absl::Status DropLocalityGroup(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropLocalityGroupStatement>(statement);
  if (GroupInUse(*context.schema(), drop.name.name)) {
    return errors::LocalityGroupInUse(drop.name.name);
  }
  return Drop(context, "Locality group", &Schema::locality_groups, drop);
}

absl::Status CreatePlacement(DdlContext& context, const sql::Statement& statement) {
  return Create(context, &Schema::placements, OptionsOf::kPlacement,
                sql::As<sql::CreatePlacementStatement>(statement));
}
absl::Status AlterPlacement(DdlContext& context, const sql::Statement& statement) {
  return AlterOptions(context, "Placement", &Schema::placements, OptionsOf::kPlacement,
                      sql::As<sql::AlterPlacementStatement>(statement));
}
absl::Status DropPlacement(DdlContext& context, const sql::Statement& statement) {
  return Drop(context, "Placement", &Schema::placements,
              sql::As<sql::DropPlacementStatement>(statement));
}

absl::Status AcceptWithoutEffect(DdlContext&, const sql::Statement&) { return absl::OkStatus(); }

}  // namespace ks::local
