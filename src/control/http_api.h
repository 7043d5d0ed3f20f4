// HttpApi: the control plane over HTTP and JSON, and what tools for Kafka Connect ask of it.
//
// One table has every path (routes.cc); the OpenAPI document is made from it. Every request goes
// the same way: token or session → actor → handler → answer, and what was refused goes on record
// there and nowhere else. Bodies and times are limited (limits.h).
//
// page_api.cc has what only browsers ask for: the page's files, and people's login. A session's
// cookie (sessions.h) never comes with another site's request (SameSite=Strict), no script reads it
// (HttpOnly), and what changes something needs the page's own Origin and the session's own token
// besides. Thread safety: handlers run on the server's threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "control/governor.h"
#include "control/recent_connections.h"
#include "control/sessions.h"
#include "control/supervisor.h"
#include "identity/http_server.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace ks::control {

class HttpApi {
 public:
  // `page`: the origin that browsers find this server under; empty: where it listens.
  HttpApi(const SessionServices& services, std::string page, const Supervisor& supervisor,
          const RecentConnections& connections);
  ~HttpApi();

  // Serves until destroyed. Plain HTTP is for this machine only.
  absl::Status Start(identity::HttpServerOptions listen);
  const std::string& address() const { return server_->url(); }

  using Parameters = std::map<std::string, std::string, std::less<>>;
  struct Asked {
    governance::Actor actor;
    Parameters parameters;  // of the path
    nlohmann::json body;
    std::multimap<std::string, std::string, std::less<>> query;
  };
  using Handler = absl::StatusOr<nlohmann::json> (HttpApi::*)(const Asked&);
  struct Route {
    const char* method;
    const char* path;  // `{name}` stands for a segment
    Handler handler;
    const char* body;  // an example of what is sent; empty: nothing
    const char* what;
    int done = 200;  // the status of an answer that nothing is left to do for
  };
  static const std::vector<Route>& Routes();

  // What browsers ask for: answered without the actor of a Route.
  using BrowserHandler = absl::Status (HttpApi::*)(const httplib::Request&, httplib::Response&);
  struct BrowserRoute {
    const char* method;
    const char* path;
    BrowserHandler handler;
    const char* what;
  };
  static const std::vector<BrowserRoute>& BrowserRoutes();

  static void Send(httplib::Response& response, int status, const nlohmann::json& body);
  // Of what is sent: to whoever has it already, that it is the same (RFC 9110, 13.1.2).
  static void Tag(const httplib::Request& request, httplib::Response& response);
  static int StatusOf(const absl::Status& status);

 private:
  static std::vector<Route> ConnectRoutes();

  static constexpr char kSessionCookie[] = "session";
  static constexpr char kSessionMechanism[] = "session";
  using Answer = absl::StatusOr<nlohmann::json>;

  void Serve(const httplib::Request& request, httplib::Response& response);
  Answer Handle(const httplib::Request& request, const Route& route, Parameters parameters,
                governance::Actor* actor);
  // Who sends it; `actor` is set as soon as that is known, even if it is refused then.
  absl::Status Identify(const httplib::Request& request, governance::Actor* actor);

  // page_api.cc. False where the path is none of a browser's.
  bool ServeBrowser(const httplib::Request& request, httplib::Response& response);
  // By its cookie; what changes something has to come from the page.
  absl::StatusOr<SessionRow> SessionOf(const httplib::Request& request, governance::Actor* actor);
  identity::Secret CookieOf(const httplib::Request& request, std::string_view name) const;
  std::string CookieName(std::string_view name) const;
  void SetCookie(httplib::Response& response, std::string_view name, const identity::Secret& value,
                 std::string_view same_site, int64_t seconds) const;
  absl::Status BeginLogin(const httplib::Request& request, httplib::Response& response);
  absl::Status FinishLogin(const httplib::Request& request, httplib::Response& response);
  absl::Status Logout(const httplib::Request& request, httplib::Response& response);
  absl::Status BackChannelLogout(const httplib::Request& request, httplib::Response& response);
  absl::Status ShowSession(const httplib::Request& request, httplib::Response& response);
  absl::Status ShowCliLogins(const httplib::Request& request, httplib::Response& response);
  void Refused(const httplib::Request& request, const governance::Actor& actor,
               const absl::Status& why);
  bool StrangerGoesOnRecord(int64_t* others);

  Answer Me(const Asked& asked);
  Answer Pipelines(const Asked& asked);
  Answer Pipeline(const Asked& asked);
  Answer Versions(const Asked& asked);
  Answer DeadLetters(const Asked& asked);
  Answer Jobs(const Asked& asked);
  Answer Offsets(const Asked& asked);
  Answer Job(const Asked& asked);
  Answer CancelJob(const Asked& asked);
  Answer Audit(const Asked& asked);
  Answer VerifyAudit(const Asked& asked);
  Answer People(const Asked& asked);
  Answer Connections(const Asked& asked);
  Answer Configure(const Asked& asked);
  Answer Act(const Asked& asked);
  Answer Plan(const Asked& asked);
  Answer Requests(const Asked& asked);
  Answer ReviewRequest(const Asked& asked);
  Answer RunRequest(const Asked& asked);
  Answer Glass(const Asked& asked);
  Answer ReviewGlass(const Asked& asked);
  // As Kafka Connect's REST API has them.
  Answer Connectors(const Asked& asked);
  Answer Connector(const Asked& asked);
  Answer ConnectorConfig(const Asked& asked);
  Answer ConnectorConfigure(const Asked& asked);
  Answer ConnectorStatus(const Asked& asked);
  Answer ConnectorAct(const Asked& asked);
  Answer ConnectRoot(const Asked& asked);
  Answer ConnectPlugins(const Asked& asked);
  Answer ConnectValidate(const Asked& asked);
  Answer ConnectorCreate(const Asked& asked);
  Answer ConnectorTasks(const Asked& asked);
  Answer ConnectorTaskStatus(const Asked& asked);
  Answer ConnectorTaskRestart(const Asked& asked);
  Answer ConnectorOffsets(const Asked& asked);
  Answer ConnectorOffsetsAlter(const Asked& asked);
  Answer ConnectorOffsetsReset(const Asked& asked);
  Answer ConnectorInfoOf(const governance::Actor& actor, const std::string& name);
  Answer ConnectorStatusOf(const governance::Actor& actor, const std::string& name);

  const SessionServices services_;
  Governor& governor_;
  const Supervisor& supervisor_;
  const RecentConnections& connections_;
  std::string page_;
  std::unique_ptr<Sessions> sessions_;  // from Start() on
  absl::Mutex mu_;
  int64_t second_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t strangers_ ABSL_GUARDED_BY(mu_) = 0;  // in this second
  int64_t others_ ABSL_GUARDED_BY(mu_) = 0;     // that were only counted
  std::unique_ptr<identity::HttpServer> server_;
};

// The document that describes Routes() (OpenAPI 3.0).
nlohmann::json OpenApi();

}  // namespace ks::control
