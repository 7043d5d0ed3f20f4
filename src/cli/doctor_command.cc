// kafka-spanner doctor: tries everything that a pipeline depends on, one line per check, and says
// what to do; and what the identity may do beyond what the pipeline needs.
#include <google/spanner/v1/spanner.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "kafka/admin.h"
#include "kafka/errors.h"
#include "kafka/producer.h"
#include "pipeline/grants.h"
#include "runtime/limits.h"
#include "runtime/target_reader.h"

namespace ks::cli {
namespace {

enum class Result : uint8_t { kOk, kWarning, kFailed };
constexpr const char* kResultNames[] = {"ok", "warning", "failed"};

// Of topics that are none of the pipeline's, in one line.
constexpr size_t kOtherTopicsMax = 20;

struct Check {
  std::string what;
  Result result = Result::kOk;
  std::string said;
};

struct DoctorOptions {
  std::string file;
  std::string endpoint;
  bool iam = false;
};

class Doctor {
 public:
  Doctor(const pipeline::PipelineSpec& spec, const DoctorOptions& options,
         identity::ConnectionLog* log)
      : spec_(spec), options_(options), log_(log) {}

  void Run() {
    Spanner();
    if (connection_.identity == nullptr) {  // Kafka can be tried without
      connection_.identity =
          std::make_unique<identity::Services>(identity::ServicesOptions{.log = log_});
    }
    for (const auto& source : spec_.sources) {
      Secrets(source.security);
      Kafka(source);
    }
  }

  const std::vector<Check>& checks() const { return checks_; }
  const absl::Status& first_failure() const { return first_failure_; }

 private:
  bool Add(std::string what, const absl::Status& status, std::string said) {
    first_failure_.Update(status);
    checks_.push_back({std::move(what), status.ok() ? Result::kOk : Result::kFailed,
                       status.ok() ? std::move(said) : std::string(status.message())});
    return status.ok();
  }
  void Warn(std::string what, std::string said) {
    checks_.push_back({std::move(what), Result::kWarning, std::move(said)});
  }

  void Spanner() {
    ConnectTo target = TargetOf(spec_, options_.endpoint, log_);
    target.retry_total_millis = runtime::kCallRetryMillis;
    auto connection = Connect(target);
    if (!Add("credentials for Spanner", connection.status(), "found")) return;
    connection_ = *std::move(connection);
    const auto plan = runtime::PlanAgainst(*connection_.client, spec_, {.millis = 0, .stop = {}});
    if (!Add(StrCat("Spanner ", target.database), plan.status(), "answers; the file fits it")) {
      return;
    }
    Add("tables", Missing(*plan), "all there");
    for (const auto& warning : plan->warnings) Warn(StrCat("table ", warning.table), warning.text);
    Rights(*plan);
    if (options_.iam) Iam();
  }

  static absl::Status Missing(const pipeline::Plan& plan) {
    if (plan.missing.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        StrCat("missing: ", absl::StrJoin(plan.missing, ", "),
               ". `kafka-spanner plan --apply FILE` creates them; with a role, `plan --grants` "
               "prints what lets it see them."));
  }

  // The role, those that were granted to it, theirs, and the one that everybody has.
  absl::StatusOr<std::set<std::string>> RolesOf(const std::string& role) {
    KS_ASSIGN_OR_RETURN(const auto grantees,
                        connection_.client->QueryNow("SELECT ROLE_NAME, GRANTEE FROM "
                                                     "INFORMATION_SCHEMA.ROLE_GRANTEES"));
    std::set<std::string> roles = {role, "public"};
    for (size_t before = 0; before != roles.size();) {
      before = roles.size();
      for (const auto& row : grantees->rows()) {
        if (roles.count(row.values(1).string_value()) == 0) continue;
        roles.insert(row.values(0).string_value());
      }
    }
    return roles;
  }

  // (schema, name, privilege, role) of all that these may do with rows, streams and functions.
  static std::string RightsOf(const std::set<std::string>& roles) {
    const std::pair<const char*, const char*> kPlaces[] = {{"TABLE", "TABLE"},
                                                           {"COLUMN", "TABLE"},
                                                           {"CHANGE_STREAM", "CHANGE_STREAM"},
                                                           {"ROUTINE", "SPECIFIC"}};
    std::vector<std::string> selects;
    for (const auto& [view, object] : kPlaces) {
      selects.push_back(StrCat("SELECT ", object, "_SCHEMA AS s, ", object,
                               "_NAME AS n, PRIVILEGE_TYPE AS p, GRANTEE AS g FROM "
                               "INFORMATION_SCHEMA.",
                               view, "_PRIVILEGES"));
    }
    return StrCat("SELECT DISTINCT s, n, p, g FROM (", absl::StrJoin(selects, " UNION ALL "),
                  ") WHERE g IN ('", absl::StrJoin(roles, "', '"),
                  "') AND s NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS') ORDER BY 1, 2, 3, 4");
  }

  // What IAM lets the identity do past its role; asked for with another scope than rows need.
  void Iam() {
    ConnectTo target = TargetOf(spec_, options_.endpoint, log_);
    target.retry_total_millis = runtime::kCallRetryMillis;
    target.admin = true;
    target.role.clear();
    const auto connection = Connect(target);
    const std::string what = "rights in IAM";
    if (!connection.ok()) {
      Add(what, connection.status(), "");
      return;
    }
    const auto has = connection->admin->TestPermissions(
        target.database, PermissionsBeyond(!spec_.target.role.empty()));
    if (!has.ok()) {
      Add(what, has.status(), "");
    } else if (has->empty()) {
      Add(what, absl::OkStatus(), "nothing beyond what it needs");
    } else {
      Warn(what, StrCat("beyond what it needs: ", absl::StrJoin(*has, ", "),
                        ". Take the roles away that give them; `plan --grants` prints the "
                        "bindings that are enough."));
    }
  }

  // https://cloud.google.com/spanner/docs/iam#permissions: what a pipeline never needs; and what
  // it does not need where a database role gives it the rows.
  static std::vector<std::string> PermissionsBeyond(bool with_role) {
    std::vector<std::string> beyond = {
        "spanner.databases.updateDdl",    "spanner.databases.drop",
        "spanner.databases.update",       "spanner.databases.setIamPolicy",
        "spanner.databases.createBackup", "spanner.databases.beginPartitionedDmlTransaction"};
    if (!with_role) return beyond;
    for (const char* each : {"read", "select", "write"}) {
      beyond.push_back(StrCat("spanner.databases.", each));
    }
    return beyond;
  }

  // What the role may do with tables that this pipeline does not need.
  void Rights(const pipeline::Plan& plan) {
    if (spec_.target.role.empty()) {
      Warn("role",
           "none: the identity can write every table. `plan --grants` prints a role that "
           "can do what this pipeline needs, and no more.");
      return;
    }
    const pipeline::Grants least = pipeline::LeastGrants(plan);
    std::set<pipeline::TableRight> needed = least.rights;
    needed.insert(least.audit_rights.begin(), least.audit_rights.end());
    const std::string what = StrCat("rights of the role ", spec_.target.role);
    const auto roles = RolesOf(spec_.target.role);
    if (!roles.ok()) {
      Add(what, roles.status(), "");
      return;
    }
    const auto result = connection_.client->QueryNow(RightsOf(*roles));
    if (!result.ok()) {
      Add(what, result.status(), "");
      return;
    }
    std::vector<std::string> beyond;
    for (const auto& row : (*result)->rows()) {
      const std::string& schema = row.values(0).string_value();
      const std::string table =
          StrCat(schema, schema.empty() ? "" : ".", row.values(1).string_value());
      const std::string& privilege = row.values(2).string_value();
      const std::string& role = row.values(3).string_value();
      if (role == spec_.target.role && needed.count({table, privilege}) > 0) continue;
      beyond.push_back(
          StrCat(privilege, " on ", table,
                 role == spec_.target.role ? "" : StrCat(" (of the role ", role, ")")));
    }
    if (beyond.empty()) {
      Add(what, absl::OkStatus(), "nothing beyond what it needs");
    } else {
      Warn(what, StrCat("beyond what it needs: ", absl::StrJoin(beyond, ", "), ". REVOKE them."));
    }
  }

  void Secrets(const identity::KafkaSecurity& security) {
    const auto& [tls, sasl] = security;
    for (const identity::SecretReference* reference :
         {&tls.private_key, &tls.private_key_password, &sasl.password, &sasl.oauth.client_secret,
          &sasl.oauth.private_key, &sasl.oauth.assertion, &sasl.oauth.subject_token,
          &sasl.oauth.token}) {
      if (reference->empty()) continue;
      const auto secret = connection_.identity->secrets().Resolve(*reference);
      Add(reference->text, secret.status(),
          secret.ok() ? StrCat("there, version ", secret->version) : "");
    }
  }

  void Kafka(const pipeline::SourceSpec& source) {
    const std::string where = StrCat("Kafka ", source.brokers);
    kafka::ProducerOptions options{.brokers = source.brokers};
    options.properties.assign(source.properties.begin(), source.properties.end());
    options.login = {source.security, connection_.identity.get()};
    const auto client = kafka::Producer::Create(options);
    if (!client.ok()) {
      Add(where, client.status(), "");
      return;
    }
    if (!Add(where, (*client)->Connect(), "lets us in")) return;
    for (const std::string& topic : source.topics) Topic((*client)->handle(), topic);
    Group((*client)->handle());
    Beyond((*client)->handle(), where);
  }

  void Topic(rd_kafka_s* handle, const std::string& topic) {
    const std::string what = StrCat("topic ", topic);
    const auto described = kafka::DescribeTopic(handle, topic, /*with_id=*/false);
    if (!Add(what, described.status(),
             described.ok() ? StrCat("there, ", described->partitions, " partitions") : "")) {
      return;
    }
    const auto allowed = kafka::AllowedOperations(handle, topic);
    if (!allowed.ok() || allowed->empty()) return;  // an old broker, or the embedded one
    Compare(StrCat("rights on ", what), *allowed);
  }

  void Group(rd_kafka_s* handle) {
    const std::string what = StrCat("rights on group ", spec_.name);
    const auto allowed = kafka::AllowedOnGroup(handle, spec_.name);
    if (absl::IsPermissionDenied(allowed.status())) {
      Compare(what, {});
    } else if (allowed.ok() && !allowed->empty()) {  // a group that is not there may tell nothing
      Compare(what, *allowed);
    }
  }

  // What the broker allows on something of which the pipeline needs READ, which brings DESCRIBE.
  void Compare(const std::string& what, const std::vector<std::string>& allowed) {
    std::vector<std::string> beyond;
    bool reads = false;
    for (const std::string& operation : allowed) {
      if (operation == "READ") {
        reads = true;
      } else if (operation != "DESCRIBE") {
        beyond.push_back(operation);
      }
    }
    if (!reads) {
      Add(what, absl::PermissionDeniedError("may not read it: `plan --grants` prints the ACL"), "");
    } else if (beyond.empty()) {
      Add(what, absl::OkStatus(), "nothing beyond what it needs");
    } else {
      TooMuch(what, beyond);
    }
  }

  // What it may do with what is none of the pipeline's.
  void Beyond(rd_kafka_s* handle, const std::string& where) {
    const auto cluster = kafka::AllowedOnCluster(handle);
    if (cluster.ok() && !cluster->empty()) {
      TooMuch(StrCat("rights on the cluster of ", where), *cluster);
    }
    const auto visible = kafka::VisibleTopics(handle);
    std::vector<std::string> others;
    for (const std::string& topic : visible.ok() ? *visible : std::vector<std::string>()) {
      if (IsOurs(topic)) continue;
      if (others.size() == kOtherTopicsMax) {
        others.push_back("…");
        break;
      }
      const auto allowed = kafka::AllowedOperations(handle, topic);
      if (!allowed.ok() || allowed->empty()) continue;
      others.push_back(StrCat(absl::StrJoin(*allowed, " "), " on ", topic));
    }
    if (!others.empty()) TooMuch(StrCat("rights on other topics of ", where), others);
  }

  bool IsOurs(const std::string& topic) const {
    return std::any_of(spec_.sources.begin(), spec_.sources.end(), [&](const auto& source) {
      return std::count(source.topics.begin(), source.topics.end(), topic) > 0;
    });
  }

  void TooMuch(const std::string& what, const std::vector<std::string>& beyond) {
    Warn(what, StrCat("beyond what it needs: ", absl::StrJoin(beyond, ", "),
                      ". `plan --grants` prints the ACLs that are enough."));
  }

  const pipeline::PipelineSpec& spec_;
  const DoctorOptions& options_;
  identity::ConnectionLog* const log_;
  Connection connection_;
  std::vector<Check> checks_;
  absl::Status first_failure_;
};

int RunDoctor(const DoctorOptions& options, const GlobalOptions& global) {
  const auto spec = ReadPipelineFile(options.file, global.connection_log.get());
  if (!spec.ok()) return Fail(global, spec.status());
  Doctor doctor(*spec, options, global.connection_log.get());
  doctor.Run();
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Check& check : doctor.checks()) {
    const char* result = kResultNames[static_cast<int>(check.result)];
    if (global.json) {
      all.push_back({{"check", check.what}, {"result", result}, {"said", check.said}});
    } else {
      std::cout << result << "\t" << check.what << ": " << check.said << "\n";
    }
  }
  if (global.json) std::cout << all.dump(2) << "\n";
  return ExitCodeOf(doctor.first_failure());
}

}  // namespace

void AddDoctorCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command =
      app.add_subcommand("doctor", "try everything that a pipeline depends on, and say what to do");
  auto options = std::make_shared<DoctorOptions>();
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  command->add_flag("--iam", options->iam,
                    "ask what IAM gives the identity beyond it, with the scope spanner.admin");
  command->footer(
      "One line per check. Ends with 0 when nothing failed; rights beyond what is needed are "
      "warnings.");
  OnChosen(*command, global, [options, &global] { return RunDoctor(*options, global); });
}

}  // namespace ks::cli
