"""`evolve: add_columns`: a deploy whose SELECT has more columns than the table, on several workers
at once, while another still runs the file of before."""

import pytest

from broker import Broker
from events import Events
from spanners import rows
from worker import Program

wait_for = Broker.wait_for


@pytest.fixture
def events(request, spanner, kafka, tmp_path):
    """On each Spanner: who is right about DDL twice at once?"""
    program = Program(request.config.getoption("--program"), spanner.address, tmp_path)
    name = f"evolve_{request.node.callspec.id}"
    return Events(kafka, spanner, program, name, partitions=4)


def columns(events):
    query = ("SELECT COLUMN_NAME, SPANNER_TYPE, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS "
             "WHERE TABLE_NAME = 'Events' AND TABLE_SCHEMA = '' ORDER BY ORDINAL_POSITION")
    return rows(events.database, query)


def evolved(events, evolve):
    """The pipeline file, with two columns more."""
    text = events.file.read_text().replace(
        f"database: {events.database.name}",
        f"database: {events.database.name}, evolve: {evolve}")
    file = events.file.with_name(f"{evolve}.yaml")
    file.write_text(text.rstrip() + ", n * 2 AS Twice, CAST(n AS STRING) AS Text\n")
    return file


def test_whichever_worker_is_first_adds_the_columns(events):
    before = columns(events)
    old = events.start(name="old")
    events.send(100)
    events.wait_for(range(100))
    refused = events.program("run", "--once", evolved(events, "never"))
    assert refused.returncode == 2 and "evolve: add_columns" in refused.stderr
    file = evolved(events, "add_columns")
    assert events.program.ok("plan", file, "--ddl").count("ADD COLUMN IF NOT EXISTS") == 2
    assert columns(events) == before
    new = [events.start(file=file, name=f"new{i}") for i in range(3)]
    wait_for(lambda: events.kafka.members(events.name) == 4)
    assert old.stop() == 0, old.log()
    for partition in range(4):
        events.send(100, partition=partition)
    events.wait_for(range(500))
    assert all(worker.stop() == 0 for worker in new)
    assert columns(events) == [*before, ("Twice", "INT64", "YES"), ("Text", "STRING(MAX)", "YES")]
    after = rows(events.database, "SELECT N, Twice, Text FROM Events WHERE N >= 100 ORDER BY N")
    assert after == [(n, 2 * n, str(n)) for n in range(100, 500)]
    assert "everything that is needed" in events.program.ok("plan", file)
