"""What operators do goes on record: before it is done, with it, and how it ended."""

import json
import threading

import pytest
from confluent_kafka import Producer

import ocsf
import planted
from spanners import rows

# Of RFC 8032, section 7.1.
KEY = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
"""
planted.plant("audit key", *planted.lines_of(KEY))
PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
"""
PIPELINE = """\
pipeline: {name}
from:
  kafka: {{{kafka}, topic: {name}}}
  key: {{format: string, name: id}}
  value: {{format: json, schema: {{n: INT64}}}}
to:
  spanner: {{database: {database}}}
audit: {{key: "secret://file{key}", checkpoints: {checkpoints}}}
assert: [{{check: n < {limit}}}]
tables:
  Latest: SELECT id AS Id, n AS N
"""


class Site:
    def __init__(self, kafka, spanner, program, name):
        kafka.create_topic(name, 1)
        self.program, self.name, self.kafka = program, name, kafka
        self.database = spanner.create_database(name.lower(), [])
        self.checkpoints = program.directory / "checkpoints.jsonl"
        (program.directory / "audit.key").write_text(KEY)
        (program.directory / "audit.pub").write_text(PUBLIC_KEY)
        self.file = self.write()
        program.ok("plan", self.file, "--apply")

    def write(self, limit=100, name="pipeline.yaml", checkpoints=None):
        file = self.program.directory / name
        file.write_text(
            PIPELINE.format(
                name=self.name,
                kafka=self.kafka.fields,
                database=self.database.name,
                key=self.program.directory / "audit.key",
                checkpoints=checkpoints or self.checkpoints,
                limit=limit,
            )
        )
        return file

    def send(self, *numbers):
        producer = Producer({"bootstrap.servers": self.kafka.address})
        for n in numbers:
            producer.produce(self.name, f'{{"n": {n}}}', f"k{n}")
        assert producer.flush(60) == 0

    def run(self):
        self.program.ok("run", self.file, "--once")

    def entries(self):
        query = "SELECT Entry FROM kafka_spanner.AuditLog ORDER BY Seq"
        return [json.loads(entry) for (entry,) in rows(self.database, query)]

    def since(self, seq):
        return [(e["action"], e["phase"]) for e in self.entries()[seq:]]

    def verify(self):
        log = self.program.directory / "log.jsonl"
        log.write_text(self.program.ok("audit", "export", self.file))
        assert ocsf.check(log.read_text()) and ocsf.check(self.checkpoints.read_text())
        return self.program.ok(
            "audit", "verify", log, "--key", self.program.directory / "audit.pub",
            "--checkpoints", self.checkpoints,
        )


@pytest.fixture
def site(kafka, local_spanner, program, name):
    return Site(kafka, local_spanner, program, name)


def heads(site):
    query = "SELECT MAX(EndOffset), MAX(Generation) FROM kafka_spanner.Checkpoints"
    return rows(site.database, query)[0]


def test_moves_redrives_discards_and_replays_are_on_record(site):
    site.send(1, 200, 300, 2)
    site.run()
    ran = lambda *arguments: site.program.ok(*arguments)
    begin = len(site.entries())
    # What only looks leaves nothing.
    ran("offsets", "set", site.file, "--to", "0")
    site.program("dlq", "redrive", site.file, "--all", "--dry-run")
    ran("dlq", "discard", site.file, "--all", "--dry-run")
    ran("replay", site.file, "--from", "0")
    assert site.since(begin) == []
    ran("offsets", "set", site.file, "--to", "1", "--apply")
    intent, change, result = site.entries()[begin:]
    where = {"topic": site.name, "partition": 0, "to": 1}
    assert intent["details"] == {"partitions": [where]} and intent["phase"] == "intent"
    assert change["details"] == {**where, "generation": heads(site)[1]}
    assert change["intent"] == result["intent"] == intent["id"]
    assert result["outcome"] == "success" and intent["actor"]["issuer"].startswith("os:")
    site.run()
    ran("offsets", "skip", site.file, "--partition", "0", "--apply")
    site.write(limit=250)
    site.program("dlq", "redrive", site.file, "--all")
    ran("dlq", "discard", site.file, "--all")
    assert site.program("replay", site.file, "--from", "0", "--apply").returncode == 4
    three = ["intent", "change", "result"]
    assert site.since(begin) == [
        (action, phase)
        for action in ("offsets.set", "offsets.skip", "dlq.redrive", "dlq.discard", "replay")
        for phase in three
    ]
    of = lambda action: [e for e in site.entries()[begin:] if e["action"] == action]
    redrive, discard, replay = of("dlq.redrive"), of("dlq.discard"), of("replay")
    assert redrive[1]["details"]["offsets"] == [1]
    assert redrive[2]["details"] == {"failed": 1, "written": 1}
    assert discard[1]["details"] == {"letters": 1}
    assert replay[1]["details"]["records"] == 3
    site.verify()


def test_what_cannot_go_on_record_is_not_done(site):
    site.send(1, 200, 2)
    site.run()
    before = heads(site), len(site.entries())
    # The file of checkpoints is a folder: nothing can be signed.
    (site.program.directory / "folder").mkdir()
    bad = site.write(name="bad.yaml", checkpoints=site.program.directory / "folder")
    for command in (
        ("offsets", "set", bad, "--to", "0", "--apply"),
        ("offsets", "skip", bad, "--partition", "0", "--apply"),
        ("dlq", "redrive", bad, "--all"),
        ("dlq", "discard", bad, "--all"),
        ("replay", bad, "--from", "0", "--apply"),
    ):
        refused = site.program(*command)
        assert refused.returncode != 0, command
    assert (heads(site), len(site.entries())) == before
    # The table is gone: neither.
    site.database.update_ddl(["DROP TABLE kafka_spanner.AuditLog"]).result(60)
    for command in (
        ("offsets", "set", site.file, "--to", "0", "--apply"),
        ("dlq", "discard", site.file, "--all"),
        ("replay", site.file, "--from", "0", "--apply"),
    ):
        refused = site.program(*command)
        assert refused.returncode != 0 and "on record" in refused.stderr, refused.stderr
    assert heads(site) == before[0]
    assert rows(site.database, "SELECT COUNT(*) FROM kafka_spanner.DeadLetters") == [(1,)]


def test_two_who_act_at_once_are_both_on_record(site):
    site.send(1, 2)
    site.run()
    begin = len(site.entries())
    files = [site.write(name=f"{i}.yaml") for i in range(2)]
    codes = []

    def move(file):
        for _ in range(5):
            done = site.program("offsets", "set", file, "--to", "0", "--apply")
            codes.append((done.returncode, done.stderr))

    threads = [threading.Thread(target=move, args=[file]) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [code for code, _ in codes] == [0] * 10, codes
    entries = site.entries()[begin:]
    assert [e["seq"] for e in site.entries()] == list(range(begin + 30))
    for phase in ("intent", "change", "result"):
        assert sum(e["phase"] == phase for e in entries) == 10
    # Each change stands between its intent and its result.
    for intent in (e for e in entries if e["phase"] == "intent"):
        order = [e["phase"] for e in entries if intent["id"] in (e["id"], e.get("intent"))]
        assert order == ["intent", "change", "result"]
    site.verify()
