"""Moving offsets, replay, redrive, discard, schemas and lanes through the control plane: what is
done is what was decided about, once, within limits, and on record."""

import json
import threading

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from held import HoldingProxy
from plane import pipeline_file
from spanners import rows

PATH = "/v1/pipelines/{}"


class Site:
    """A pipeline that has read its topic and is stopped; alice operates it."""

    def __init__(self, make, kafka, issuer, name, pipeline="dev1", more=""):
        self.name, self.kafka, self.pipeline = name, kafka, pipeline
        admin = AdminClient({"bootstrap.servers": kafka.address})
        admin.create_topics([NewTopic(name, 1, 1)])[name].result(30)
        self.make = lambda **more: make(brokers=kafka.address, **more)
        self.plane = self.make()
        self.database = self.plane.spanner.database(self.plane.name)
        self.alice = issuer.token("alice", ["sre"])
        self.lead = lambda who: issuer.token(who, ["leads"])
        self.more = more

    def configure(self, select="SELECT id AS Id, n AS N", kafka=None):
        file = pipeline_file(self.pipeline, self.plane.database, select, self.more,
                             kafka or f"topic: {self.name}")
        self.do(self.plane.put(PATH.format(self.pipeline), self.alice, {"file": file}))
        return file

    def do(self, answer):
        """Done, with approval where it needs it."""
        assert answer.status_code in (200, 202), answer.text
        asked = answer.json()
        if asked["state"] != "needs_approval":
            return asked
        for who in ("bob", "carol"):
            approved = self.plane.post(f"/v1/requests/{asked['request']}/review", self.lead(who),
                                       {"plan_sha256": asked["plan_sha256"], "approve": True})
            assert approved.status_code == 200, approved.text
        done = self.run(asked)
        assert done.status_code == 200, done.text
        return done.json()

    def run(self, asked, plane=None):
        return (plane or self.plane).post(f"/v1/requests/{asked['request']}/run", self.alice)

    def act(self, verb, plane=None, token=None, **options):
        return (plane or self.plane).post(f"{PATH.format(self.pipeline)}/{verb}",
                                          token or self.alice, options)

    def plan(self, verb, **options):
        return self.plane.post(f"{PATH.format(self.pipeline)}/plan/{verb}", self.alice, options)

    def send(self, *records):
        producer = Producer({"bootstrap.servers": self.kafka.address})
        for key, value in records:
            producer.produce(self.name, value if isinstance(value, str) else
                             json.dumps({"n": value}), key)
        assert producer.flush(60) == 0

    def head(self):
        found = rows(self.database, "SELECT MAX(EndOffset) FROM kafka_spanner.Checkpoints "
                                    f"WHERE Pipeline = '{self.pipeline}'")
        return found[0][0]

    def read_all(self, until):
        """Run until the checkpoint is there, and stop; nobody has it any more then."""
        self.do(self.act("start"))

        def there():
            try:
                return self.head() == until
            except Exception:  # the table is not there yet
                return False

        self.plane.wait(there)
        self.do(self.act("stop"))
        self.plane.wait(lambda: not self.plane.get(PATH.format(self.pipeline), self.alice)
                        .json()["here"]["running"])

    def table(self):
        return dict(rows(self.database, "SELECT Id, N FROM T"))

    def table_is(self, wanted):
        try:
            return self.table() == wanted
        except Exception:  # it is not there yet
            return False

    def of(self, action):
        return [entry for entry in self.plane.entries() if entry["action"] == action]


@pytest.fixture
def site(make, kafka, issuer, name):
    return Site(make, kafka, issuer, name)


@pytest.fixture
def read(site):
    """Seven records; d's is a dead letter."""
    site.configure()
    site.send(("a", 1), ("b", 2), ("c", 3), ("d", "no JSON"), ("a", 4), ("b", 5), ("e", 6))
    site.read_all(7)
    assert site.table() == {"a": 4, "b": 5, "c": 3, "e": 6}
    return site


def phases(entries):
    return [entry["phase"] for entry in entries]


def test_a_replay_is_planned_done_and_on_record(read):
    read.configure("SELECT id AS Id, n * 10 AS N")
    planned = read.plan("replay", **{"from": "earliest"}).json()
    assert planned["plan"]["effect"] == {"ranges": [
        {"topic": read.name, "partition": 0, "from": 0, "to": 7}]}
    assert planned["plan"]["facts"] == {"records": 7, "partitions": 1}
    assert read.table()["a"] == 4
    done = read.do(read.act("replay", reason="ten times", **{"from": "earliest"}))
    assert done["result"] == {"written": 4, "newer_there": 2, "dead_letters": 1, "refused": 0}
    assert read.table() == {"a": 40, "b": 50, "c": 30, "e": 60}
    begin, replay = read.of("job.begin"), read.of("replay")
    assert phases(begin) == phases(replay) == ["intent", "change", "result"]
    assert begin[1]["details"]["plan"]["reason"] == "ten times"
    assert begin[1]["details"]["job"] == replay[0]["details"]["job"] == done["job"]
    assert replay[1]["details"] == {"topic": read.name, "partition": 0, "from": 2, "to": 7,
                                    "records": 4}
    assert {entry["actor"]["subject"] for entry in replay} == {"alice"}
    (job,) = read.plane.get(f"{PATH.format('dev1')}/jobs", read.alice).json()["jobs"]
    assert (job["state"], job["progress"]["records"]) == ("done", 4)


def test_what_is_replayed_is_what_was_approved_and_once(make, kafka, issuer, name):
    """Records that come after the approval are not in it; two that run it do it once."""
    site = Site(make, kafka, issuer, name, "prod1")
    site.configure()
    site.send(("a", 1), ("b", 2))
    site.read_all(2)
    rows_of = "UPDATE T SET N = 0 WHERE TRUE"
    asked = site.act("replay", **{"from": "earliest", "to": "latest"}).json()
    assert asked["state"] == "needs_approval"
    assert asked["plan"]["effect"]["ranges"][0]["to"] == 2
    # Nobody reviews what they asked for, as whatever they come.
    own = site.plane.post(f"/v1/requests/{asked['request']}/review",
                          issuer.token("alice", ["leads"]),
                          {"plan_sha256": asked["plan_sha256"], "approve": True})
    assert own.status_code == 403
    for who in ("bob", "carol"):
        site.plane.post(f"/v1/requests/{asked['request']}/review", site.lead(who),
                        {"plan_sha256": asked["plan_sha256"], "approve": True})
    site.send(("c", 3))
    site.database.run_in_transaction(lambda t: t.execute_update(rows_of))
    other = site.make()
    answers = [None] * 4
    threads = [threading.Thread(target=lambda i=i: answers.__setitem__(
        i, site.run(asked, [site.plane, other][i % 2]))) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409], [
        answer.text for answer in answers]
    assert site.table() == {"a": 1, "b": 2}
    assert phases(site.of("replay")) == ["intent", "change", "result"]
    assert site.of("replay")[1]["details"]["to"] == 2
    assert site.run(asked).status_code == 409


def test_limits_and_conditions_count_what_it_would_do(read):
    """alice may replay at most 1,000 records, and move none in stage."""
    read.send(*[("x", 1)] * 1000)
    read.read_all(1007)
    denied = read.act("replay", **{"from": "earliest"})
    assert denied.status_code == 403 and "records is 1007, and the limit is 1000" in denied.text
    assert read.act("replay", **{"from": 7}).status_code == 200
    refusals = read.plane.refusals()
    assert len(refusals) == 1 and "limit is 1000" in refusals[0]["error"]["text"]
    warned = read.plan("offsets", topic=read.name, to="earliest").json()["decision"]["reasons"]
    assert ["rule", "far"] == [each for reason in warned if reason["kind"] == "warns"
                               for each in reason["by"].split()]
    # What they may not at all nobody looks into, whatever it would be.
    visitor = read.plane.post(f"{PATH.format('dev1')}/replay", read.lead("bob"), {"from": "x"})
    assert visitor.status_code == 403


def test_offsets_move_from_where_they_were_planned_and_only_then(read):
    assert read.act("offsets", to="earliest", topic="other").status_code == 400
    skipped = read.do(read.act("offsets", partition=0, records=5))
    assert skipped["result"] == {"moved": 1}  # the end of the topic is where it stands
    back = read.plan("offsets", to=2).json()["plan"]
    (move,) = back["effect"]["moves"]
    assert move["written_again"] == {"from": 2, "to": 7} and move["stands_at"] == 7
    assert back["facts"] == {"records": 5, "partitions": 1}
    assert read.do(read.act("offsets", to=2))["result"] == {"moved": 1}
    assert read.plane.get(f"{PATH.format('dev1')}/offsets", read.alice).json() == {
        "partitions": [{"topic": read.name, "partition": 0, "next_offset": 2}]}
    changes = [entry for entry in read.of("offsets.set") if entry["phase"] == "change"]
    assert [entry["details"]["to"] for entry in changes] == [7, 2]
    read.do(read.act("start"))
    running = read.act("offsets", to=0)
    assert running.status_code == 409 and "stop it first" in running.text
    read.plane.wait(lambda: read.head() == 7)


def test_offsets_that_somebody_else_moved_stay(make, kafka, issuer, name):
    site = Site(make, kafka, issuer, name, "prod1")
    site.configure()
    site.send(("a", 1), ("b", 2), ("c", 3))
    site.read_all(3)
    asked = [site.act("offsets", to=to).json() for to in (1, 2)]
    site.do_approved = lambda each: [
        site.plane.post(f"/v1/requests/{each['request']}/review", site.lead(who),
                        {"plan_sha256": each["plan_sha256"], "approve": True})
        for who in ("bob", "carol")]
    for each in asked:
        site.do_approved(each)
    assert site.run(asked[0]).status_code == 200
    answer = site.run(asked[1])
    assert answer.status_code == 409 and "does not stand where it stood" in answer.text
    assert site.head() == 1


def test_dead_letters_are_redriven_and_discarded_once(read):
    read.send(("f", "no"), ("g", "no"), ("h", 8))
    read.read_all(10)
    for where in ("TRUE) OR (TRUE", "KafkaOffset = 3); DELETE FROM T WHERE (TRUE",
                  "EXISTS(SELECT 1 FROM T)", "EXISTS(SELECT 1 FROM INFORMATION_SCHEMA.TABLES)",
                  "KafkaOffset IN (SELECT N FROM T)", "Pipeline = 'other'", "@pipeline = 'x'",
                  "TRUE) UNION ALL SELECT Topic, 0, 1 FROM kafka_spanner.DeadLetters WHERE (TRUE",
                  "GET_NEXT_SEQUENCE_VALUE(SEQUENCE S) > 0", "TRUE --", "1", {"a": 1}):
        for verb in ("redrive", "discard"):
            answer = read.plan(verb, where=where)
            if where == "TRUE --":  # a comment ends with its line
                assert answer.json()["plan"]["facts"]["records"] == 3
            else:
                assert answer.status_code == 400, (where, answer.text)
    assert read.act("discard").status_code == 400  # which?
    again = read.do(read.act("redrive", where="KafkaOffset = 3"))
    assert again["result"] == {"failed": 1}
    planned = read.plan("discard", where="RecordKey IN (b'f', b'd')").json()["plan"]
    assert planned["effect"]["letters"] == [
        {"topic": read.name, "partition": 0, "offsets": [3, 7]}]
    done = read.do(read.act("discard", where="RecordKey IN (b'f', b'd')"))
    assert done["result"] == {"discarded": 2}
    assert read.do(read.act("discard", all=True))["result"] == {"discarded": 1}
    changes = [entry["details"] for entry in read.of("dlq.discard") if entry["phase"] == "change"]
    assert changes == [{"letters": 2}, {"letters": 1}]


def test_a_schema_is_made_as_it_was_approved(site):
    site.configure()
    planned = site.plan("apply_schema").json()
    assert any("CREATE TABLE T (" in text for text in planned["plan"]["effect"]["statements"])
    site.do(site.act("apply_schema"))
    assert rows(site.database, "SELECT COUNT(*) FROM T") == [(0,)]
    nothing = site.act("apply_schema")
    assert nothing.status_code == 409 and "lacks nothing" in nothing.text
    assert phases(site.of("schema.apply")) == ["intent", "result"]


@pytest.mark.parametrize("kafka_fields, edited", [
    ("topic: {}", "kafka: {{lanes: 4, topic: {}}}"),
    ("topic: {}, lanes: 2", "kafka: {{topic: {}, lanes: 4}}"),
])
def test_lanes_are_changed_in_the_file_and_nothing_else(site, kafka_fields, edited):
    before = site.configure(kafka=kafka_fields.format(site.name))
    planned = site.plan("change_lanes", lanes=4).json()
    assert planned["plan"]["lanes"] == 4
    assert edited.format(site.name) in planned["plan"]["new_file"]
    denied = site.act("change_lanes", lanes=9)
    assert denied.status_code == 403 and "lanes is 9, and the limit is 8" in denied.text
    for lanes in (0, 65, "4", 1.5):
        assert site.act("change_lanes", lanes=lanes).status_code == 400
    site.do(site.act("change_lanes", lanes=4))
    after = site.plane.get(PATH.format("dev1"), site.alice).json()["file"]
    assert [line for line in after.split("\n") if "kafka:" not in line] == [
        line for line in before.split("\n") if "kafka:" not in line]
    assert len(site.of("pipeline.lanes")) == 3


def test_a_job_goes_on_where_a_replica_left_it(read, spanner):
    """Killed when its second step is committed: another goes on from there, and says so."""
    read.send(*[(f"k{n}", n) for n in range(1500)])
    read.read_all(1507)
    proxy = HoldingProxy(spanner.address)
    dying = read.make(endpoint=proxy.address)
    read.plane.stop()
    proxy.wanted = b'"from":507'
    proxy.armed.set()
    job = read.act("replay", dying, read.lead("greta"), **{"from": 7}).json()
    assert job["state"] == "running" and job["progress"]["at"] == {f"{read.name}/0": 1007}
    dying.stop(kill=True)
    proxy.stop()
    read.plane = other = read.make()
    path = f"/v1/jobs/{job['job']}"
    other.wait(lambda: other.get(path, read.alice).json()["state"] == "done")
    assert other.get(path, read.alice).json()["progress"]["records"] == 1500
    begun = [entry["details"] for entry in read.of("replay") if entry["phase"] == "intent"]
    assert [each["progress"].get("records", 0) for each in begun] == [0, 1000]
    assert phases(read.of("replay")) == ["intent", "change", "change", "intent", "change", "result"]
    steps = [entry["details"] for entry in read.of("replay") if entry["phase"] == "change"]
    assert [(step["from"], step["to"]) for step in steps] == [(7, 507), (507, 1007), (1007, 1507)]


def test_what_was_looked_at_is_what_is_done(read):
    """Whoever says which plan they saw gets that one or none."""
    seen = read.plan("replay", **{"from": 3}).json()["plan_sha256"]
    other = read.act("replay", **{"from": 2, "plan_sha256": seen})
    assert other.status_code == 409 and read.of("replay") == [], other.text
    assert read.act("replay", **{"from": 3, "plan_sha256": seen}).status_code == 200


def test_a_step_of_a_cancelled_job_does_nothing(read, spanner):
    """Cancelled while its second step is committed: there is no third."""
    read.send(*[(f"k{n}", n) for n in range(1500)])
    read.read_all(1507)
    proxy = HoldingProxy(spanner.address)
    replica = read.make(endpoint=proxy.address)
    read.plane.stop()
    proxy.wanted = b'"from":507'

    def cancel():
        (job,) = replica.get(f"{PATH.format('dev1')}/jobs", read.alice).json()["jobs"]
        answer = replica.post(f"/v1/jobs/{job['job']}/cancel", read.alice)
        assert answer.status_code == 200, answer.text

    greta = read.lead("greta")
    proxy.while_held(lambda: read.act("replay", replica, greta, **{"from": 7}), cancel)
    replica.wait(lambda: "result" in phases(read.of("replay")))
    assert replica.stop() == 0
    proxy.stop()
    steps = [entry["details"] for entry in read.of("replay") if entry["phase"] == "change"]
    assert [(step["from"], step["to"]) for step in steps] == [(7, 507), (507, 1007)]


def put_job(site, **more):
    """A job as another replica would have left it."""
    row = {"Job": "c0ffee00-0000-4000-8000-000000000000", "Pipeline": "dev1", "Verb": "replay",
           "File": site.plane.get(PATH.format("dev1"), site.alice).json()["file"],
           "Effect": '{"ranges": []}', "Progress": "{}", "PlanHash": "", "State": "running",
           "Result": "{}", "Issuer": "i", "Subject": "s", "CreatedAt": "2026-01-01T00:00:00Z",
           "HeldBy": "elsewhere", "HeldUntil": "2099-01-01T00:00:00Z", **more}
    with site.database.batch() as batch:
        batch.insert("kafka_spanner.Jobs", list(row), [list(row.values())])
    return f"/v1/jobs/{row['Job']}"


def test_a_job_for_another_file_than_there_is_now_is_not_begun(read):
    ranges = [{"topic": read.name, "partition": 0, "from": 0, "to": 7}]
    file = read.plane.get(PATH.format("dev1"), read.alice).json()["file"]
    job = put_job(read, File=f"{file}# as it was before\n", HeldUntil="2026-01-01T00:00:00Z",
                  Effect=json.dumps({"ranges": ranges}))
    read.plane.wait(lambda: read.plane.get(job, read.alice).json()["state"] != "running")
    ended = read.plane.get(job, read.alice).json()
    assert ended["state"] == "failed" and "changed" in ended["result"]["error"], ended
    assert "change" not in phases(read.of("replay"))


def test_a_cancelled_job_ends_and_says_how_far_it_came(read):
    bob = read.lead("bob")
    job = put_job(read, Progress='{"records": 7}')
    path = f"{job}/cancel"
    assert read.plane.post(path, bob).status_code == 403  # bob may not stop it
    assert read.plane.post(path, read.alice).status_code == 200
    again = read.plane.post(path, read.alice)
    assert again.status_code == 409 and "cancelled already" in again.text
    (change,) = [entry for entry in read.of("job.cancel") if entry["phase"] == "change"]
    assert change["details"]["progress"] == {"records": 7}
    assert read.plane.get(job, read.alice).json()["state"] == "cancelled"
