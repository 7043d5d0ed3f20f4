"""dlq: dead letters are seen, redriven exactly once and in order, and discarded."""

import json
import time

import pytest
from confluent_kafka import Producer

from events import Events
from spanners import rows

TABLES = """\
tables:
  Latest: SELECT id AS Id, n AS N
  Numbers: {mode: append, select: "SELECT _offset AS Pos, n AS N"}
  Sums: SELECT MOD(n, 2) AS Odd, COUNT(*) AS Count, SUM(n) AS Total GROUP BY Odd
"""


@pytest.fixture
def make(kafka, local_spanner, program, name):
    return lambda **options: Events(kafka, local_spanner, program, name, **options)


def pipeline(events, check):
    """The pipeline with three kinds of tables and one assertion."""
    file = events.write()
    text = file.read_text()
    text = text[: text.index("tables:")] + TABLES + f"assert: [{{check: {check}}}]\n"
    file.write_text(text)
    events.program.ok("plan", file, "--apply")
    return file


def produce(events, *records):
    producer = Producer({"bootstrap.servers": events.kafka.address})
    for key, n in records:
        producer.produce(events.topics[0], f'{{"n": {n}}}', key, partition=0)
    assert producer.flush(60) == 0


def table(events, query):
    return sorted(rows(events.database, query))


def wait_until(true, within=30):
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def test_redrive_is_exactly_once_and_in_order(make):
    events = make(partitions=1, apply=False)
    dlq = lambda *arguments: events.program("--output", "json", "dlq", *arguments)
    file = pipeline(events, "n < 100")
    # b's dead letter is followed by a newer record of b; a's and c's are not; d's two both fail.
    produce(events, ("a", 101), ("b", 102), ("b", 2), ("c", 103), ("a2", 4), ("d", 200), ("d", 104))
    events.run_once(file)
    listed = json.loads(dlq("list", file).stdout)
    assert [int(row["KafkaOffset"]) for row in listed] == [0, 1, 3, 5, 6]
    shown = events.program.ok("dlq", "show", file, "--where", "KafkaOffset = 3")
    assert '{"n": 103}' in shown and "n < 100" in shown
    again = dlq("redrive", file, "--all")  # nothing has changed: all fail again
    assert again.returncode == 4 and json.loads(again.stdout)["written"] == 0

    file = pipeline(events, "n < 150")
    dry = json.loads(dlq("redrive", file, "--all", "--dry-run").stdout)
    assert (dry["written"], dry["older"], dry["failed"]) == (3, 1, 1)
    assert len(json.loads(dlq("list", file).stdout)) == 5
    some = dlq("redrive", file, "--where", "KafkaOffset < 4")
    assert some.returncode == 4
    (stays,) = json.loads(some.stdout)["stay"]
    assert (stays["offset"], stays["result"]) == (1, "older")
    assert "at offset 2" in stays["why"]
    events.program("dlq", "redrive", file, "--all")
    assert json.loads(dlq("redrive", file, "--all").stdout)["written"] == 0  # once

    assert table(events, "SELECT Id, N FROM Latest") == [
        ("a", 101),
        ("a2", 4),
        ("b", 2),
        ("c", 103),
        ("d", 104),
    ]
    assert table(events, "SELECT N FROM Numbers") == [(2,), (4,), (101,), (103,), (104,)]
    assert table(events, "SELECT Odd, Count, Total FROM Sums") == [(0, 3, 110), (1, 2, 204)]
    # Later records count on top of what redrive has added.
    produce(events, ("e", 5), ("a", 7))
    events.run_once(file)
    assert table(events, "SELECT Odd, Count, Total FROM Sums") == [(0, 3, 110), (1, 4, 216)]
    left = json.loads(dlq("list", file).stdout)
    assert [int(row["KafkaOffset"]) for row in left] == [1, 5]
    assert dlq("discard", file).returncode == 2  # which?
    assert dlq("discard", file, "--where", "TRUE) OR (TRUE").returncode == 2
    assert json.loads(dlq("discard", file, "--all").stdout)["discarded"] == 2
    assert json.loads(dlq("list", file).stdout) == []


def test_aggregates_count_a_redrive_beside_a_running_worker(make):
    """The worker keeps its partial rows in memory: were redrive's the same, they would be lost."""
    events = make(partitions=1, apply=False)
    worker = events.program.start("worker", "run", pipeline(events, "n < 100"))
    produce(events, ("a", 1), ("b", 101))
    sums = "SELECT Odd, Count, Total FROM Sums"
    wait_until(lambda: table(events, sums) == [(1, 1, 1)])
    wait_until(
        lambda: rows(events.database, "SELECT COUNT(*) FROM kafka_spanner.DeadLetters")[0][0]
    )
    assert events.program("dlq", "redrive", pipeline(events, "n < 150"), "--all").returncode == 0
    assert table(events, sums) == [(1, 2, 102)]
    produce(events, ("c", 3))
    wait_until(lambda: table(events, sums) != [(1, 2, 102)])
    assert table(events, sums) == [(1, 3, 105)]
    assert worker.stop() == 0


def test_a_record_that_spanner_refuses_stays_alone(make):
    events = make(partitions=1, apply=False)
    file = pipeline(events, "n < 100")
    produce(events, *((f"k{n}", n) for n in range(100, 108)))
    events.run_once(file)
    # As if somebody else had written the row of offset 5 meanwhile: an append table refuses it.
    with events.database.batch() as batch:
        batch.insert("Numbers", ("Pos", "N"), [(5, -1)])
    file = pipeline(events, "TRUE")
    done = events.program("--output", "json", "dlq", "redrive", file, "--all")
    result = json.loads(done.stdout)
    assert done.returncode == 4 and result["written"] == 7
    assert [(each["offset"], each["result"]) for each in result["stay"]] == [(5, "failed")]
    assert table(events, "SELECT Count(*) FROM Latest") == [(7,)]
    assert table(events, "SELECT SUM(Total) FROM Sums") == [(sum(range(100, 108)) - 105,)]
