"""Secrets that the server has, and those that somebody sends it by mistake, are in no answer, log,
record or argument list."""

import pathlib

from plane import pipeline_file
from spanners import rows

PASSWORD, SENT = "planted-kafka-s3cret", "s3nt-by-mistake"


def test_planted_secrets(make, issuer, name):
    plane = make(kafka={"tls": "none", "sasl": {"mechanism": "PLAIN", "username": "u",
                                                "password": "secret://env/KAFKA_PASSWORD"}},
                 environment={"KAFKA_PASSWORD": PASSWORD})
    token = issuer.token("alice", ["sre"])
    heard = []

    def ask(method, path, body=None):
        answer = plane.send(method, path, token, body)
        heard.append((f"{method} {path}", answer.text + str(answer.headers)))
        return answer

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
    proc = pathlib.Path(f"/proc/{plane.process.pid}")
    heard.append(("arguments", (proc / "cmdline").read_text()))
    assert (proc / "environ").stat().st_uid == 0  # of root: nobody else reads it
    assert plane.stop() == 0
    for path in (plane.connections, plane.checkpoints, pathlib.Path(plane.log.name)):
        heard.append((path.name, path.read_text()))
    heard.append(("the audit log", str(plane.entries())))
    heard.append(("desired state", str(rows(plane.spanner.database(name),
                                            "SELECT * FROM kafka_spanner.Pipelines"))))
    key = [line for line in plane.key.read_text().splitlines() if len(line) > 30]
    secrets = [PASSWORD, SENT, token.split(".")[-1], *key]
    assert len(heard) > 15 and len(key) == 1
    for where, text in heard:
        for secret in secrets:
            assert secret not in text, f"{secret} is in: {where}"
