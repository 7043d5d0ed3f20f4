#include "pipeline/grants.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/str_cat.h"

namespace ks::pipeline {
namespace {

// kafka_spanner's own objects, and what of the protocol needs it.
struct OwnRight {
  std::vector<std::string> privileges;
  const char* kind;
  const char* name;
};
const std::vector<OwnRight>& OwnRights() {
  static const auto* const rights = new std::vector<OwnRight>{
      {{"USAGE"}, "SCHEMA", "kafka_spanner"},
      {{"SELECT", "INSERT", "UPDATE"}, "TABLE", "kafka_spanner.Partitions"},
      {{"SELECT", "INSERT", "UPDATE", "DELETE"}, "TABLE", "kafka_spanner.Checkpoints"},
      {{"INSERT", "UPDATE"}, "TABLE", "kafka_spanner.DeadLetters"},
      // Not read, but what a role has no right to is not there for it.
      {{"SELECT"}, "VIEW", "kafka_spanner.Freshness"}};
  return *rights;
}

std::string PrincipalOf(const identity::KafkaSecurity& security) {
  using identity::SaslMechanism;
  const identity::SaslSettings& sasl = security.sasl;
  if (!sasl.username.empty()) return StrCat("User:", sasl.username);
  if (sasl.mechanism == SaslMechanism::kOauthBearer) {
    const identity::OauthSettings& oauth = sasl.oauth;
    const std::string& name = oauth.subject.empty() ? oauth.client_id : oauth.subject;
    return StrCat("User:", name.empty() ? "<the token's subject>" : name);
  }
  if (sasl.mechanism == SaslMechanism::kAwsMskIam) return "";  // IAM decides, not ACLs
  if (!security.tls.certificate.empty()) return "User:<the certificate's subject>";
  return "User:ANONYMOUS";
}

class Builder {
 public:
  Builder(const Plan& plan, Grants* grants) : plan_(plan), grants_(grants) {}

  void Spanner() {
    const PipelineSpec& spec = *plan_.spec;
    grants_->role = spec.target.role;
    if (grants_->role.empty()) {
      grants_->role = RoleName(spec.name);
      grants_->spanner.push_back(StrCat("CREATE ROLE ", grants_->role));
    }
    for (const OwnRight& right : OwnRights()) Grant(right.privileges, right.kind, right.name);
    for (const PlannedSource& source : plan_.sources) {
      for (const PlannedTable& table : source.tables) Table(table);
    }
  }

  void Kafka() {
    for (const PlannedSource& source : plan_.sources) {
      const std::string principal = PrincipalOf(source.spec->security);
      if (principal.empty()) continue;
      for (const std::string& topic : source.spec->topics) {
        Acl({"Topic", topic, "Read", principal, source.spec->brokers});
      }
      Acl({"Group", plan_.spec->name, "Read", principal, source.spec->brokers});
    }
  }

  void Audit() {
    if (!plan_.spec->audit) return;
    constexpr char kTable[] = "kafka_spanner.AuditLog";
    grants_->audit_spanner = {
        StrCat("GRANT SELECT, INSERT ON TABLE ", kTable, " TO ROLE ", grants_->role)};
    grants_->audit_rights = {{kTable, "SELECT"}, {kTable, "INSERT"}};
    if (!plan_.spec->audit->topic) return;
    const KafkaTopic& topic = *plan_.spec->audit->topic;
    const std::string principal = PrincipalOf(topic.security);
    if (principal.empty()) return;
    for (const char* operation : {"Read", "Write"}) {
      grants_->audit_kafka.push_back({"Topic", topic.topic, operation, principal, topic.brokers});
    }
  }

  void Iam() {
    const std::vector<std::string> name = absl::StrSplit(plan_.spec->target.database, '/');
    if (name.size() != 6) return;
    const std::string command =
        StrCat("gcloud spanner databases add-iam-policy-binding ", name[5], " --instance=", name[3],
               " --project=", name[1], " --member=serviceAccount:ACCOUNT --role=roles/spanner.");
    grants_->iam.push_back(StrCat(command, "fineGrainedAccessUser --condition=None"));
    grants_->iam.push_back(
        StrCat(command, "databaseRoleUser --condition='title=", grants_->role,
               ",expression=resource.type == \"spanner.googleapis.com/DatabaseRole\" && "
               "resource.name.endsWith(\"/",
               grants_->role, "\")'"));
    if (plan_.spec->target.evolve == Evolve::kNever) return;
    grants_->iam.push_back(
        StrCat("gcloud iam roles create kafkaSpannerEvolve --project=", name[1],
               " --permissions=spanner.databases.updateDdl,spanner.databaseOperations.get"));
    grants_->iam.push_back(StrCat("gcloud spanner databases add-iam-policy-binding ", name[5],
                                  " --instance=", name[3], " --project=", name[1],
                                  " --member=serviceAccount:ACCOUNT --role=projects/", name[1],
                                  "/roles/kafkaSpannerEvolve --condition=None"));
  }

 private:
  static std::string RoleName(const std::string& pipeline) {
    std::string role;
    for (const char c : pipeline)
      role.push_back(std::isalnum(static_cast<unsigned char>(c)) ? c : '_');
    return StrCat(role, "_writer");
  }

  // `privileges` on the object, each on `columns` where there are some (DELETE has none).
  void Grant(const std::vector<std::string>& privileges, std::string_view kind,
             const std::string& name, const std::vector<std::string>& columns = {}) {
    const std::string of = columns.empty() ? "" : StrCat("(", absl::StrJoin(columns, ", "), ")");
    std::vector<std::string> parts;
    for (const std::string& privilege : privileges) {
      parts.push_back(StrCat(privilege, privilege == "DELETE" ? "" : of));
      if (kind != "SCHEMA") grants_->rights.insert({name, privilege});
    }
    grants_->spanner.push_back(StrCat("GRANT ", absl::StrJoin(parts, ", "), " ON ", kind, " ", name,
                                      " TO ROLE ", grants_->role));
  }

  void Schema(const std::string& table) {
    const size_t dot = table.find('.');
    if (dot == std::string::npos) return;
    const std::string schema = table.substr(0, dot);
    if (schemas_.insert(schema).second) Grant({"USAGE"}, "SCHEMA", schema);
  }

  void Table(const PlannedTable& table) {
    Schema(table.target.name);
    if (table.aggregate) {
      Grant({"SELECT", "INSERT", "UPDATE"}, "TABLE", table.target.name);
      Schema(table.aggregate->view);
      Grant({"SELECT"}, "VIEW", table.aggregate->view);
      return;
    }
    std::vector<std::string> privileges = {"INSERT"};
    if (table.mode != TableMode::kAppend) privileges.push_back("UPDATE");
    if (table.remove != nullptr) privileges.push_back("DELETE");
    // A right on columns that are named says nothing of those that come.
    const bool evolves = plan_.spec->target.evolve != Evolve::kNever;
    Grant(privileges, "TABLE", table.target.name,
          evolves ? std::vector<std::string>() : table.columns);
  }

  void Acl(KafkaAcl acl) {
    const std::string all = StrCat(acl.resource, "\n", acl.name, "\n", acl.principal, acl.brokers);
    if (acls_.insert(all).second) grants_->kafka.push_back(std::move(acl));
  }

  const Plan& plan_;
  Grants* const grants_;
  std::set<std::string> schemas_;
  std::set<std::string> acls_;
};

}  // namespace

Grants LeastGrants(const Plan& plan) {
  Grants grants;
  Builder builder(plan, &grants);
  builder.Spanner();
  builder.Kafka();
  builder.Iam();
  builder.Audit();
  return grants;
}

namespace {

void AppendAcls(const std::vector<KafkaAcl>& acls, std::string* text) {
  for (const KafkaAcl& acl : acls) {
    StrAppend(text, "kafka-acls.sh --bootstrap-server ", acl.brokers, " --add --allow-principal '",
              acl.principal, "' --operation ", acl.operation,
              acl.resource == "Topic" ? " --topic " : " --group ", acl.name, "\n");
  }
}

nlohmann::ordered_json AclsJson(const std::vector<KafkaAcl>& acls) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const KafkaAcl& acl : acls) {
    list.push_back({{"resource", acl.resource},
                    {"name", acl.name},
                    {"operation", acl.operation},
                    {"principal", acl.principal},
                    {"brokers", acl.brokers}});
  }
  return list;
}

}  // namespace

std::string GrantsText(const Grants& grants) {
  std::string text =
      StrCat("-- Spanner: the role ", grants.role, ", which `role:` in the pipeline file takes\n");
  for (const std::string& statement : grants.spanner) StrAppend(&text, statement, ";\n");
  StrAppend(&text, "\n# Google Cloud: ACCOUNT is who runs the pipeline\n");
  for (const std::string& command : grants.iam) StrAppend(&text, command, "\n");
  StrAppend(&text, "\n# Kafka\n");
  AppendAcls(grants.kafka, &text);
  if (grants.audit_spanner.empty()) return text;
  StrAppend(&text, "\n-- The record (`audit:`): for whoever changes something by a command\n");
  for (const std::string& statement : grants.audit_spanner) StrAppend(&text, statement, ";\n");
  AppendAcls(grants.audit_kafka, &text);
  return text;
}

std::string GrantsJson(const Grants& grants) {
  nlohmann::ordered_json json = {{"role", grants.role},
                                 {"spanner", grants.spanner},
                                 {"iam", grants.iam},
                                 {"kafka", AclsJson(grants.kafka)}};
  if (!grants.audit_spanner.empty()) {
    json["audit"] = {{"spanner", grants.audit_spanner}, {"kafka", AclsJson(grants.audit_kafka)}};
  }
  return json.dump(2);
}

}  // namespace ks::pipeline
