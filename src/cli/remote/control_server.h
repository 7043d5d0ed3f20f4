// ControlServer: a control plane (`kafka-spanner serve`) as commands ask it: whose requests carry
// the token of the login that is kept (logins.h), renewed when it ends, or a machine's.
//
// Thread safety: one thread.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/remote/logins.h"
#include "identity/http.h"
#include "identity/secret.h"
#include "identity/services.h"

namespace ks::cli {

// What `--server`, `--token` and `--ca` say; each may be empty.
struct ServerOptions {
  std::string address;
  std::string token;  // a reference: secret://…
  std::string ca;     // PEM file, of the server and of its issuers
};

class ControlServer {
 public:
  // `services` outlives it. Reads the options, the environment and the logins; asks nobody yet.
  static absl::StatusOr<ControlServer> Open(const ServerOptions& options,
                                            identity::Services& services);

  const std::string& address() const { return address_; }
  // Its answer, where it was one of success; else the error that it said.
  absl::StatusOr<nlohmann::json> Send(const std::string& method, const std::string& path,
                                      const nlohmann::json& body = nullptr);

 private:
  ControlServer(std::string address, std::string ca, identity::Services& services)
      : address_(std::move(address)), ca_(std::move(ca)), services_(&services) {}

  absl::Status Renew(const identity::Secret& stale);

  std::string address_;
  std::string ca_;
  identity::Services* services_;
  std::optional<SavedLogin> login_;  // none: a machine's token
  identity::Secret token_;
};

// The address that `--server` says, else KAFKA_SPANNER_SERVER, else `otherwise`, without what would
// make two of one: no slash at its end. Over TLS, or on this machine.
absl::StatusOr<std::string> ServerAddress(const std::string& given,
                                          const env::Environment& environment,
                                          const std::string& otherwise);

// One request to a control plane, with no token where that is empty.
absl::StatusOr<identity::HttpAnswer> SendTo(identity::HttpClient& http, const std::string& address,
                                            const std::string& ca, const identity::Secret& token,
                                            const std::string& method, const std::string& path,
                                            const nlohmann::json& body);

}  // namespace ks::cli
