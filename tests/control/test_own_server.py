"""The control plane's own server: every request is in the connection log, with who, from where,
how, over which TLS and what came of it; and its certificate changes under load."""

import json
import pathlib
import sys
import threading

import requests

sys.path.append(str(pathlib.Path(__file__).parent.parent / "identity"))
import ocsf  # noqa: E402
from authority import Authority  # noqa: E402

CHANGES = 20


def served(plane):
    return [e for e in ocsf.check(plane.connections.read_text())
            if e["dst_endpoint"]["svc_name"] == "control-plane"
            and not e["api"]["operation"].endswith("/readyz")]


def test_every_request_is_on_record(make, issuer):
    plane = make(authority=Authority)
    planted = "planted-t0ken"
    plane.get("/v1/pipelines", issuer.token("alice", ["sre"]))
    plane.get("/v1/pipelines")
    plane.get("/v1/pipelines", headers={"Authorization": planted})
    plane.get("/v1/pipelines", planted + "." + planted)
    plane.post("/v1/pipelines/dev1/start", issuer.token("vera", ["visitors"]))
    plane.get(f"/nothing?token={planted}", issuer.token("alice", ["sre"]))
    assert plane.stop() == 0
    entries = served(plane)
    assert [(e["api"]["operation"], e["actor"]["user"]["name"],
             e["unmapped"].get("auth_protocol"), e["status_id"]) for e in entries] == [
        ("GET /v1/pipelines", "alice", "Bearer", 1),
        ("GET /v1/pipelines", "unknown", "none", 2),
        ("GET /v1/pipelines", "unknown", "not a bearer token", 2),
        ("GET /v1/pipelines", "unknown", "Bearer", 2),
        ("POST /v1/pipelines/dev1/start", "vera", "Bearer", 2),
        ("GET /nothing", "unknown", None, 2)], entries
    assert [e["activity_id"] for e in entries] == [2, 2, 2, 2, 1, 2]
    assert {e["src_endpoint"]["ip"] for e in entries} == {"127.0.0.1"}
    assert {e["unmapped"]["tls"]["version"] for e in entries} == {"TLSv1.3"}
    assert "401" in entries[1]["status_detail"] and "403" in entries[4]["status_detail"]
    assert all(e["status_detail"] for e in entries[1:])
    text = plane.connections.read_text()
    assert planted not in text
    # Whose keys were asked for is there too.
    assert any(json.loads(line)["dst_endpoint"]["svc_name"] == "oidc-issuer"
               for line in text.splitlines())


def test_its_certificate_changes_under_load(make, issuer):
    plane = make(authority=Authority)
    token, wrong, answers, over = issuer.token("alice", ["sre"]), [], [], threading.Event()

    def ask():
        while not over.is_set():
            try:
                answers.append(plane.get("/v1/pipelines", token).status_code)
            except requests.RequestException as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for number in range(CHANGES):
        plane.put_certificate(f"plane-{number}")
        plane.wait(lambda: plane.shown() == f"plane-{number}")
    over.set()
    for each in threads:
        each.join()
    assert wrong == [] and len(answers) > CHANGES and set(answers) == {200}, wrong[:3]
    assert plane.stop() == 0
