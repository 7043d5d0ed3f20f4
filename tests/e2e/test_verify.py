"""`verify`: finds what was taken away, added or changed, and says what it cannot know."""

import json
import random

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from google.cloud.spanner_v1 import KeySet

from spanners import rows

PIPELINE = """\
pipeline: {name}
from:
  kafka: {{{kafka}, topic: {name}, lanes: 2}}
  key: {{format: string, name: id}}
  value:
    format: json
    schema:
      {{n: INT64, x: FLOAT64, seen: TIMESTAMP, price: NUMERIC, tags: ARRAY<STRING>, doc: JSON}}
to:
  spanner: {{database: {database}}}
assert:
  - check: n < 1000
tables:
  Latest: SELECT id AS Id, n AS N, x AS X, seen AS Seen, price AS Price, tags AS Tags, doc AS Doc
  Log:
    mode: append
    select: SELECT _partition AS Part, _offset AS Pos, id AS Id, n AS N WHERE n IS NOT NULL
  Sums: >
    SELECT MOD(n, 7) AS M, COUNT(*) AS C, SUM(n) AS S, AVG(x) AS A, MIN(seen) AS First,
    ANY_VALUE(id HAVING MAX n) AS Best WHERE n IS NOT NULL GROUP BY M
"""
RECORDS = 3000


class Topic:
    def __init__(self, kafka, spanner, program, name, partitions=3, **config):
        kafka.create_topic(name, partitions, **config)
        self.name, self.program, self.kafka = name, program, kafka
        self.database = spanner.create_database(name.lower()[:30], [])
        self.file = program.directory / "pipeline.yaml"
        self.file.write_text(
            PIPELINE.format(name=name, kafka=kafka.fields, database=self.database.name)
        )
        program.ok("plan", self.file, "--apply")

    def send(self, count, seed=1):
        draw = random.Random(seed)
        producer = Producer({"bootstrap.servers": self.kafka.address, "linger.ms": 5})
        for i in range(count):
            producer.poll(0)
            value = {
                "n": 5000 if i % 500 == 499 else draw.randrange(1000),
                "x": draw.random(),
                "seen": f"2026-01-{draw.randrange(1, 29):02}T00:00:00."
                f"{draw.randrange(1, 10**9):09}Z",
                "price": f"{draw.randrange(10**6)}.50",
                "tags": ["b", "a", None][: draw.randrange(4)],
                "doc": {"z": 1, "a": [1.0, {"k": "é"}]},
            }
            text = None if draw.random() < 0.1 else json.dumps(value)
            producer.produce(self.name, text, f"k{draw.randrange(400)}")
        assert producer.flush(60) == 0
        return self

    def run(self):
        self.program.ok("run", self.file, "--once")
        return self

    def verify(self, *arguments, code=0):
        done = self.program("--output", "json", "verify", self.file, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        (source,) = answer["sources"]
        assert answer["right"] == (code == 0)
        return source, {table["table"]: table for table in source["tables"]}


@pytest.fixture
def topic(kafka, local_spanner, program, name):
    return lambda **options: Topic(kafka, local_spanner, program, name, **options)


def wrong(tables):
    kinds = ("missing", "extra", "different")
    return {(t, kind): table[kind] for t, table in tables.items() for kind in kinds if table[kind]}


def test_verify_finds_what_was_tampered_with(topic):
    it = topic().send(RECORDS).run()
    source, tables = it.verify()
    assert wrong(tables) == {} and source["limits"] == [] and source["refused"] == 0
    assert source["dead_letters"] > 0
    assert source["records"] == RECORDS - source["dead_letters"]
    count = lambda table: rows(it.database, f"SELECT COUNT(*) FROM {table}")[0][0]
    assert tables["Latest"]["equal"] == count("Latest") > 300
    assert tables["Log"]["equal"] == count("Log") > 2000
    assert tables["Sums"]["equal"] == count("Sums") == 7
    assert tables["Sums"]["not_compared"] == ["Best"]
    # Memory for a part of the rows only: the same, in several passes.
    small, again = it.verify("--memory", "1")
    assert wrong(again) == {} and again["Log"]["equal"] == tables["Log"]["equal"]
    # Records that no worker has committed yet do not count.
    it.send(500, seed=2)
    assert wrong(it.verify()[1]) == {}
    it.run()
    assert wrong(it.verify()[1]) == {}
    # One row of each table changed, removed, added.
    (changed, removed) = rows(it.database, "SELECT Id FROM Latest ORDER BY Id LIMIT 2")
    (log_removed, log_changed) = rows(
        it.database, "SELECT Part, Pos FROM Log ORDER BY Part, Pos LIMIT 2"
    )
    with it.database.batch() as batch:
        batch.update("Latest", ["Id", "N"], [[changed[0], -1]])
        batch.delete("Latest", KeySet([list(removed)]))
        batch.insert("Latest", ["Id", "N"], [["nobody", 1]])
        batch.delete("Log", KeySet([list(log_removed)]))
        batch.update("Log", ["Part", "Pos", "N"], [[*log_changed, -1]])
        batch.insert("Log", ["Part", "Pos", "Id"], [[0, 10**9, "twice"]])
    partial = rows(
        it.database, "SELECT M, KafkaTopic, KafkaPartition, KafkaLane, C FROM SumsPartials LIMIT 1"
    )[0]
    with it.database.batch() as batch:  # a record counted twice
        keys = ["M", "KafkaTopic", "KafkaPartition", "KafkaLane", "C"]
        batch.update("SumsPartials", keys, [[*partial[:4], partial[4] + 1]])
    _, tables = it.verify(code=5)
    assert wrong(tables) == {
        (table, kind): 1
        for table in ("Latest", "Log")
        for kind in ("missing", "extra", "different")
    } | {("Sums", "different"): 1}
    examples = {e["kind"]: e for e in tables["Latest"]["examples"]}
    assert examples["missing"]["expected"]["Id"] == removed[0]
    assert examples["extra"]["actual"]["Id"] == "nobody"
    assert examples["different"]["columns"] == ["N"] and examples["different"]["actual"]["N"] == -1
    (sums,) = tables["Sums"]["examples"]
    assert sums["columns"] == ["C"] and sums["actual"]["C"] == sums["expected"]["C"] + 1
    # For people.
    said = it.program("verify", it.file, "--examples", "1")
    assert said.returncode == 5 and "do NOT hold" in said.stdout
    assert said.stdout.count("\n  missing") + said.stdout.count("\n  different") >= 2
    assert "C is " in said.stdout and "must be" in said.stdout


def test_verify_says_what_it_cannot_know(topic):
    it = topic(partitions=1).send(RECORDS).run()
    admin = AdminClient({"bootstrap.servers": it.kafka.address})
    (cut,) = admin.delete_records([TopicPartition(it.name, 0, RECORDS // 2)]).values()
    cut.result()
    source, tables = it.verify()
    (limit,) = source["limits"]
    assert "begins at offset 1500" in limit
    assert tables["Sums"]["equal"] == 0 and tables["Sums"]["not_judged"] == 7
    assert tables["Log"]["not_judged"] > 1000 and tables["Log"]["missing"] == 0
    assert source["partitions"] == [{"topic": it.name, "partition": 0, "from": 1500, "to": 3000}]
    # What is left can still be wrong.
    with it.database.batch() as batch:
        ((last,),) = rows(it.database, "SELECT MAX(Pos) FROM Log")
        batch.update("Log", ["Part", "Pos", "N"], [[0, last, -1]])
    assert wrong(it.verify(code=5)[1]) == {("Log", "different"): 1}
    # Another topic of the name: nothing to compare.
    it.kafka.delete_topic(it.name)
    it.kafka.create_topic(it.name, 1)
    again = it.program("verify", it.file)
    assert again.returncode == 4 and "was created again" in again.stderr


def test_verify_knows_compaction_and_dead_letters(topic):
    it = topic(partitions=1, **{"cleanup.policy": "compact"}).send(RECORDS).run()
    source, tables = it.verify()
    (limit,) = source["limits"]
    assert "is compacted" in limit and tables["Latest"]["equal"] > 300 and wrong(tables) == {}
    # Without its dead letter, a record that the pipeline refuses is said to be nowhere.
    dead = source["dead_letters"]
    assert dead > 0
    it.program.ok("dlq", "discard", it.file, "--all")
    source, tables = it.verify()
    assert source["refused"] == dead and wrong(tables) == {}
