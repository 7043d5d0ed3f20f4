// Sessions: people who logged in with a browser: the authorization code flow with PKCE (OpenID
// Connect Core 1.0, RFC 7636, RFC 9207), run by this server. The browser never sees a token, and no
// token is kept: the ID token says once who it is, and the rest is a session of our own.
//
// A session is a row of Spanner whose key is the SHA-256 of a random cookie. So any replica serves
// it, ending it ends it everywhere at once, and whoever reads the database cannot use it. It lives
// for kSessionSeconds; then the issuer is asked again, who they are and in which groups. Before
// that it ends by logout, by a logout token of the issuer (OpenID Connect Back-Channel Logout 1.0),
// or because the person began kSessionsPerPerson others since.
//
// An attempt to log in is kept nowhere but in the browser: a cookie with a random text, of which
// state, nonce and code verifier are hashes. So strangers who begin attempts fill nothing, any
// replica may be called back, and an answer that belongs to another browser's attempt fits nothing.
//
// Invariants (tests/control/test_browser_login.py):
//   1. Nobody is logged in without the cookie of the attempt, its state, its nonce, a code that the
//      issuer takes, and an ID token of that issuer for this client.
//   2. Beginning and ending sessions is on record before it happens.
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "control/governor.h"
#include "control/issuers.h"
#include "control/store.h"
#include "env/clock.h"
#include "identity/http.h"
#include "identity/secret.h"
#include "identity/secret_resolver.h"
#include "spanner/client.h"

namespace ks::control {

struct SessionServices {
  Governor* governor = nullptr;
  spanner::Client* client = nullptr;  // of the control plane's database
  Issuers* issuers = nullptr;
  identity::HttpClient* http = nullptr;
  identity::SecretResolver* secrets = nullptr;
  env::Clock* clock = &env::RealClock();
};

class Sessions {
 public:
  // `page`: the origin that browsers find this server under.
  Sessions(const SessionServices& services, std::string page)
      : services_(services), page_(std::move(page)) {}

  const std::string& page() const { return page_; }

  struct Attempt {
    std::string location;     // at the issuer, where the browser goes
    identity::Secret cookie;  // that it comes back with
  };
  // `issuer` may be empty where there is but one that people log in at.
  absl::StatusOr<Attempt> Begin(std::string_view issuer);

  using Query = std::multimap<std::string, std::string>;
  // The issuer's answer. Gives the cookie of a new session.
  absl::StatusOr<identity::Secret> Finish(const Query& answer, const identity::Secret& attempt);

  // UNAUTHENTICATED where there is none, or none any more.
  absl::StatusOr<SessionRow> Find(const identity::Secret& cookie);
  // What a request that changes something has to show beside its cookie; another site cannot know
  // it.
  static std::string CsrfTokenOf(const identity::Secret& cookie);

  // Ends it, and says where at the issuer to end the session there; empty where it has no such
  // place.
  absl::StatusOr<std::string> End(const SessionRow& session);
  // What an issuer sends when a person's session ended there.
  absl::Status EndByToken(std::string_view logout_token);

 private:
  absl::StatusOr<const IssuerSettings*> IssuerOf(std::string_view issuer) const;
  absl::StatusOr<std::string> IdTokenFor(const IssuerSettings& issuer, const std::string& code,
                                         const std::string& verifier);
  absl::Status CheckIdToken(const nlohmann::json& claims, const IssuerSettings& issuer,
                            const std::string& nonce) const;
  std::string CallbackUrl() const;

  const SessionServices services_;
  const std::string page_;
  std::atomic<int> redeeming_{0};  // answers of issuers
};

}  // namespace ks::control
