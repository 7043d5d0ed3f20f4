// What only browsers ask for: the page's files, and people's login (sessions.h).
#include <httplib.h>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/http_api.h"
#include "control/limits.h"
#include "control/page_files.h"
#include "identity/json.h"

namespace ks::control {
namespace {

using identity::Secret;
using nlohmann::json;

constexpr char kLoginCookie[] = "login";
constexpr char kFailedPage[] = "/failed.html";
constexpr char kHtml[] = "text/html; charset=utf-8";

// Nothing from elsewhere, nothing inline, in nobody's frame; and the code in a callback's address
// is told to nobody.
constexpr std::pair<const char*, const char*> kPageHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

void SendPage(httplib::Response& response, int status, std::string_view content,
              std::string_view type) {
  response.status = status;
  for (const auto& [name, value] : kPageHeaders) response.set_header(name, value);
  response.set_content(content.data(), content.size(), std::string(type));
}

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(
      AbslView(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

void Go(httplib::Response& response, const std::string& location) {
  response.status = 302;
  response.set_header("Location", location);
  response.set_header("Cache-Control", "no-store");
  response.set_header("Referrer-Policy", "no-referrer");
}

}  // namespace

const std::vector<HttpApi::BrowserRoute>& HttpApi::BrowserRoutes() {
  static const auto* const routes = new std::vector<BrowserRoute>{
      {"GET", "/auth/session", &HttpApi::ShowSession,
       "who is signed in, in which roles, and the token that changes need; or where to sign in"},
      {"GET", "/auth/cli", &HttpApi::ShowCliLogins,
       "where people sign in from a command line: issuer, client and scope of each"},
      {"GET", "/auth/login", &HttpApi::BeginLogin,
       "begins to sign in: goes to the issuer; `?issuer=` where there are several"},
      {"GET", "/auth/callback", &HttpApi::FinishLogin,
       "where the issuer sends the browser back to"},
      {"POST", "/auth/logout", &HttpApi::Logout,
       "ends the session; `go` is where to end the issuer's"},
      {"POST", "/auth/backchannel", &HttpApi::BackChannelLogout,
       "where an issuer says that a person's session ended there (`logout_token`)"},
  };
  return *routes;
}

bool HttpApi::ServeBrowser(const httplib::Request& request, httplib::Response& response) {
  // Clients of Kafka Connect ask `/` which version it is.
  const bool for_a_program =
      request.path == "/" && request.get_header_value("Accept").find("application/json") == 0;
  if (request.method == "GET" && request.path != kFailedPage && !for_a_program) {
    if (const PageFile* file = FindPageFile(request.path); file != nullptr) {
      SendPage(response, 200, file->content, file->type);
      response.set_header("Cache-Control", "no-cache");
      Tag(request, response);
      return true;
    }
  }
  for (const BrowserRoute& route : BrowserRoutes()) {
    if (request.method != route.method || request.path != route.path) continue;
    const absl::Status done = (this->*route.handler)(request, response);
    if (done.ok()) return true;
    const int status = StatusOf(done);
    // The person is told in words; programs read JSON.
    if (route.handler == &HttpApi::BeginLogin || route.handler == &HttpApi::FinishLogin) {
      if (status == 401) Refused(request, {}, done);
      SendPage(response, status,
               absl::StrReplaceAll(AbslView(FindPageFile(kFailedPage)->content),
                                   {{"{{why}}", Escaped(View(done.message()))}}),
               kHtml);
      response.set_header("Cache-Control", "no-store");
      return true;
    }
    Send(response, status, {{"error", View(done.message())}});
    return true;
  }
  return false;
}

// ---- Cookies

// With `__Host-` a browser takes it from this very host alone, over TLS, so that no neighbour under
// the same domain can put another one there.
std::string HttpApi::CookieName(std::string_view name) const {
  return StrCat(page_.starts_with("https:") ? "__Host-" : "", "kafka_spanner_", name);
}

Secret HttpApi::CookieOf(const httplib::Request& request, std::string_view name) const {
  const std::string wanted = CookieName(name);
  Secret found;
  for (size_t i = 0; i < request.get_header_value_count("Cookie"); ++i) {
    const std::string header = request.get_header_value("Cookie", i);
    for (const absl::string_view each : absl::StrSplit(header, ';')) {
      const std::pair<absl::string_view, absl::string_view> cookie =
          absl::StrSplit(absl::StripAsciiWhitespace(each), absl::MaxSplits('=', 1));
      if (cookie.first != AbslView(wanted)) continue;
      if (!found.empty()) return Secret();  // two of them: which one is ours?
      found = Secret(std::string(cookie.second));
    }
  }
  return found;
}

void HttpApi::SetCookie(httplib::Response& response, std::string_view name, const Secret& value,
                        std::string_view same_site, int64_t seconds) const {
  response.set_header("Set-Cookie", StrCat(CookieName(name), "=", value.Reveal(),
                                           "; Path=/; HttpOnly; SameSite=", same_site, "; Max-Age=",
                                           seconds, page_.starts_with("https:") ? "; Secure" : ""));
}

absl::StatusOr<SessionRow> HttpApi::SessionOf(const httplib::Request& request,
                                              governance::Actor* actor) {
  identity::HttpServer::CallerIs("", kSessionMechanism);
  const Secret cookie = CookieOf(request, kSessionCookie);
  KS_ASSIGN_OR_RETURN(SessionRow session, sessions_->Find(cookie));
  *actor = session.actor;
  identity::HttpServer::CallerIs(actor->subject, kSessionMechanism);
  if (request.method != "GET" &&
      (request.get_header_value("Origin") != page_ ||
       request.get_header_value("X-Csrf-Token") != Sessions::CsrfTokenOf(cookie)))
    return FromAnotherSite();
  return session;
}

// ---- Handlers

absl::Status HttpApi::BeginLogin(const httplib::Request& request, httplib::Response& response) {
  KS_ASSIGN_OR_RETURN(const auto attempt, sessions_->Begin(request.get_param_value("issuer")));
  // Lax: the issuer's answer comes from another site.
  SetCookie(response, kLoginCookie, attempt.cookie, "Lax", kLoginSeconds);
  Go(response, attempt.location);
  return absl::OkStatus();
}

absl::Status HttpApi::FinishLogin(const httplib::Request& request, httplib::Response& response) {
  const auto session = sessions_->Finish(request.params, CookieOf(request, kLoginCookie));
  // Whatever came of it, the attempt is over.
  SetCookie(response, kLoginCookie, Secret(), "Lax", 0);
  KS_RETURN_IF_ERROR(session.status());
  SetCookie(response, kSessionCookie, *session, "Strict", kSessionSeconds);
  Go(response, "/");
  return absl::OkStatus();
}

absl::Status HttpApi::Logout(const httplib::Request& request, httplib::Response& response) {
  governance::Actor actor;
  const auto session = SessionOf(request, &actor);
  if (!session.ok()) {
    Refused(request, actor, session.status());
    return session.status();
  }
  KS_ASSIGN_OR_RETURN(const std::string go, sessions_->End(*session));
  SetCookie(response, kSessionCookie, Secret(), "Strict", 0);
  Send(response, 200, {{"go", go.empty() ? "/" : go}});
  return absl::OkStatus();
}

absl::Status HttpApi::BackChannelLogout(const httplib::Request& request,
                                        httplib::Response& response) {
  const absl::Status ended = sessions_->EndByToken(request.get_param_value("logout_token"));
  if (absl::IsUnauthenticated(ended)) {
    Refused(request, {}, ended);
    return absl::InvalidArgumentError(ended.message());  // 400, as its section 2.8 says
  }
  KS_RETURN_IF_ERROR(ended);
  Send(response, 200, json::object());
  return absl::OkStatus();
}

absl::Status HttpApi::ShowCliLogins(const httplib::Request&, httplib::Response& response) {
  json logins = json::array();
  for (const IssuerSettings* each : services_.issuers->All()) {
    if (each->cli_id.empty()) continue;
    logins.push_back(
        {{"issuer", each->issuer}, {"client_id", each->cli_id}, {"scope", each->cli_scope}});
  }
  Send(response, 200, {{"logins", std::move(logins)}});
  return absl::OkStatus();
}

absl::Status HttpApi::ShowSession(const httplib::Request& request, httplib::Response& response) {
  const Secret cookie = CookieOf(request, kSessionCookie);
  const auto session = sessions_->Find(cookie);
  if (session.ok()) {
    Send(response, 200,
         {{"signed_in", true},
          {"subject", session->actor.subject},
          {"issuer", session->actor.issuer},
          {"roles", governor_.RolesOf(session->actor)},
          {"until", identity::Rfc3339Of(session->expires_nanos)},
          {"csrf", Sessions::CsrfTokenOf(cookie)}});
    return absl::OkStatus();
  }
  if (!absl::IsUnauthenticated(session.status())) return session.status();
  json issuers = json::array();
  for (const IssuerSettings* each : services_.issuers->All()) {
    if (!each->client_id.empty()) issuers.push_back(each->issuer);
  }
  Send(response, 200, {{"signed_in", false}, {"issuers", issuers}});
  return absl::OkStatus();
}

}  // namespace ks::control
