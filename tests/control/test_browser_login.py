"""People's login and their sessions, as browsers and attackers speak to them: what is not exactly
right is refused and on record. The issuer is ours, so that it can lie; a real one, with a real
browser, is in test_page.py."""

import concurrent.futures
import hashlib
import time

import pytest

from browser import LOGIN, SESSION, Browser
from issuer import encoded
from plane import pipeline_file
from spanners import rows


@pytest.fixture
def browser(plane):
    return Browser(plane)


def test_a_person_signs_in_and_out(plane, issuer, browser):
    assert browser.send("GET", "/auth/session").json() == {
        "signed_in": False, "issuers": [issuer.url]}
    asked = browser.begin()
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
    browser.cookies.clear()
    browser.sign_in(issuer, "alice", ["sre"])
    assert LOGIN not in browser.cookies
    session = browser.send("GET", "/auth/session").json()
    assert (session["subject"], session["roles"]) == ("alice", ["operator"])
    assert browser.send("GET", "/v1/pipelines").status_code == 200
    file = {"file": pipeline_file("dev1", plane.database)}
    assert browser.change("PUT", "/v1/pipelines/dev1", file).status_code == 200
    out = browser.change("POST", "/auth/logout")
    assert out.json()["go"].startswith(issuer.url + "/end?client_id=control-page&")
    assert SESSION not in browser.cookies
    done = [(e["action"], e["phase"], e["actor"]["subject"]) for e in plane.entries()]
    for action in ("session.begin", "pipeline.configure", "session.end"):
        for phase in ("intent", "change", "result"):
            assert (action, phase, "alice") in done
    assert plane.refusals() == []


def test_what_is_kept_logs_nobody_in(plane, issuer, browser):
    """Whoever reads the database or the log of the server has no session by that."""
    cookie = browser.sign_in(issuer, "alice").cookies[SESSION]
    kept = rows(plane.spanner.database(plane.name), "SELECT * FROM kafka_spanner.Sessions")
    assert len(kept) == 1 and kept[0][0] != cookie
    browser.cookies[SESSION] = kept[0][0]
    assert browser.send("GET", "/v1/pipelines").status_code == 401
    assert plane.stop() == 0
    for text in (plane.connections.read_text(), str(plane.entries()), str(kept),
                 open(plane.log.name).read()):
        assert cookie not in text and browser.csrf not in text


def refused(plane, answer, path="/auth/callback"):
    """On record, and nobody is logged in by it."""
    assert answer.status_code == 401, answer.text
    assert SESSION not in answer.cookies
    last = plane.refusals()[-1]
    assert last["details"]["path"] == path and last["outcome"] == "failure"
    time.sleep(0.15)  # ten strangers a second go on record


def test_a_callback_that_is_not_of_this_browsers_attempt_is_refused(plane, issuer, browser):
    asked = browser.begin()
    code = issuer.allow(asked, "alice")
    state = asked["state"]
    other = Browser(plane)
    theirs = other.begin()
    refused(plane, other.come_back(code=code, state=state))  # another's attempt: login CSRF
    refused(plane, Browser(plane).come_back(code=code, state=state))  # none was begun
    attempt = browser.cookies[LOGIN]
    wrong = {
        "no state": {"code": code},
        "another state": {"code": code, "state": theirs["state"]},
        "another issuer": {"code": code, "state": state, "iss": "https://evil.example"},
        "no code": {"state": state},
        "a made up code": {"code": "made-up", "state": state},
        "refused there": {"error": "access_denied", "state": state},
    }
    before = len(plane.refusals())
    for what, query in wrong.items():
        browser.cookies[LOGIN] = attempt
        refused(plane, browser.come_back(**query))
        assert LOGIN not in browser.cookies, what
    for query in (f"state={state}&state={theirs['state']}&code={code}",):
        browser.cookies[LOGIN] = attempt
        refused(plane, browser.send("GET", "/auth/callback?" + query))
    assert len(plane.refusals()) == before + len(wrong) + 1
    # An attempt from another time: the moment it began is a part of what state was made of.
    began, secret, at = attempt.split(".")
    browser.cookies[LOGIN] = f"{int(began) - 3600}.{secret}.{at}"
    refused(plane, browser.come_back(code=code, state=state))
    # And all of that took nothing from who did it right.
    browser.cookies[LOGIN] = attempt
    assert browser.come_back(code=code, state=state).status_code == 302


def test_an_attempt_is_over_after_ten_minutes(plane, issuer, browser):
    """Even one in which everything fits: whoever keeps a browser's cookie has it for so long."""
    browser.begin()
    _, secret, at = browser.cookies[LOGIN].split(".")

    def come_back(age):
        attempt = f"{int(time.time()) - age}.{secret}.{at}"

        def derived(purpose):
            return hashlib.sha256(f"{purpose}:{attempt}".encode()).hexdigest()

        challenge = encoded(hashlib.sha256(derived("verifier").encode()).digest())
        code = issuer.allow({"client_id": "control-page", "nonce": derived("nonce"),
                             "code_challenge": challenge}, "alice")
        browser.cookies = {LOGIN: attempt}
        return browser.come_back(code=code, state=derived("state"))

    refused(plane, come_back(age=700))
    assert come_back(age=500).status_code == 302


def test_a_code_is_taken_once(plane, issuer, browser):
    asked = browser.begin()
    attempt = browser.cookies[LOGIN]
    code = issuer.allow(asked, "alice")
    assert browser.come_back(code=code, state=asked["state"]).status_code == 302
    thief = Browser(plane)
    refused(plane, thief.come_back(code=code, state=asked["state"]))
    thief.cookies[LOGIN] = attempt
    refused(plane, thief.come_back(code=code, state=asked["state"]))


def test_forged_id_tokens_are_refused(plane, issuer, stranger, browser):
    wrong = {
        "another nonce": {"nonce": "x" * 64},
        "no nonce": {"nonce": None},
        "another client": {"aud": "kafka-spanner"},
        "for two, asked for by the other": {"aud": ["control-page", "b"], "azp": "b"},
        "for two, by nobody": {"aud": ["control-page", "b"]},
        "asked for by another": {"azp": "b"},
        "expired": {"exp": int(time.time()) - 60},
        "another issuer": {"iss": stranger.url},
        "nobody": {"sub": ""},
    }
    for what, claims in wrong.items():
        asked = browser.begin()
        code = issuer.allow(asked, "alice", ["sre"], **claims)
        refused(plane, browser.come_back(code=code, state=asked["state"]))
    forgers = {
        "a stranger's key": lambda claims: issuer.sign(claims, key=stranger.keys[stranger.kid]),
        "alg none": lambda claims: issuer.sign(claims, alg="none"),
        "no token": lambda claims: "",
    }
    for what, forger in forgers.items():
        issuer.seal = forger
        try:
            asked = browser.begin()
            refused(plane, browser.come_back(code=issuer.allow(asked, "alice"),
                                             state=asked["state"]))
        finally:
            issuer.seal = issuer.sign
    assert rows(plane.spanner.database(plane.name), "SELECT * FROM kafka_spanner.Sessions") == []


def test_changes_come_from_the_page_alone(plane, issuer, browser):
    browser.sign_in(issuer, "alice", ["sre"])
    other = Browser(plane).sign_in(issuer, "mallory", ["sre"])
    path = "/v1/pipelines/dev1/break_glass"
    body = {"minutes": 5, "reason": "because"}
    forged = [{}, {"Origin": plane.page}, {"X-Csrf-Token": browser.csrf},
              {"Origin": "https://evil.example", "X-Csrf-Token": browser.csrf},
              {"Origin": "null", "X-Csrf-Token": browser.csrf},
              {"Origin": plane.page, "X-Csrf-Token": other.csrf}]
    for headers in forged:
        for each in (path, "/auth/logout"):
            before = len(plane.refusals())
            assert browser.send("POST", each, body, **headers).status_code == 403, headers
            last = plane.refusals()[before:]
            found = [(e["actor"]["subject"], e["details"]["path"]) for e in last]
            assert found == [("alice", each)]
    assert browser.send("GET", "/v1/pipelines").status_code == 200  # still signed in
    # Nobody else may read the token, or anything: nothing allows another origin to.
    answer = browser.send("GET", "/auth/session", Origin="https://evil.example")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    # A session is no bearer token, and two cookies are none.
    assert plane.get("/v1/pipelines", browser.cookies[SESSION]).status_code == 401
    twice = f"{SESSION}={browser.cookies[SESSION]}; {SESSION}=x"
    assert plane.get("/v1/pipelines", headers={"Cookie": twice}).status_code == 401


def test_a_session_ends_on_every_replica_at_once(make, issuer):
    one = make()
    two = make(page=one.url)
    browser = Browser(one).sign_in(issuer, "alice", ["sre"])
    elsewhere = Browser(two)
    elsewhere.cookies, elsewhere.csrf = browser.cookies, browser.csrf
    assert elsewhere.send("GET", "/v1/pipelines").status_code == 200
    stolen = dict(browser.cookies)
    assert browser.change("POST", "/auth/logout").status_code == 200
    for plane in (one, two):
        thief = Browser(plane)
        thief.cookies = dict(stolen)
        assert thief.send("GET", "/v1/pipelines").status_code == 401
    # Begun at one, finished at the other.
    asked = browser.begin()
    elsewhere.cookies = browser.cookies
    answer = elsewhere.come_back(code=issuer.allow(asked, "alice"), state=asked["state"])
    assert answer.status_code == 302


def test_sessions_are_few_and_short(plane, issuer):
    browsers = [Browser(plane).sign_in(issuer, "alice") for _ in range(11)]
    codes = [each.send("GET", "/v1/pipelines").status_code for each in browsers]
    assert codes == [401] + [200] * 10
    assert "a newer one" in [e["details"].get("by") for e in plane.entries()]
    query = ("UPDATE kafka_spanner.Sessions SET ExpiresAt = TIMESTAMP_SUB(CURRENT_TIMESTAMP(), "
             "INTERVAL 1 SECOND) WHERE TRUE")
    plane.spanner.database(plane.name).run_in_transaction(lambda t: t.execute_update(query))
    assert browsers[-1].send("GET", "/v1/pipelines").status_code == 401


def test_sessions_are_counted_over_all_replicas(make, issuer):
    """Many that begin at once, on two replicas: ten are left."""
    planes = make(), make()
    begun = [Browser(planes[i % 2]) for i in range(24)]
    asked = [each.begin() for each in begun]

    def finish(i):
        code = issuer.allow(asked[i], "alice", ["sre"])
        return begun[i].come_back(code=code, state=asked[i]["state"]).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(finish, range(24)))
    # An answer that came while four others waited for the issuer may be refused.
    assert set(statuses) <= {302, 503} and statuses.count(302) > 12
    kept = rows(planes[0].spanner.database(planes[0].name),
                "SELECT Session FROM kafka_spanner.Sessions")
    assert len(kept) == 10
    alive = [each for each in begun if each.send("GET", "/v1/pipelines").status_code == 200]
    assert len(alive) == 10


def test_nobody_is_redeemed_without_an_attempt_of_ones_own(plane, issuer, browser):
    """The issuer is not asked about what cannot be right."""
    state = browser.begin()["state"]
    before = issuer.redeemed
    for cookies in ({}, {LOGIN: "x"}, {LOGIN: browser.cookies[LOGIN] + "x"}):
        thief = Browser(plane)
        thief.cookies = cookies
        refused(plane, thief.come_back(code="made-up", state=state))
    assert issuer.redeemed == before


def test_an_issuer_that_hangs_holds_nobody_else_up(plane, issuer, browser):
    """Whoever makes codes up can let some of our threads wait for it, and not all."""
    token = issuer.token("alice", ["sre"])
    assert plane.get("/v1/pipelines", token).status_code == 200
    issuer.answers.clear()
    strangers = [Browser(plane) for _ in range(20)]
    states = [each.begin()["state"] for each in strangers]
    try:
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            made_up = [pool.submit(each.come_back, code="made-up", state=state)
                       for each, state in zip(strangers, states)]
            until = time.monotonic() + 6  # sooner than the server gives an issuer up
            while sum(each.done() for each in made_up) < 16 and time.monotonic() < until:
                time.sleep(0.05)
            turned_away = [each.result() for each in made_up if each.done()]
            assert len(turned_away) == 16
            assert {each.status_code for each in turned_away} == {503}
            began = time.monotonic()
            assert plane.get("/v1/pipelines", token).status_code == 200
            assert time.monotonic() - began < 5
            issuer.answers.set()
    finally:
        issuer.answers.set()
    browser.sign_in(issuer, "alice")


def test_people_have_names_that_decide_nothing(plane, issuer, browser):
    names = {"alice": {"name": "Alice <b>Liddell</b>"}, "lena": {"email": "lena@example.org"},
             "vera": {"name": "x" * 300, "preferred_username": "vee"}, "nameless": {}}
    groups = {"alice": ["sre"], "lena": ["leads"], "vera": [], "nameless": ["sre"]}
    for who, claims in names.items():
        person = Browser(plane)
        asked = person.begin()
        code = issuer.allow(asked, who, groups[who], **claims)
        assert person.come_back(code=code, state=asked["state"]).status_code == 302
        if who == "vera":  # in no role
            assert person.send("GET", "/v1/people").status_code == 403
    browser.sign_in(issuer, "alice", ["sre"])  # without a name: the last one stays
    people = browser.send("GET", "/v1/people").json()["people"]
    assert {(p["issuer"], p["subject"]): p["name"] for p in people} == {
        (issuer.url, "alice"): "Alice <b>Liddell</b>", (issuer.url, "lena"): "lena@example.org",
        (issuer.url, "vera"): "vee"}
    # Whoever calls herself as another does is not the other.
    thief = Browser(plane)
    asked = thief.begin()
    code = issuer.allow(asked, "thief", [], name="lena")
    assert thief.come_back(code=code, state=asked["state"]).status_code == 302
    assert thief.send("GET", "/v1/audit").status_code == 403
    assert "Liddell" not in str(plane.entries())


EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}


def test_an_issuer_ends_sessions(plane, issuer, stranger, browser):
    def logout(by, subject, **claims):
        token = by.token(subject, **{"aud": "control-page", "events": EVENTS, "jti": "1", **claims})
        return plane.send("POST", "/auth/backchannel", data={"logout_token": token}).status_code

    browser.sign_in(issuer, "alice")
    vera = Browser(plane).sign_in(issuer, "vera")
    for wrong in (lambda: logout(stranger, "alice"),
                  lambda: logout(issuer, "alice", events=None),
                  lambda: logout(issuer, "alice", nonce="n"),
                  lambda: logout(issuer, "alice", aud="kafka-spanner"),
                  lambda: logout(issuer, "alice", exp=int(time.time()) - 60)):
        before = len(plane.refusals())
        assert wrong() == 400
        assert len(plane.refusals()) == before + 1
        time.sleep(0.15)
    assert logout(issuer, "alice", sid="another") == 200
    assert browser.send("GET", "/v1/pipelines").status_code == 200
    assert logout(issuer, "alice", sid="of alice") == 200
    assert browser.send("GET", "/v1/pipelines").status_code == 401
    assert vera.send("GET", "/v1/pipelines").status_code == 200
    assert logout(issuer, "vera") == 200
    assert vera.send("GET", "/v1/pipelines").status_code == 401
    # A session alone, without the person; and neither.
    both = [Browser(plane).sign_in(issuer, who) for who in ("alice", "vera")]
    assert logout(issuer, None, sid="of another") == 200
    assert logout(issuer, "vera", sid="of alice") == 200
    assert [each.send("GET", "/v1/pipelines").status_code for each in both] == [200, 200]
    assert logout(issuer, None, sid="of alice") == 200
    assert [each.send("GET", "/v1/pipelines").status_code for each in both] == [401, 200]
    assert logout(issuer, None) == 400
    # What says who acts has a subject all the same.
    assert plane.get("/v1/pipelines", issuer.token(None, ["sre"])).status_code == 401


def test_the_page_is_strict(plane):
    answer = plane.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert "<script>" not in answer.text and "style=" not in answer.text
    again = plane.get("/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")
    # Words of others come back as words.
    answer = plane.get("/auth/login?issuer=<script>alert(1)</script>")
    assert answer.status_code == 404 and "<script>" not in answer.text


def test_over_tls_cookies_are_of_this_host_alone(make, issuer):
    import pathlib
    import sys
    sys.path.append(str(pathlib.Path(__file__).parent.parent / "identity"))
    from authority import Authority

    plane = make(authority=Authority)
    answer = plane.get("/auth/login", allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kafka_spanner_login=") and "Secure" in cookie
    assert "HttpOnly" in cookie and "Path=/;" in cookie and "SameSite=Lax" in cookie
