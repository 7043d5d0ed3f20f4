"""`replay`: records that are committed are written again, and never over newer ones."""

import json

import pytest
from confluent_kafka import Producer

from spanners import rows

PIPELINE = """\
pipeline: {name}
from:
  kafka: {{{kafka}, topic: {name}, lanes: 2}}
  key: {{format: string, name: id}}
  value: {{format: json, schema: {{n: INT64}}}}
to:
  spanner: {{database: {database}}}
assert: [{{check: n < 1000}}]
tables:
  Latest: SELECT id AS Id, {n} AS N
"""


class Topic:
    def __init__(self, kafka, spanner, program, name):
        kafka.create_topic(name, 1)
        self.name, self.program, self.kafka = name, program, kafka
        self.database = spanner.create_database(name.lower(), [])
        self.file = program.directory / "pipeline.yaml"
        self.write()
        program.ok("plan", self.file, "--apply")

    def write(self, n="n", more=""):
        text = PIPELINE.format(
            name=self.name, kafka=self.kafka.fields, database=self.database.name, n=n
        )
        self.file.write_text(text + more)

    def send(self, *records):
        producer = Producer({"bootstrap.servers": self.kafka.address})
        for key, n in records:
            producer.produce(self.name, None if n is None else f'{{"n": {n}}}', key)
        assert producer.flush(60) == 0

    def run(self):
        self.program.ok("run", self.file, "--once")

    def replay(self, *arguments, code=0):
        done = self.program("--output", "json", "replay", self.file, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        (only,) = json.loads(done.stdout)
        return only

    def rows(self):
        return dict(rows(self.database, "SELECT Id, N FROM Latest"))


@pytest.fixture
def topic(kafka, local_spanner, program, name):
    return Topic(kafka, local_spanner, program, name)


def test_replay_writes_the_last_of_each_key_and_nothing_older(topic):
    # Offsets 0 to 6; b's is a dead letter, c is deleted, and a has a newer record later.
    topic.send(("a", 1), ("b", 2), ("b", 2000), ("c", 3), ("d", 4), ("c", None), ("a", 5))
    topic.run()
    assert topic.rows() == {"a": 5, "b": 2, "d": 4}
    # The file's mistake is mended: rows are to be as it says now.
    topic.write("n * 10")
    said = topic.replay("--from", "0", "--to", "5")
    assert (said["written"], said["newer_there"], said["dead_letters"]) == (2, 2, 1)
    assert not said["applied"] and topic.rows() == {"a": 5, "b": 2, "d": 4}
    done = topic.replay("--from", "0", "--to", "5", "--apply")
    assert {**said, "applied": True} == done
    assert topic.rows() == {"a": 5, "b": 20, "d": 40}
    # A row that came back is deleted again: the tombstone is the last of its key.
    with topic.database.batch() as batch:
        batch.insert("Latest", ["Id", "N"], [["c", 3]])
    done = topic.replay("--from", "earliest", "--apply")
    assert done["written"] == 4 and topic.rows() == {"a": 50, "b": 20, "d": 40}
    # What is not committed yet is left to the workers.
    topic.send(("d", 6), ("e", 7))
    assert topic.replay("--from", "0", "--apply")["to"] == 7
    assert topic.rows() == {"a": 50, "b": 20, "d": 40}
    topic.run()
    assert topic.rows() == {"a": 50, "b": 20, "d": 60, "e": 70}
    # Records that the file refuses now keep their rows.
    topic.write("DIV(10, n - 6)")
    done = topic.replay("--from", "7", "--apply", code=4)
    assert done["refused"] == 1 and "offset 7" in done["first_refusal"]
    assert topic.rows() == {"a": 50, "b": 20, "d": 60, "e": 10}


def test_replay_beside_a_worker_leaves_what_the_topic_says(topic):
    keys = [f"k{i}" for i in range(200)]
    topic.send(*((key, 1) for key in keys))
    topic.run()
    worker = topic.program.start("worker", "run", topic.file)
    for n in range(2, 12):
        topic.send(*((key, n) for key in keys))
        topic.replay("--from", "earliest", "--apply")
    topic.kafka.wait_for(lambda: set(topic.rows().values()) == {11})
    topic.replay("--from", "earliest", "--apply")
    assert worker.stop() == 0
    assert topic.rows() == {key: 11 for key in keys}


def test_replay_is_refused_where_it_would_count_twice(topic):
    topic.send(("a", 1))
    topic.run()
    assert topic.program("replay", topic.file, "--from", "2").returncode == 2
    topic.write(more="  Sums: SELECT MOD(n, 2) AS Odd, COUNT(*) AS C GROUP BY Odd\n")
    topic.program.ok("plan", topic.file, "--apply")
    refused = topic.program("replay", topic.file, "--from", "earliest", "--apply")
    assert refused.returncode == 4
    assert "Sums (aggregate)" in refused.stderr and "another name" in refused.stderr
