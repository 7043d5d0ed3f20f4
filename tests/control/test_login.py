"""Tokens that nobody should let in: each refused, each on record."""

import socket
import time

from issuer import encoded


def test_a_token_of_a_known_issuer_is_let_in(plane, issuer):
    assert plane.get("/v1/pipelines", issuer.token("a", ["sre"])).json() == {"pipelines": []}
    assert plane.refusals() == []


FORGED = {
    "nobody": lambda issuer, stranger: None,
    "no_token": lambda issuer, stranger: "",
    "no_jwt": lambda issuer, stranger: "abc",
    "unknown_issuer": lambda issuer, stranger: stranger.token("a", ["sre"]),
    # Its own key, and a claim to be the known one.
    "posing_issuer": lambda issuer, stranger: stranger.sign(issuer.claims("a", ["sre"])),
    "other_audience": lambda issuer, stranger: issuer.token("a", ["sre"], aud="something-else"),
    "no_audience": lambda issuer, stranger: issuer.token("a", ["sre"], aud=None),
    "expired": lambda issuer, stranger: issuer.token("a", ["sre"], exp=int(time.time()) - 60),
    "never_expires": lambda issuer, stranger: issuer.token("a", ["sre"], exp=None),
    "not_yet": lambda issuer, stranger: issuer.token("a", ["sre"], nbf=int(time.time()) + 120),
    "no_subject": lambda issuer, stranger: issuer.token("", ["sre"]),
    "alg_none": lambda issuer, stranger: issuer.sign(issuer.claims("a", ["sre"]), alg="none"),
    "alg_hs256": lambda issuer, stranger: issuer.sign(issuer.claims("a", ["sre"]), alg="HS256"),
    "forged_groups": lambda issuer, stranger: ".".join(
        [issuer.token("a").split(".")[0], encoded(issuer.claims("a", ["sre"])),
         issuer.token("a").split(".")[2]]),
    "too_long": lambda issuer, stranger: "a" * 7000,
}


def test_forged_tokens_are_refused_and_on_record(plane, issuer, stranger):
    for number, (how, make) in enumerate(FORGED.items(), 1):
        time.sleep(0.15)  # ten strangers a second go on record
        answer = plane.get("/v1/pipelines", make(issuer, stranger))
        assert answer.status_code == 401, (how, answer.text)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        refusals = plane.refusals()
        assert len(refusals) == number, how
        assert refusals[-1]["outcome"] == "failure"
        assert refusals[-1]["actor"] == {"issuer": "nobody", "subject": "127.0.0.1"}
        assert refusals[-1]["details"]["path"] == "/v1/pipelines"
        assert plane.get("/v1/pipelines", issuer.token("a", ["sre"])).status_code == 200


def test_keys_are_changed_and_old_ones_end(plane, issuer):
    assert plane.get("/v1/pipelines", issuer.token("a", ["sre"])).status_code == 200
    old_key, old = issuer.keys[issuer.kid], issuer.kid
    issuer.rotate("k" + str(time.monotonic_ns()))
    # Strangers' keys do not make the server ask all the time.
    asked = issuer.asked
    for _ in range(5):
        plane.get("/v1/pipelines", issuer.token("a", ["sre"]))
    assert issuer.asked <= asked + 1
    plane.wait(lambda: plane.get("/v1/pipelines", issuer.token("a", ["sre"])).status_code == 200)
    taken = issuer.sign(issuer.claims("a", ["sre"]), key=old_key, kid=old)
    assert plane.get("/v1/pipelines", taken).status_code == 401


def test_two_authorizations_are_none(plane, issuer):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", plane.port)
    connection.putrequest("GET", "/v1/pipelines")
    for subject in ("a", "b"):
        connection.putheader("Authorization", "Bearer " + issuer.token(subject, ["sre"]))
    connection.endheaders()
    assert connection.getresponse().status == 401


def raw(plane, data, wait=30):
    """What comes back of bytes that are no polite request; empty: the connection was closed."""
    with socket.create_connection(("127.0.0.1", plane.port), timeout=wait) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def test_paths_and_headers_cannot_carry_anything_in(plane, issuer):
    token = issuer.token("a", ["sre"])
    for path in ("/v1/pipelines/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/v1/pipelines/a%0d%0aX-Evil:%201",
                 "/v1/pipelines/..", "/v1/pipelines/a%00b", "/v1/pipelines/' OR '1'='1",
                 "/v1/pipelines/" + "a" * 200, "/v1/requests/x'--/run", "//v1/pipelines"):
        answer = plane.get(path, token)
        assert answer.status_code in (400, 404), (path, answer.text)
        assert "X-Evil" not in answer.headers
    answer = raw(plane, b"GET /v1/pipelines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        b"Authorization: Bearer a\r\n b\r\n\r\n")
    assert b" 200 " not in answer.split(b"\r\n")[0]


def test_what_is_too_long_is_refused_and_what_is_too_slow_is_cut_off(plane, issuer):
    token = issuer.token("a", ["sre"])
    answer = plane.put("/v1/pipelines/dev", token, {"file": "x" * (2 << 20)})
    assert answer.status_code == 413
    assert [entry["details"]["path"] for entry in plane.refusals()] == ["/v1/pipelines/dev"]
    began = time.monotonic()
    answer = raw(plane, b"GET /v1/pipelines HTTP/1.1\r\nHost: x\r\n", wait=60)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert time.monotonic() - began < 50
    # Others are served meanwhile and afterwards.
    assert plane.get("/v1/pipelines", token).status_code == 200


def test_strangers_cannot_fill_the_record(plane):
    began = time.monotonic()
    for _ in range(100):
        assert plane.get("/v1/pipelines").status_code == 401
    seconds = int(time.monotonic() - began) + 2
    refusals = plane.refusals()
    assert 1 <= len(refusals) <= 10 * seconds
    counted = sum(1 + entry["details"].get("others", 0) for entry in refusals)
    assert counted <= 100
