// kafka-spanner plan: checks a pipeline file against its database and says what it would do; prints
// or creates what is missing.
#include <CLI/CLI.hpp>
#include <iostream>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "operations/schema.h"
#include "pipeline/grants.h"
#include "pipeline/plan.h"
#include "runtime/limits.h"
#include "runtime/target_reader.h"

namespace ks::cli {
namespace {

struct PlanOptions {
  std::string file;
  std::string endpoint;
  bool ddl = false;
  bool apply = false;
  bool grants = false;
  bool offline = false;
};

absl::StatusOr<pipeline::Plan> Plan(const PlanOptions& options, const pipeline::PipelineSpec& spec,
                                    identity::ConnectionLog* log, Connection& connection) {
  if (options.offline) return pipeline::MakePlan(spec, nullptr);
  ConnectTo target = TargetOf(spec, options.endpoint, log);
  target.retry_total_millis = runtime::kCallRetryMillis;
  target.admin = options.apply;
  KS_ASSIGN_OR_RETURN(connection, Connect(target));
  return runtime::PlanAgainst(*connection.client, spec);
}

absl::Status Apply(const pipeline::PipelineSpec& spec, const Connection& connection,
                   pipeline::Plan* plan) {
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(spec, connection));
  if (audit != nullptr) {
    // What goes on record needs a place to be: the one thing that is made before it is.
    KS_ASSIGN_OR_RETURN(const bool made,
                        governance::CreateAuditTable(*connection.client, *connection.admin));
    if (made) {
      KS_RETURN_IF_ERROR(audit->Open());
      KS_ASSIGN_OR_RETURN(*plan, runtime::PlanAgainst(*connection.client, spec));
    }
  }
  return governance::RunOnRecord(audit.get(), governance::Action::kSchemaApply,
                                 {{"statements", plan->missing_ddl}}, [&](auto&) {
                                   return operations::ApplySchema(TargetOn(spec, connection),
                                                                  plan->missing_ddl);
                                 });
}

int RunPlan(const PlanOptions& options, const GlobalOptions& global) {
  auto spec = ReadPipelineFile(options.file, global.connection_log.get());
  if (!spec.ok()) return Fail(global, spec.status());
  Connection connection;
  auto plan = Plan(options, *spec, global.connection_log.get(), connection);
  if (!plan.ok()) return Fail(global, plan.status());
  if (options.apply) {
    const absl::Status applied = Apply(*spec, connection, &*plan);
    if (!applied.ok()) return Fail(global, applied);
    // What stands there now, read back.
    auto after = runtime::PlanAgainst(*connection.client, *spec);
    if (!after.ok()) return Fail(global, after.status());
    if (!global.json) {
      for (const std::string& name : plan->missing) std::cout << "created " << name << "\n";
    }
    plan = std::move(after);
  }
  if (options.grants) {
    const pipeline::Grants grants = pipeline::LeastGrants(*plan);
    std::cout << (global.json ? pipeline::GrantsJson(grants) : pipeline::GrantsText(grants))
              << "\n";
  } else if (options.ddl) {
    for (const std::string& statement : plan->missing_ddl) std::cout << statement << ";\n\n";
  } else {
    std::cout << (global.json ? pipeline::PlanJson(*plan) : pipeline::PlanText(*plan)) << "\n";
  }
  return kExitOk;
}

}  // namespace

void AddPlanCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command =
      app.add_subcommand("plan", "check a pipeline file and explain what it will do");
  auto options = std::make_shared<PlanOptions>();
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  CLI::Option* ddl =
      command->add_flag("--ddl", options->ddl, "print the DDL of the tables that are missing");
  CLI::Option* apply =
      command->add_flag("--apply", options->apply,
                        "create the tables that are missing; nothing is ever dropped or narrowed");
  CLI::Option* grants = command->add_flag(
      "--grants", options->grants,
      "print the least rights that running it takes: GRANT statements, IAM bindings, Kafka ACLs");
  CLI::Option* offline =
      command->add_flag("--offline", options->offline, "check the file alone, without a database");
  apply->excludes(ddl)->excludes(offline)->excludes(grants);
  grants->excludes(ddl);
  OnChosen(*command, global, [options, &global] { return RunPlan(*options, global); });
}

}  // namespace ks::cli
