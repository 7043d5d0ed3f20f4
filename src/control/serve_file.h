// ServeFile: what the file of `kafka-spanner serve` says. Its form is docs/guide/serve.md. Thread
// safety: plain data.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/issuers.h"
#include "control/servable.h"
#include "identity/http_server.h"
#include "pipeline/audit_spec.h"

namespace ks::control {

struct ServeFile {
  identity::HttpServerOptions listen = {.service = "control-plane", .address = ""};
  std::string database;  // of the control plane itself
  pipeline::AuditSpec audit;
  std::string policy;  // path of the policy file
  std::vector<IssuerSettings> issuers;
  std::string page;  // the origin that browsers find this server under; empty: where it listens
  ServedConnections connections;
};

absl::StatusOr<ServeFile> ParseServeFile(std::string file_name, std::string text);

}  // namespace ks::control
