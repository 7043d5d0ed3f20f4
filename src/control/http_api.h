// HttpApi: the control plane over HTTP and JSON, and what tools for Kafka Connect ask of it.
//
// One table has every path (routes.cc); the OpenAPI document is made from it. Every request goes
// the same way: token → actor → handler → answer, and what was refused goes on record there and
// nowhere else. Bodies and times are limited (limits.h). No cookie is ever looked at, so another
// site's page can do nothing in somebody's name. Thread safety: handlers run on the server's
// threads.
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
#include "control/login.h"
#include "control/supervisor.h"
#include "identity/http_server.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace ks::control {

class HttpApi {
 public:
  HttpApi(Governor& governor, Login& login, const Supervisor& supervisor, env::Clock& clock);

  // Serves until destroyed. Plain HTTP is for this machine only.
  absl::Status Start(identity::HttpServerOptions listen);
  const std::string& address() const { return server_->url(); }

  using Parameters = std::map<std::string, std::string, std::less<>>;
  struct Asked {
    governance::Actor actor;
    Parameters parameters;  // of the path
    nlohmann::json body;
  };
  using Handler = absl::StatusOr<nlohmann::json> (HttpApi::*)(const Asked&);
  struct Route {
    const char* method;
    const char* path;  // `{name}` stands for a segment
    Handler handler;
    const char* body;  // an example of what is sent; empty: nothing
    const char* what;
  };
  static const std::vector<Route>& Routes();

 private:
  using Answer = absl::StatusOr<nlohmann::json>;

  void Serve(const httplib::Request& request, httplib::Response& response);
  Answer Handle(const httplib::Request& request, const Route& route, Parameters parameters,
                governance::Actor* actor);
  void Refused(const httplib::Request& request, const governance::Actor& actor,
               const absl::Status& why);
  bool StrangerGoesOnRecord(int64_t* others);

  Answer Pipelines(const Asked& asked);
  Answer Pipeline(const Asked& asked);
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

  Governor& governor_;
  Login& login_;
  const Supervisor& supervisor_;
  env::Clock& clock_;
  absl::Mutex mu_;
  int64_t second_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t strangers_ ABSL_GUARDED_BY(mu_) = 0;  // in this second
  int64_t others_ ABSL_GUARDED_BY(mu_) = 0;     // that were only counted
  std::unique_ptr<identity::HttpServer> server_;
};

// The document that describes Routes() (OpenAPI 3.0).
nlohmann::json OpenApi();

}  // namespace ks::control
