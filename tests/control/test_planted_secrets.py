"""Secrets that the server has, and those that somebody sends it by mistake, are in no answer, log,
record or argument list."""

import pathlib

import planted
from browser import Browser
from plane import pipeline_file
from spanners import rows

PASSWORD, SENT = "planted-kafka-s3cret", "s3nt-by-mistake"


def test_planted_secrets(make, issuer, name):
    plane = make(kafka={"tls": "none", "sasl": {"mechanism": "PLAIN", "username": "u",
                                                "password": "secret://env/KAFKA_PASSWORD"}},
                 environment={"KAFKA_PASSWORD": PASSWORD})
    token = issuer.token("alice", ["sre"])
    key = planted.lines_of(plane.key.read_text())
    assert len(key) == 1
    planted.plant("secret of the server", PASSWORD, *key)
    planted.plant("sent by mistake", SENT)
    planted.plant("token", token.split(".")[-1])
    planted.plant("of people's login", "page-s3cret", "planted-c0de")
    before = len(planted.said)

    def ask(method, path, body=None):
        return plane.send(method, path, token, body)

    good = pipeline_file("dev1", plane.database)
    sasl = f"topic: t, sasl: {{mechanism: PLAIN, username: u, password: {SENT}}}"
    bad = pipeline_file("dev1", plane.database, kafka=sasl)
    assert ask("PUT", "/v1/pipelines/dev1", {"file": bad}).status_code == 403
    assert ask("PUT", "/connectors/dev1/config", {"pipeline.file": bad}).status_code == 403
    assert ask("PUT", "/v1/pipelines/dev1", {"file": good}).status_code == 200
    assert ask("POST", "/v1/pipelines/dev1/start").status_code == 200
    plane.wait(lambda: ask("GET", "/v1/pipelines/dev1").json()["here"]["error"]
               or ask("GET", "/v1/pipelines/dev1").json()["here"]["running"])
    for path in ("/v1/pipelines", "/v1/requests", "/v1/glass", "/connectors", "/connectors/dev1",
                 "/connectors/dev1/config", "/connectors/dev1/status", "/v1/openapi.json",
                 "/healthz", "/readyz", "/nothing"):
        ask("GET", path)
    ask("POST", "/v1/pipelines/dev1/plan/stop")
    person = Browser(plane).sign_in(issuer, "alice", ["sre"])
    person.begin()
    assert person.come_back(code="planted-c0de", state="x").status_code == 401
    proc = pathlib.Path(f"/proc/{plane.process.pid}")
    planted.hear("arguments", (proc / "cmdline").read_bytes())
    assert (proc / "environ").stat().st_uid == 0  # of root: nobody else reads it
    assert plane.stop() == 0
    planted.hear("the audit log", str(plane.entries()))
    planted.hear("desired state", str(rows(plane.spanner.database(name),
                                           "SELECT * FROM kafka_spanner.Pipelines")))
    texts = [*planted.said[before:], *planted.left_in(plane.directory)]
    assert len(texts) > 15 and str(plane.connections) in dict(texts)
    planted.check(texts)
