// CREATE VIEW and DROP VIEW, and what other changes would do to views.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/query/expression_columns.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

// The view's query reads the view, through whatever views.
bool IsRecursive(const Schema& schema, const std::string& name) {
  // A view that reads itself nests without end, which analysis refuses at some depth.
  const View* view = schema.FindView(name);
  auto analyzed = AnalyzeView(schema, *view);
  return !analyzed.ok() && absl::StrContains(analyzed.status().message(), "nests too many views");
}

}  // namespace

std::optional<BrokenView> FindBrokenView(const Schema& schema) {
  for (const auto& view : schema.views) {
    auto columns = AnalyzeView(schema, *view);
    if (!columns.ok()) return BrokenView{view->name, std::string(columns.status().message())};
  }
  return std::nullopt;
}

absl::Status CreateView(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateViewStatement>(statement);
  std::string name = sql::Dotted(create.view.name);
  const View* before = context.schema()->FindView(name);
  if (create.if_not_exists && before != nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    if (create.view.security == sql::SqlSecurity::kUnspecified) {
      return errors::ViewWithoutSecurity(name);
    }
    auto view = std::make_unique<View>();
    view->name = name;
    view->query = create.view.query.text;
    view->security_invoker = create.view.security == sql::SqlSecurity::kInvoker;
    const View* old = next.FindView(name);
    const bool replaces = old != nullptr && create.or_replace;
    if (!replaces) {
      auto columns = AnalyzeView(next, *view);
      if (!columns.ok()) return errors::BadView(name, ks::View(columns.status().message()));
      view->columns = *std::move(columns);
      next.views.push_back(std::move(view));
      return absl::OkStatus();
    }
    for (auto& slot : next.views) {
      if (slot.get() == old) slot = std::move(view);
    }
    next.Finish();
    if (IsRecursive(next, name)) return errors::ViewRecursive(name);
    for (auto& slot : next.views) {
      auto columns = AnalyzeView(next, *slot);
      if (!columns.ok() && slot->name == name) {
        return errors::BadView(name, ks::View(columns.status().message()));
      }
      if (!columns.ok()) {
        return errors::ViewBreaks("alter VIEW", name, slot->name,
                                  ks::View(columns.status().message()));
      }
      slot->columns = *std::move(columns);
    }
    return absl::OkStatus();
  });
}

absl::Status DropView(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropViewStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && context.schema()->FindView(name) == nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    const View* view = next.FindView(name);
    if (view == nullptr) return errors::ObjectNotFound("View", name);
    const std::string declared = view->name;
    std::erase_if(next.privileges, [&](const Privilege& p) {
      return p.object == GranteeObject::kView && p.object_name == declared;
    });
    std::erase_if(next.views, [&](const auto& v) { return v.get() == view; });
    next.Finish();
    if (auto broken = FindBrokenView(next)) {
      return errors::DependentView("VIEW", declared, broken->name);
    }
    return absl::OkStatus();
  });
}

}  // namespace ks::local
