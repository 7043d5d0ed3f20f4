"""What people may look at: how pipelines stand over all replicas, versions, dead letters, the
record and whether it holds, connections; each as far as their roles go."""

import json

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from plane import pipeline_file


def send(kafka, topic, values):
    producer = Producer({"bootstrap.servers": kafka.address})
    for n, value in enumerate(values):
        producer.produce(topic, value, key=f"k{n}")
    producer.flush()


def test_every_replica_tells_how_a_pipeline_stands_over_all(make, kafka, issuer, name):
    topics = AdminClient({"bootstrap.servers": kafka.address})
    topics.create_topics([NewTopic(name, 4, 1)])[name].result(30)
    send(kafka, name, [json.dumps({"n": n}) for n in range(99)] + ["no JSON: Jane Doe"])
    one, two = make(brokers=kafka.address), make(brokers=kafka.address)
    alice, lena = issuer.token("alice", ["sre"]), issuer.token("lena", ["leads"])
    file = {"file": pipeline_file("dev1", one.database, kafka=f"topic: {name}")}
    assert one.put("/v1/pipelines/dev1", alice, file).status_code == 200
    stopped = one.get("/v1/pipelines/dev1", alice).json()
    assert stopped["status"] == "stopped"
    assert (stopped["partitions"], stopped["lag_seconds"]) == ([], None)
    assert one.post("/v1/pipelines/dev1/start", alice).status_code == 200

    def standing():
        seen = [plane.get("/v1/pipelines/dev1", alice).json() for plane in (one, two)]
        for each in seen:
            if each["status"] != "running" or len(each["partitions"]) != 4:
                return None
            assert {(p["topic"], p["partition"]) for p in each["partitions"]} == {
                (name, n) for n in range(4)}
        return seen[0]

    def on_both():
        now = standing()
        return now and (len({p["replica"] for p in now["partitions"]}) == 2
                        and sum(p["next_offset"] for p in now["partitions"]) == 100)

    one.wait(on_both)
    listed = two.get("/v1/pipelines", alice).json()["pipelines"][0]
    assert (listed["partitions"], listed["lag_records"], listed["dead_letters_since_start"]) == (
        4, 0, 1)
    two.stop(kill=True)
    # What a dead one said counts no more.
    one.wait(lambda: len(one.get("/v1/pipelines/dev1", alice).json()["replicas"]) == 1)
    assert len(one.get("/v1/pipelines/dev1", alice).json()["partitions"]) == 2
    # Dead letters: where they are for who may see, why for who may audit.
    letters = [one.get("/v1/pipelines/dev1/dead_letters", who).json() for who in (alice, lena)]
    assert [each["count"] for each in letters] == [1, 1]
    assert "reason" not in letters[0]["dead_letters"][0]
    assert letters[1]["dead_letters"][0]["reason"]
    assert "Jane" not in json.dumps(letters[0])
    assert one.post("/v1/pipelines/dev1/pause", alice).status_code == 200
    one.wait(lambda: one.get("/v1/pipelines/dev1", alice).json()["partitions"] == [])


def test_what_a_pipeline_had(plane, issuer):
    alice, vera = issuer.token("alice", ["sre"]), issuer.token("vera", ["visitors"])
    files = [pipeline_file("dev1", plane.database, more=f"# {n}\n") for n in range(2)]
    for file in files:
        assert plane.put("/v1/pipelines/dev1", alice, {"file": file}).status_code == 200
    versions = plane.get("/v1/pipelines/dev1/versions", vera).json()["versions"]
    assert [(each["revision"], each["file"]) for each in versions] == [(2, files[1]), (1, files[0])]
    assert plane.get("/v1/pipelines/dev1/dead_letters", vera).json()["count"] == 0  # no table yet
    for path in ("versions", "dead_letters"):
        assert plane.get(f"/v1/pipelines/prod1/{path}", vera).status_code == 403
    shown = plane.get("/v1/pipelines/dev1", vera).json()
    assert shown["may"] == ["see"]


def test_a_plan_says_which_tables_change(plane, issuer):
    alice, otto = issuer.token("alice", ["sre"]), issuer.token("otto", ["leads"])
    first = pipeline_file("stage1", plane.database)
    second = pipeline_file("stage1", plane.database, select="SELECT id AS Id, n AS N, n + 1 AS M")
    assert plane.put("/v1/pipelines/stage1", alice, {"file": first}).status_code == 200
    plan = plane.post("/v1/pipelines/stage1/plan/configure", alice, {"file": second}).json()["plan"]
    assert "M INT64" in plan["new_ddl"][0] and "M INT64" not in plan["ddl"][0]
    assert not [each for each in plan["new_ddl"] if "kafka_spanner" in each]
    # A reason is part of what is approved.
    asked = plane.put("/v1/pipelines/prod1", otto,
                      {"file": pipeline_file("prod1", plane.database), "reason": "because"}).json()
    assert asked["plan"]["reason"] == "because"
    long = {"file": first, "reason": "x" * 2001}
    assert plane.put("/v1/pipelines/stage1", alice, long).status_code == 400


def test_the_record_is_for_those_who_may_audit(plane, issuer):
    alice, lena = issuer.token("alice", ["sre"]), issuer.token("lena", ["leads"])
    assert plane.put("/v1/pipelines/dev1", alice,
                     {"file": pipeline_file("dev1", plane.database)}).status_code == 200
    assert plane.get("/v1/pipelines", "stranger").status_code == 401
    entries = plane.get("/v1/audit", lena).json()["entries"]
    assert [entry["seq"] for entry in entries] == list(range(len(entries) - 1, -1, -1))
    assert entries[0]["action"] == "access.refused" and entries[-1]["action"] == "audit.open"
    before = plane.get("/v1/audit?before=2", lena).json()["entries"]
    assert [entry["seq"] for entry in before] == [1, 0]
    assert plane.get("/v1/audit?before=x", lena).status_code == 400
    assert plane.get("/v1/audit", alice).json()["entries"] == []  # may see, not audit
    nobody = issuer.token("nobody", ["none"])
    assert plane.get("/v1/audit", nobody).status_code == 403
    for path in ("/v1/audit/verification", "/v1/connections"):
        assert plane.get(path, alice).status_code == 403
        assert plane.get(path, lena).status_code == 200
    refused = [e for e in plane.get("/v1/connections", lena).json()["connections"]
               if e["status_id"] == 2]
    assert "GET /v1/pipelines" in [e["api"]["operation"] for e in refused]


def test_lists_have_what_one_may_see(plane, issuer):
    """Of pipelines, requests, broken glass and the record: those of the places that one has."""
    alice, lena = issuer.token("alice", ["sre"]), issuer.token("lena", ["leads"])
    vera, dora = issuer.token("vera", ["visitors"]), issuer.token("dora", ["devaudit"])
    for name in ("dev1", "prod1", "stage1"):
        put = plane.put(f"/v1/pipelines/{name}", alice,
                        {"file": pipeline_file(name, plane.database)})
        assert put.status_code == (202 if name == "prod1" else 200)
    assert plane.post("/v1/pipelines/dev1/break_glass", alice,
                      {"minutes": 5, "reason": "pager"}).status_code == 200
    plane.get("/v1/pipelines", "stranger")  # a refusal, which is about no pipeline

    def seen(path, what, who, field="pipeline"):
        answer = plane.get(path, who)
        return {each[field] for each in answer.json()[what]}

    assert seen("/v1/pipelines", "pipelines", alice, "name") == {"dev1", "stage1"}
    assert seen("/v1/requests", "requests", alice) == {"prod1"}
    for who in (vera, dora):
        assert seen("/v1/pipelines", "pipelines", who, "name") == {"dev1"}
        assert seen("/v1/requests", "requests", who) == set()
    assert plane.get("/v1/pipelines/stage1", vera).status_code == 403
    assert seen("/v1/glass", "glass", lena) == seen("/v1/glass", "glass", dora) == {"dev1"}
    assert seen("/v1/glass", "glass", vera) == seen("/v1/glass", "glass", alice) == set()
    assert seen("/v1/audit", "entries", lena) == {"", "dev1", "prod1", "stage1"}
    assert seen("/v1/audit", "entries", dora) == {"dev1"}
    assert plane.get("/v1/audit", dora).json()["everything"] is False
    for path in ("/v1/audit/verification", "/v1/connections"):
        assert plane.get(path, dora).status_code == 403


def test_a_record_that_was_changed_does_not_hold(make, issuer):
    one, two = make(), make()
    alice, lena = issuer.token("alice", ["sre"]), issuer.token("lena", ["leads"])
    file = {"file": pipeline_file("dev1", one.database)}
    for plane in (one, two, one):
        assert plane.put("/v1/pipelines/dev1", alice, file).status_code == 200
    for plane in (one, two):
        found = plane.get("/v1/audit/verification", lena).json()
        assert found["holds"] is True, found
        assert found["entries"] == len(one.entries())
    database = one.spanner.database(one.name)
    forged = ("UPDATE kafka_spanner.AuditLog SET Entry = REPLACE(Entry, 'alice', 'otto!') "
              "WHERE Seq = 1")
    database.run_in_transaction(lambda transaction: transaction.execute_update(forged))
    found = two.get("/v1/audit/verification", lena).json()
    # It was remembered as verified, and is found all the same.
    assert found["holds"] is False and found["why"], found
    assert two.get("/v1/audit/verification", lena).json()["holds"] is False
    back = forged.replace("'alice', 'otto!'", "'otto!', 'alice'")
    database.run_in_transaction(lambda transaction: transaction.execute_update(back))
    assert two.get("/v1/audit/verification", lena).json()["holds"] is True


def test_what_was_verified_is_not_read_again(plane, issuer):
    alice, lena = issuer.token("alice", ["sre"]), issuer.token("lena", ["leads"])
    file = {"file": pipeline_file("dev1", plane.database)}

    def act():
        assert plane.put("/v1/pipelines/dev1", alice, file).status_code == 200

    def verified(query=""):
        found = plane.get("/v1/audit/verification" + query, lena).json()
        assert found["holds"] is True and found["entries"] == len(plane.entries()), found
        return found

    act()
    first = verified()
    assert first["read"] == first["entries"] and first["whole_at"] == first["verified_at"]
    assert verified()["read"] == 0
    act()
    second = verified()
    assert second["read"] == second["entries"] - first["entries"] > 0
    assert second["whole_at"] == first["whole_at"] < second["verified_at"]
    whole = verified("?whole=true")
    assert whole["read"] == whole["entries"] and whole["whole_at"] > first["whole_at"]
    # What is removed of that which was remembered, and an end that is cut off.
    database = plane.spanner.database(plane.name)
    for which in (1, whole["entries"] - 1):
        remove = f"DELETE FROM kafka_spanner.AuditLog WHERE Seq = {which}"
        database.run_in_transaction(lambda transaction: transaction.execute_update(remove))
        assert plane.get("/v1/audit/verification", lena).json()["holds"] is False


def test_who_has_what_was_asked_for_is_told_so(plane, issuer):
    alice = issuer.token("alice", ["sre"])
    first = plane.get("/v1/requests", alice)
    same = plane.get("/v1/requests", alice, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.text) == (304, "")
    assert plane.put("/v1/pipelines/prod1", alice,
                     {"file": pipeline_file("prod1", plane.database)}).status_code == 202
    new = plane.get("/v1/requests", alice, headers={"If-None-Match": first.headers["ETag"]})
    assert new.status_code == 200 and new.headers["ETag"] != first.headers["ETag"]
    # Nobody is told by that what they may not see.
    hidden = plane.get("/v1/requests", "stranger", headers={"If-None-Match": new.headers["ETag"]})
    assert hidden.status_code == 401
