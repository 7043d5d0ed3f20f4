// kafka-spanner login and logout: a person at a terminal signs in at the issuer that a control
// plane names, in any browser (device flow) or in this machine's (--browser).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/remote/callback.h"
#include "cli/remote/control_server.h"
#include "cli/remote/errors.h"
#include "cli/remote/logins.h"
#include "cli/remote/oidc_client.h"
#include "identity/json.h"
#include "identity/pkce.h"
#include "identity/services.h"

namespace ks::cli {
namespace {

using identity::TextOf;
using nlohmann::json;

constexpr int64_t kBrowserSeconds = 600;

struct LoginOptions {
  ServerOptions server;
  std::string issuer;
  bool browser = false;
};

// Which issuer, and as which client of it: the server says.
absl::StatusOr<OidcSettings> AskWhere(const LoginOptions& options, const std::string& server,
                                      identity::HttpClient& http) {
  const std::string& ca = options.server.ca;
  KS_ASSIGN_OR_RETURN(const auto answer, SendTo(http, server, ca, {}, "GET", "/auth/cli", nullptr));
  const json logins = identity::Member(identity::ParseJson(answer.body), "logins");
  if (answer.status != 200 || !logins.is_array()) return NoControlPlane(server, answer.status);
  std::vector<std::string> issuers;
  std::vector<OidcSettings> found;
  for (const json& each : logins) {
    issuers.push_back(TextOf(each, "issuer"));
    if (options.issuer.empty() || options.issuer == issuers.back())
      found.push_back({issuers.back(), TextOf(each, "client_id"), TextOf(each, "scope"), ca});
  }
  if (issuers.empty()) return NobodySignsInThere(server);
  if (found.size() != 1) return WhichLogin(absl::StrJoin(issuers, ", "));
  return found.front();
}

absl::StatusOr<IdTokens> ByDevice(OidcClient& issuer) {
  KS_ASSIGN_OR_RETURN(const auto device, issuer.BeginDevice());
  if (device.with_code.empty()) {
    std::cerr << "Open " << device.address << " in any browser and enter the code\n\n    "
              << device.user_code << "\n\n";
  } else {
    std::cerr << "Open in any browser:\n\n    " << device.with_code
              << "\n\nand check that it shows the code " << device.user_code << "\n";
  }
  std::cerr << "Waiting (Ctrl-C ends it) ..." << std::endl;
  return issuer.WaitForDevice(device);
}

absl::StatusOr<IdTokens> ByBrowser(OidcClient& issuer, const OidcSettings& settings,
                                   identity::ConnectionLog* log) {
  KS_ASSIGN_OR_RETURN(const auto callback, Callback::Listen(log));
  const OidcClient::Attempt attempt{callback->redirect(), identity::RandomText(),
                                    identity::RandomText(), identity::RandomText()};
  KS_ASSIGN_OR_RETURN(const std::string address, issuer.AddressFor(attempt));
  std::cerr << "Sign in with the browser of this machine. Where none opened, open:\n\n    "
            << address << "\n\nWaiting (Ctrl-C ends it) ..." << std::endl;
  OpenBrowser(address);
  KS_ASSIGN_OR_RETURN(const std::string code,
                      callback->WaitForCode(settings.issuer, attempt.state, kBrowserSeconds));
  return issuer.Exchange(attempt, code);
}

absl::Status Login(const LoginOptions& options, const GlobalOptions& global) {
  identity::Services services({.log = global.connection_log.get()});
  KS_ASSIGN_OR_RETURN(const std::string server,
                      ServerAddress(options.server.address, services.environment(), ""));
  KS_ASSIGN_OR_RETURN(const OidcSettings settings, AskWhere(options, server, services.http()));
  KS_ASSIGN_OR_RETURN(OidcClient issuer,
                      OidcClient::Discover(settings, services.http(), services.clock()));
  std::cerr << "Signing in to " << server << " at " << settings.issuer << "\n";
  KS_ASSIGN_OR_RETURN(IdTokens tokens, options.browser ? ByBrowser(issuer, settings, services.log())
                                                       : ByDevice(issuer));
  // Before it is kept: does the server take it?
  KS_ASSIGN_OR_RETURN(const auto answer, SendTo(services.http(), server, settings.ca,
                                                tokens.id_token, "GET", "/v1/me", nullptr));
  const json me = identity::ParseJson(answer.body);
  if (answer.status != 200) return ServerRefused(answer.status, TextOf(me, "error", "no answer"));
  KS_ASSIGN_OR_RETURN(const LoginsLock lock, LoginsLock::Take());
  KS_ASSIGN_OR_RETURN(Logins logins, ReadLogins());
  logins.servers[server] = {settings, std::move(tokens)};
  logins.newest = server;
  KS_RETURN_IF_ERROR(WriteLogins(logins));
  if (global.json) {
    std::cout << json{{"server", server}, {"me", me}}.dump(2) << "\n";
    return absl::OkStatus();
  }
  const auto roles = identity::Member(me, "roles").get<std::vector<std::string>>();
  std::cout << "signed in to " << server << " as " << TextOf(me, "subject") << " ("
            << (roles.empty() ? "no role: its policy grants you nothing yet"
                              : StrCat("roles: ", absl::StrJoin(roles, ", ")))
            << ")\n";
  return absl::OkStatus();
}

absl::Status Logout(const ServerOptions& options, const GlobalOptions& global) {
  identity::Services services({.log = global.connection_log.get()});
  KS_ASSIGN_OR_RETURN(const LoginsLock lock, LoginsLock::Take());
  KS_ASSIGN_OR_RETURN(Logins logins, ReadLogins());
  KS_ASSIGN_OR_RETURN(const std::string server,
                      ServerAddress(options.address, services.environment(), logins.newest));
  const auto found = logins.servers.find(server);
  if (found == logins.servers.end()) return NotSignedIn(server);
  const SavedLogin login = found->second;
  logins.servers.erase(found);
  if (logins.newest == server) logins.newest = "";
  KS_RETURN_IF_ERROR(WriteLogins(logins));  // gone from here, whatever the issuer says
  const absl::Status revoked = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(OidcClient issuer,
                        OidcClient::Discover(login.oidc, services.http(), services.clock()));
    return issuer.Revoke(login.tokens.refresh_token);
  }();
  if (!revoked.ok()) std::cerr << "the issuer was not told: " << View(revoked.message()) << "\n";
  std::cout << "signed out of " << server << "\n";
  return absl::OkStatus();
}

void AddServerOption(CLI::App* command, std::string* address, const char* otherwise) {
  command->add_option(
      "--server", *address,
      StrCat("the control plane's address (default: KAFKA_SPANNER_SERVER", otherwise, ")"));
}

}  // namespace

void AddLoginCommand(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<LoginOptions>();
  CLI::App* login = app.add_subcommand("login", "sign in to a control plane, for `remote`");
  AddServerOption(login, &options->server.address, "");
  login->add_option("--issuer", options->issuer, "where the server names several");
  login->add_option("--ca", options->server.ca,
                    "PEM file of whose certificates to trust (default: the system's)");
  login->add_flag("--browser", options->browser,
                  "with this machine's browser; without, in any browser, by a code");
  login->footer(
      "What it gets is kept in ~/.config/kafka-spanner/logins.json, for this account alone.");
  OnChosen(*login, global, [options, &global] {
    const absl::Status status = Login(*options, global);
    return status.ok() ? kExitOk : Fail(global, status);
  });
  auto from = std::make_shared<ServerOptions>();
  CLI::App* logout = app.add_subcommand("logout", "forget a login, here and at its issuer");
  AddServerOption(logout, &from->address, ", then where you signed in at last");
  OnChosen(*logout, global, [from, &global] {
    const absl::Status status = Logout(*from, global);
    return status.ok() ? kExitOk : Fail(global, status);
  });
}

}  // namespace ks::cli
