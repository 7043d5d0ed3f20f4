#include "pipeline/ddl.h"

#include <algorithm>

#include "base/str_cat.h"
#include "pipeline/checkpoint.h"
#include "sql/parser/lexer.h"

namespace ks::pipeline {
namespace {

std::string SpannerType(sql::TypeRef type) {
  switch (type->kind()) {
    case sql::TypeKind::kString:
      return "STRING(MAX)";
    case sql::TypeKind::kBytes:
      return "BYTES(MAX)";
    case sql::TypeKind::kArray:
      return StrCat("ARRAY<", SpannerType(type->element()), ">");
    default:
      return type->ToString();
  }
}

// `app.Users` with each part quoted where it must be.
std::string QuotedPath(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return sql::QuotedIdentifier(name);
  return StrCat(sql::QuotedIdentifier(name.substr(0, dot)), ".",
                sql::QuotedIdentifier(name.substr(dot + 1)));
}

class Missing {
 public:
  Missing(const TargetSchema* target, Plan* plan) : target_(target), plan_(plan) {}

  // The named schema that `name` lies in.
  void AddSchemaOf(std::string_view name) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) return;
    const std::string_view schema = name.substr(0, dot);
    if (target_ != nullptr &&
        std::any_of(target_->schemas.begin(), target_->schemas.end(),
                    [&](const std::string& each) { return SameName(each, schema); })) {
      return;
    }
    Add(schema, StrCat("CREATE SCHEMA ", sql::QuotedIdentifier(schema)));
  }

  // Whichever worker is first does it; for the others it is done.
  void AddChanges(const PlannedTable& table) {
    const std::string alter = StrCat("ALTER TABLE ", QuotedPath(table.target.name));
    for (const TargetColumn& column : table.added) {
      Add(StrCat(table.target.name, ".", column.name),
          StrCat(alter, " ADD COLUMN IF NOT EXISTS ", sql::QuotedIdentifier(column.name), " ",
                 SpannerType(column.type)));
    }
    for (const TargetColumn& column : table.widened) {
      Add(StrCat(table.target.name, ".", column.name),
          StrCat(alter, " ALTER COLUMN ", sql::QuotedIdentifier(column.name), " ",
                 column.spanner_type, column.not_null ? " NOT NULL" : ""));
    }
  }

  void AddRelation(std::string_view name, std::string sql) {
    if (target_ != nullptr && target_->Find(name) != nullptr) return;
    AddSchemaOf(name);
    Add(name, std::move(sql));
  }

 private:
  void Add(std::string_view name, std::string sql) {
    if (std::find(plan_->missing.begin(), plan_->missing.end(), name) != plan_->missing.end())
      return;
    plan_->missing.emplace_back(name);
    plan_->missing_ddl.push_back(std::move(sql));
  }

  const TargetSchema* const target_;
  Plan* const plan_;
};

}  // namespace

std::string CreateTableSql(const TargetTable& table) {
  std::string sql = StrCat("CREATE TABLE ", QuotedPath(table.name), " (");
  for (const TargetColumn& column : table.columns) {
    StrAppend(&sql, "\n  ", sql::QuotedIdentifier(column.name), " ",
              column.spanner_type.empty() ? SpannerType(column.type) : column.spanner_type,
              column.not_null ? " NOT NULL" : "",
              column.commit_timestamp ? " OPTIONS (allow_commit_timestamp = true)" : "", ",");
  }
  if (!table.columns.empty()) sql.pop_back();
  StrAppend(&sql, "\n) PRIMARY KEY (");
  for (size_t i = 0; i < table.primary_key.size(); ++i) {
    StrAppend(&sql, i == 0 ? "" : ", ", sql::QuotedIdentifier(table.primary_key[i]));
  }
  StrAppend(&sql, ")");
  return sql;
}

void PlanDdl(const TargetSchema* target, Plan* plan) {
  Missing missing(target, plan);
  for (const PlannedSource& source : plan->sources) {
    for (const PlannedTable& table : source.tables) missing.AddChanges(table);
  }
  const size_t changes = plan->missing.size();
  for (const PlannedSource& source : plan->sources) {
    for (const PlannedTable& table : source.tables) {
      missing.AddRelation(table.target.name, CreateTableSql(table.target));
      if (table.aggregate)
        missing.AddRelation(table.aggregate->view, MergeViewSql(*table.aggregate));
    }
  }
  for (const DdlStatement& statement : CheckpointDdl()) {
    if (statement.name.find('.') == std::string_view::npos) {
      missing.AddSchemaOf(StrCat(statement.name, "."));
    } else {
      missing.AddRelation(statement.name, std::string(statement.text));
    }
  }
  plan->only_evolves = changes > 0 && plan->missing.size() == changes;
}

std::vector<std::string> TablesDdl(const Plan& plan) {
  std::vector<std::string> statements;
  for (size_t i = 0; i < plan.missing.size(); ++i) {
    const bool own =
        std::any_of(CheckpointDdl().begin(), CheckpointDdl().end(),
                    [&](const DdlStatement& each) { return each.name == plan.missing[i]; });
    if (!own) statements.push_back(plan.missing_ddl[i]);
  }
  return statements;
}

}  // namespace ks::pipeline
