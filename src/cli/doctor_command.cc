// kafka-spanner doctor: tries everything that a pipeline depends on, one line per check, and says
// what to do; and what the identity may do beyond what the pipeline needs.
#include <google/spanner/v1/spanner.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
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

struct Check {
  std::string what;
  Result result = Result::kOk;
  std::string said;
};

struct DoctorOptions {
  std::string file;
  std::string endpoint;
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
  }

  static absl::Status Missing(const pipeline::Plan& plan) {
    if (plan.missing.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        StrCat("missing: ", absl::StrJoin(plan.missing, ", "),
               ". `kafka-spanner plan --apply FILE` creates them; with a role, `plan --grants` "
               "prints what lets it see them."));
  }

  // What the role may do with tables that this pipeline does not need.
  void Rights(const pipeline::Plan& plan) {
    if (spec_.target.role.empty()) {
      Warn("role",
           "none: the identity can write every table. `plan --grants` prints a role that "
           "can do what this pipeline needs, and no more.");
      return;
    }
    const auto needed = pipeline::LeastGrants(plan).rights;
    const auto result = connection_.client->QueryNow(
        StrCat("SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, PRIVILEGE_TYPE FROM ("
               "SELECT TABLE_SCHEMA, TABLE_NAME, PRIVILEGE_TYPE, GRANTEE FROM "
               "INFORMATION_SCHEMA.TABLE_PRIVILEGES UNION ALL "
               "SELECT TABLE_SCHEMA, TABLE_NAME, PRIVILEGE_TYPE, GRANTEE FROM "
               "INFORMATION_SCHEMA.COLUMN_PRIVILEGES) WHERE GRANTEE = '",
               spec_.target.role, "' ORDER BY 1, 2, 3"));
    const std::string what = StrCat("rights of the role ", spec_.target.role);
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
      if (needed.count({table, privilege}) == 0) beyond.push_back(privilege + " on " + table);
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
    std::vector<std::string> beyond;
    for (const std::string& operation : *allowed) {
      const bool needed = operation == "READ" || operation == "DESCRIBE";
      if (!needed) beyond.push_back(operation);
    }
    if (std::count(allowed->begin(), allowed->end(), "READ") == 0) {
      Add(StrCat("rights on ", what),
          absl::PermissionDeniedError("may not read it: `plan --grants` prints the ACL"), "");
    } else if (beyond.empty()) {
      Add(StrCat("rights on ", what), absl::OkStatus(), "nothing beyond what it needs");
    } else {
      Warn(StrCat("rights on ", what), StrCat("beyond what it needs: ", absl::StrJoin(beyond, ", "),
                                              ". `plan --grants` prints "
                                              "the ACLs that are enough."));
    }
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
  command->footer(
      "One line per check. Ends with 0 when nothing failed; rights beyond what is needed are "
      "warnings.");
  OnChosen(*command, global, [options, &global] { return RunDoctor(*options, global); });
}

}  // namespace ks::cli
