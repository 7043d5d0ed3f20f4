"""The Kafka source on a real broker: where it starts, what happens to topics while it runs."""

import json

import pytest
from confluent_kafka import TopicPartition

from broker import Broker
from events import Events

wait_for = Broker.wait_for
HOUR_MS = 3_600_000
NOW_MS = 1_790_000_000_000


@pytest.fixture
def make(kafka, local_spanner, program, name):
    return lambda **options: Events(kafka, local_spanner, program, name, **options)


def test_start_earliest(make):
    events = make()
    events.send(5)
    events.send(5, partition=1)
    events.run_once()
    assert events.numbers() == list(range(10))
    events.run_once()  # where it stands is in Spanner: `start:` says nothing any more
    assert events.numbers() == list(range(10))


def test_start_latest(make):
    events = make()
    events.send(5)
    file = events.write(start="latest")
    worker = events.start(file=file)
    wait_for(lambda: len(events.chains()) == 2)
    events.send(3)
    events.send(2, partition=1)
    events.wait_for(range(5, 10))
    assert worker.stop() == 0


def test_start_at_a_time(make):
    events = make()
    events.send(5, timestamp_ms=NOW_MS)
    events.send(5, timestamp_ms=NOW_MS + HOUR_MS)
    events.send(3, partition=1, timestamp_ms=NOW_MS)  # nothing as young as is asked for
    events.run_once(events.write(start="2026-09-21T15:00:00Z"))  # 47 minutes after NOW_MS
    assert events.numbers() == list(range(5, 10))


def test_a_partition_that_the_topic_grows_begins_at_its_first_record(make):
    events = make(partitions=1)
    events.send(2)
    worker = events.start(file=events.write(start="latest"))
    wait_for(lambda: len(events.chains()) == 1)
    events.kafka.grow_topic(events.topics[0], 3)
    events.send(3, partition=1)
    events.send(3, partition=2)
    events.wait_for(range(2, 8))
    assert worker.stop() == 0
    # The same while nobody runs.
    events.kafka.grow_topic(events.topics[0], 4)
    events.send(2, partition=3)
    events.run_once()
    assert events.numbers() == list(range(2, 10))


def test_several_topics_in_one_source(make):
    events = make(topics=3)
    for topic in events.topics:
        events.send(10, topic=topic)
        events.send(10, partition=1, topic=topic)
    events.run_once()
    assert events.numbers() == list(range(60))
    assert len(events.chains()) == 6


def test_several_sources(make, program):
    events = make(topics=2)
    first, second = events.topics
    for topic in events.topics:
        events.send(10, topic=topic)
    file = program.directory / "two.yaml"
    file.write_text(f"""\
pipeline: two_sources
kafka: {{{events.kafka.fields}}}
from:
  a:
    kafka: {{topic: {first}}}
    value: {{format: json, schema: {{n: INT64}}}}
  b:
    kafka: {{topic: {second}}}
    value: {{format: json, schema: {{n: INT64}}}}
to: {{spanner: {{database: {events.database.name}}}}}
tables:
  Events:
    mode: append
    select: SELECT _topic AS Topic, _partition AS Part, _offset AS Pos, n AS N FROM a
  Sums: SELECT MOD(n, 5) AS K, SUM(n) AS Total FROM b GROUP BY K
""")
    program.ok("run", file, "--once", "--create")
    assert events.numbers() == list(range(10))
    sums = program.ok(
        "--output",
        "json",
        "sql",
        "--database",
        events.database.name,
        "-e",
        "SELECT SUM(Total) AS Total FROM Sums",
    )
    assert str(sum(range(10, 20))) in sums


def test_lanes_may_change_between_runs(make):
    events = make(partitions=2)
    for lanes in (4, 1, 3):
        events.send(500)
        events.send(500, partition=1)
        events.run_once(events.write(lanes=lanes))
        assert set(events.chains().values()) == {lanes}
        assert events.numbers() == list(range(events.sent))


def test_a_topic_created_again_stops_the_pipeline(make):
    events = make(partitions=1)
    events.send(20)
    events.run_once()
    worker = events.start()
    wait_for(lambda: events.kafka.members(events.name) == 1)
    topic = events.topics[0]
    events.kafka.delete_topic(topic)
    events.kafka.create_topic(topic, 1)
    events.send(10)  # at offsets that are committed
    assert worker.wait(60) == 4, worker.log()
    assert "was deleted and created again" in worker.log()
    events.send(30)  # and beyond them
    again = events.program("run", events.file, "--once")
    assert again.returncode == 4
    assert "was deleted and created again" in again.stderr
    assert events.numbers() == list(range(20))  # nothing of the new topic


def test_records_that_retention_removed(make):
    events = make(partitions=1)
    events.send(20)
    events.run_once()
    events.send(20)
    removed = TopicPartition(events.topics[0], 0, 30)
    events.kafka.admin.delete_records([removed])[removed].result(30)
    stopped = events.program("run", events.file, "--once")
    assert stopped.returncode == 4
    assert "next record is at offset 20" in stopped.stderr
    assert "removed everything before offset 30" in stopped.stderr
    went_on = events.program("run", events.write(on_data_loss="continue"), "--once")
    assert went_on.returncode == 0
    assert "offsets 20 to 29 were removed" in went_on.stderr
    assert events.numbers() == [*range(20), *range(30, 40)]


def test_the_group_shows_in_kafkas_own_tools(make, kafka):
    events = make(partitions=1)
    events.send(25)
    worker = events.start()
    events.wait_for(range(25))

    def shown():
        text = kafka.run(
            "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
            "--bootstrap-server",
            kafka.address,
            "--describe",
            "--group",
            events.name,
        )
        lines = [line.split() for line in text.splitlines() if events.topics[0] in line]
        return [(line[3], line[4], line[5]) for line in lines]  # current, end, lag

    wait_for(lambda: shown() == [("25", "25", "0")])
    assert worker.stop() == 0
    assert json.loads(events.program.ok("--output", "json", "status", events.file))
