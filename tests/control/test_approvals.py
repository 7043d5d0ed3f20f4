"""Who may do what, through the API: approvals, self-approval in every disguise, races, glass."""

import json
import re
import subprocess
import threading

import pytest

from held import HoldingProxy
from plane import pipeline_file

FILE = "/v1/pipelines/prod1"


@pytest.fixture
def asked(plane, issuer):
    """`alice` has asked for a file for prod1."""
    token = issuer.token("alice", ["sre", "leads"])
    answer = plane.put(FILE, token, {"file": pipeline_file("prod1", plane.database)})
    assert answer.status_code == 202, answer.text
    return answer.json()


def review(plane, asked, token, approve=True, plan=None):
    return plane.post(f"/v1/requests/{asked['request']}/review", token,
                      {"plan_sha256": plan or asked["plan_sha256"], "approve": approve})


def run(plane, asked, token):
    return plane.post(f"/v1/requests/{asked['request']}/run", token)


def test_two_leads_approve_and_it_is_done_once(plane, issuer, asked):
    alice = issuer.token("alice", ["sre"])
    assert run(plane, asked, alice).status_code == 409
    assert review(plane, asked, issuer.token("bob", ["leads"])).status_code == 200
    assert "1 of 2 approvals" in run(plane, asked, alice).text
    assert review(plane, asked, issuer.token("carol", ["leads"])).status_code == 200
    assert plane.state("prod1") is None
    assert run(plane, asked, alice).status_code == 200
    assert plane.state("prod1") == "stopped"
    assert run(plane, asked, alice).status_code == 409
    done = [entry for entry in plane.entries() if entry["action"] == "pipeline.configure"]
    assert [entry["phase"] for entry in done] == ["intent", "change", "result"]
    decision = done[1]["details"]["decision"]
    assert decision["verdict"] == "allowed"
    assert {reason["kind"] for reason in decision["reasons"]} == {"grants", "approved"}
    assert done[1]["details"]["request"] == asked["request"]


def test_nobody_approves_their_own_in_any_disguise(plane, issuer, other, asked):
    for token in (issuer.token("alice", ["leads"]), issuer.token("alice", ["leads", "admins"]),
                  issuer.token("alice", ["leads"], name="Bob", email="bob@example.com",
                               preferred_username="bob")):
        assert review(plane, asked, token).status_code == 403
    assert len(plane.refusals()) == 3
    # One person in two groups, or twice, is one.
    for groups in (["leads"], ["leads", "sre"], ["leads"]):
        assert review(plane, asked, issuer.token("bob", groups)).status_code == 200
    # A group of the same name at an issuer that the rule does not mean, and no group at all.
    assert review(plane, asked, issuer.token("dave", ["sre"])).status_code == 403
    assert review(plane, asked, issuer.token("eve", ["Leads"])).status_code == 403
    answer = run(plane, asked, issuer.token("alice", ["sre"]))
    assert answer.status_code == 409 and "1 of 2 approvals" in answer.text
    # Only who asked runs it.
    assert run(plane, asked, issuer.token("bob", ["sre"])).status_code == 403
    # Another company's lead is another person, and its rule says that they count.
    assert review(plane, asked, other.token("bob", ["leads"])).status_code == 200
    assert run(plane, asked, issuer.token("alice", ["sre"])).status_code == 200


def test_the_last_editor_does_not_approve(plane, issuer, asked):
    for lead in ("bob", "carol"):
        review(plane, asked, issuer.token(lead, ["leads"]))
    assert run(plane, asked, issuer.token("alice", ["sre"])).status_code == 200
    # frank starts what alice edited.
    start = plane.post(f"{FILE}/start", issuer.token("frank", ["sre"])).json()
    assert review(plane, start, issuer.token("alice", ["leads"])).status_code == 403
    for lead in ("bob", "carol"):
        assert review(plane, start, issuer.token(lead, ["leads"])).status_code == 200
    assert run(plane, start, issuer.token("frank", ["sre"])).status_code == 200
    assert plane.state("prod1") == "running"


def test_a_plan_that_changed_needs_other_approvals(plane, issuer, asked):
    changed = plane.put(FILE, issuer.token("frank", ["sre"]), {
        "file": pipeline_file("prod1", plane.database, "SELECT id AS Id, n + 1 AS N")}).json()
    assert changed["plan_sha256"] != asked["plan_sha256"]
    for lead in ("bob", "carol"):
        # What they did not look at they cannot approve.
        assert review(plane, asked, issuer.token(lead, ["leads"]),
                      plan=changed["plan_sha256"]).status_code == 409
        for request in (asked, changed):
            assert review(plane, request, issuer.token(lead, ["leads"])).status_code == 200
    assert run(plane, changed, issuer.token("frank", ["sre"])).status_code == 200
    answer = run(plane, asked, issuer.token("alice", ["sre"]))
    assert answer.status_code == 409 and "changed meanwhile" in answer.text


def test_a_refusal_ends_it(plane, issuer, asked):
    for lead, approve in (("bob", True), ("carol", True), ("dave", False)):
        assert review(plane, asked, issuer.token(lead, ["leads"]), approve).status_code == 200
    answer = run(plane, asked, issuer.token("alice", ["sre"]))
    assert answer.status_code == 403 and "refused by dave" in answer.text


def at_once(*actions):
    answers = [None] * len(actions)

    def call(i):
        answers[i] = actions[i]()

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_approvals_and_runs_at_once_on_two_replicas_count_right(make, issuer):
    one, two = make(), make()
    alice = issuer.token("alice", ["sre"])
    for round in range(3):
        file = pipeline_file("prod1", one.database, f"SELECT id AS Id, n + {round} AS N")
        asked = one.put(FILE, alice, {"file": file}).json()
        # The same person on both replicas, and somebody else: two persons.
        bob, carol = issuer.token("bob", ["leads"]), issuer.token("carol", ["leads"])
        answers = at_once(lambda: review(one, asked, bob), lambda: review(two, asked, bob))
        assert [answer.status_code for answer in answers] == [200, 200]
        assert run(one, asked, alice).status_code == 409
        answers = at_once(lambda: review(two, asked, carol), lambda: review(one, asked, bob))
        assert [answer.status_code for answer in answers] == [200, 200]
        answers = at_once(*[lambda plane=plane: run(plane, asked, alice)
                            for plane in (one, two, one, two)])
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409], [
            answer.text for answer in answers]
    changes = [entry for entry in one.entries()
               if entry["action"] == "pipeline.configure" and entry["phase"] == "change"]
    assert len(changes) == 3


@pytest.fixture
def slow(spanner, make):
    """A replica whose steps can be held, and its proxy."""
    proxy = HoldingProxy(spanner.address)
    yield make(endpoint=proxy.address), proxy
    proxy.stop()


def test_a_refusal_that_comes_while_it_is_being_done_ends_it(slow, make, issuer):
    (one, proxy), two = slow, make()
    alice = issuer.token("alice", ["sre"])
    asked = one.put(FILE, alice, {"file": pipeline_file("prod1", one.database)}).json()
    for lead in ("bob", "carol"):
        assert review(one, asked, issuer.token(lead, ["leads"])).status_code == 200

    def refuse():
        refused = review(two, asked, issuer.token("dave", ["leads"]), False)
        assert refused.status_code == 200, refused.text

    answer = proxy.while_held(lambda: run(one, asked, alice), refuse)
    assert answer.status_code == 403 and "refused by dave" in answer.text, answer.text
    assert one.state("prod1") is None


def test_what_two_replicas_are_doing_is_done_once(slow, make, issuer):
    """Glass changes no revision of the pipeline: only the request tells that it is done."""
    (one, proxy), two = slow, make()
    alice, path = issuer.token("alice", ["sre"]), "/v1/pipelines/stage1"
    file = {"file": pipeline_file("stage1", one.database)}
    assert one.put(path, alice, file).status_code == 200
    asked = one.post(f"{path}/break_glass", alice, {"minutes": 5, "reason": "fire"}).json()
    assert asked["state"] == "needs_approval"
    assert review(one, asked, issuer.token("bob", ["leads"])).status_code == 200

    def run_too():
        assert run(two, asked, alice).status_code == 200

    answer = proxy.while_held(lambda: run(one, asked, alice), run_too)
    assert answer.status_code == 409, answer.text
    broken = [entry for entry in one.entries()
              if entry["action"] == "glass.break" and entry["phase"] == "change"]
    assert len(broken) == 1


def test_what_is_not_granted_is_denied_and_on_record(plane, issuer):
    visitor = issuer.token("vic", ["visitors"])
    assert plane.get("/v1/pipelines/prod1", visitor).status_code == 403
    assert plane.post("/v1/pipelines/dev1/start", visitor).status_code == 403
    assert plane.put("/v1/pipelines/dev1", visitor, {"file": "x"}).status_code == 403
    # A pipeline that the policy does not know is nobody's.
    assert plane.get("/v1/pipelines/unknown", issuer.token("a", ["sre"])).status_code == 403
    refusals = plane.refusals()
    assert [entry["actor"]["subject"] for entry in refusals] == ["vic", "vic", "vic", "a"]
    assert "none of your roles (visitor) grants start on dev1" in refusals[1]["error"]["text"]


# What the server would connect to, read or load.
REACHING = (
    dict(kafka="topic: t, brokers: 'evil:9092'"),
    dict(kafka="topic: t, properties: {plugin.library.paths: /tmp/evil.so}"),
    dict(kafka="topic: t, sasl: {mechanism: PLAIN, username: u, "
               "password: 'secret://file/etc/shadow'}"),
    dict(more="kafka: {brokers: 'evil:9092'}\n"),
    dict(more="audit: {key: 'secret://env/X', checkpoints: /etc/cron.d/x}\n"),
)


def test_a_file_cannot_make_the_server_connect_or_read(plane, issuer):
    token = issuer.token("alice", ["sre"])
    for number, file in enumerate(REACHING, 1):
        text = pipeline_file("dev1", plane.database, **file)
        answer = plane.put("/v1/pipelines/dev1", token, {"file": text})
        assert answer.status_code == 403 and "are the server's to say" in answer.text, answer.text
        assert plane.state("dev1") is None
        assert len(plane.refusals()) == number


def test_a_file_cannot_point_elsewhere(plane, issuer):
    token = issuer.token("alice", ["sre"])
    good = pipeline_file("dev1", plane.database)
    for text, status in (
        (good.replace(plane.database, "projects/p/instances/i/databases/other"), 403),
        (good.replace("spanner: {", "spanner: {endpoint: 'evil:1', "), 403),
        (good.replace("schema: {n: INT64, email: STRING}", "schema: {registry: {url: 'http://x'}}"),
         403),
        (good.replace("pipeline: dev1", "pipeline: prod1"), 400),
        ("pipeline: dev1\n", 400),
        (good + "---\nkafka: {brokers: x}\n", 400),
        (good.replace("SELECT id AS Id, n AS N", "SELECT email AS Id, n AS N"), 403),
    ):
        answer = plane.put("/v1/pipelines/dev1", token, {"file": text})
        assert answer.status_code in (status, 400), answer.text
        assert plane.state("dev1") is None
    assert plane.put("/v1/pipelines/dev1", token, {"file": good}).status_code == 200


def test_broken_glass_is_limited_loud_and_looked_at(plane, issuer, asked):
    alice, lead = issuer.token("alice", ["sre"]), issuer.token("bob", ["leads"])

    def break_glass(token, **body):
        return plane.post(f"{FILE}/break_glass", token, body).status_code

    assert break_glass(lead, minutes=5, reason="x") == 403
    assert break_glass(alice, minutes=5, reason="x") == 404  # there is nothing to break it for
    for person in ("bob", "carol"):
        review(plane, asked, issuer.token(person, ["leads"]))
    assert run(plane, asked, alice).status_code == 200
    assert plane.post(f"{FILE}/start", alice).status_code == 202
    assert break_glass(lead, minutes=5, reason="x") == 403
    assert break_glass(alice, minutes=31, reason="x") == 403
    assert break_glass(alice, minutes=5) == 400
    assert break_glass(alice, minutes=5, reason="it is on fire") == 200
    assert plane.post(f"{FILE}/start", alice).status_code == 200
    assert plane.post(f"{FILE}/start", issuer.token("frank", ["sre"])).status_code == 202
    (glass,) = plane.get("/v1/glass", lead).json()["glass"]
    assert (glass["reason"], glass["reviewer"]) == ("it is on fire", "")
    path = f"/v1/glass/{glass['glass']}/review"
    assert plane.post(path, issuer.token("alice", ["leads"]), {"verdict": "ok"}).status_code == 403
    assert plane.post(path, lead, {"verdict": "it was on fire"}).status_code == 200
    assert "bob" in plane.get("/v1/glass", lead).json()["glass"][0]["reviewer"]
    started = [entry for entry in plane.entries()
               if entry["action"] == "pipeline.start" and entry["phase"] == "change"]
    reasons = started[0]["details"]["decision"]["reasons"]
    assert [reason["kind"] for reason in reasons] == ["grants", "lifted"]


def test_the_record_is_verified_offline_and_fails_closed(plane, issuer, tmp_path, asked):
    public = tmp_path / "audit.pub"
    subprocess.run(["openssl", "pkey", "-in", plane.key, "-pubout", "-out", public], check=True)
    pipeline = tmp_path / "log.yaml"
    pipeline.write_text(pipeline_file(
        "p", plane.database, kafka="topic: t, brokers: b",
        more=f"audit: {{key: 'secret://file{plane.key}', checkpoints: {plane.checkpoints}}}\n"))
    export = subprocess.run([plane.program, "audit", "export", pipeline, "--endpoint",
                             plane.spanner.address], capture_output=True, text=True, check=True)
    (tmp_path / "log.jsonl").write_text(export.stdout)
    subprocess.run([plane.program, "audit", "verify", tmp_path / "log.jsonl", "--key", public,
                    "--checkpoints", plane.checkpoints], check=True, stdout=subprocess.DEVNULL)
    # Its database's owner takes an entry away: nothing is done any more.
    with plane.spanner.database(plane.name).batch() as batch:
        from google.cloud.spanner import KeySet

        batch.delete("kafka_spanner.AuditLog", KeySet(keys=[[len(plane.entries()) - 1]]))
    answer = plane.put("/v1/pipelines/dev1", issuer.token("alice", ["sre"]),
                       {"file": pipeline_file("dev1", plane.database)})
    assert answer.status_code >= 400, answer.text
    assert plane.state("dev1") is None


# What people need to sign in asks for no token.
WITHOUT_TOKEN = {"/auth/session": 200, "/auth/cli": 200, "/auth/login": 302,
                 "/auth/backchannel": 400}


def test_the_document_has_every_path(plane):
    document = plane.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path, operations in document["paths"].items():
        for method in operations:
            real = path.replace("{verb}", "pause" if "connectors" in path else "start")
            real = re.sub("{[a-z]+}", "p", real)
            answer = plane.send(method.upper(), real, allow_redirects=False,
                                headers={"Accept": "application/json"})
            assert answer.status_code == WITHOUT_TOKEN.get(path, 401), (method, path)
    assert json.dumps(document).count("{verb}") > 0
