// The least rights that running a pipeline takes, from its plan: GRANT statements for a database
// role of its own, Kafka ACLs, IAM bindings. Each one is needed and no other: tests/identity gives
// exactly these, and takes one after the other away.
//
// Thread safety: pure functions. Sources:
// https://cloud.google.com/spanner/docs/fgac-privileges,
// https://kafka.apache.org/documentation/#operations_resources_and_protocols
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "pipeline/plan.h"

namespace ks::pipeline {

struct KafkaAcl {
  std::string resource;  // Topic | Group
  std::string name;
  std::string operation;  // Read or Write; Describe comes with either
  std::string principal;  // as Kafka writes it: User:alice
  std::string brokers;    // of the cluster that it is for
};

struct TableRight {
  std::string table;      // with its schema
  std::string privilege;  // SELECT | INSERT | UPDATE | DELETE
  bool operator<(const TableRight& other) const {
    return std::tie(table, privilege) < std::tie(other.table, other.privilege);
  }
};

struct Grants {
  std::string role;
  std::vector<std::string> spanner;  // DDL, CREATE ROLE first where the pipeline names no role yet
  std::set<TableRight> rights;       // what these statements give on tables and views
  std::vector<KafkaAcl> kafka;
  std::vector<std::string> iam;  // gcloud's commands
  // What commands that go on record (`audit:`) take beside that; running takes none of it.
  std::vector<std::string> audit_spanner;
  std::vector<KafkaAcl> audit_kafka;
  std::set<TableRight> audit_rights;
};

Grants LeastGrants(const Plan& plan);

std::string GrantsText(const Grants& grants);
std::string GrantsJson(const Grants& grants);

}  // namespace ks::pipeline
