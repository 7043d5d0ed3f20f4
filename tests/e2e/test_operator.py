"""Operators' tools: moving offsets, and what becomes of workers that run meanwhile."""

import json
import signal

import pytest

from broker import Broker
from events import Events

wait_for = Broker.wait_for
SNAPSHOT = """\
  Latest: SELECT id AS Id, n AS N
"""


@pytest.fixture
def make(kafka, local_spanner, program, name):
    return lambda **options: Events(kafka, local_spanner, program, name, **options)


def snapshot(events, pipeline):
    """The same topic into a table whose rows may be written again."""
    file = events.write(pipeline)
    text = file.read_text()
    file.write_text(text[: text.index("  Events:")] + SNAPSHOT)
    events.program.ok("plan", file, "--apply")
    return file


def test_offsets_are_moved_under_a_running_worker(make):
    events = make(partitions=1)
    # Frozen for longer than the test: it is still a member of the group when it wakes.
    events.file.write_text(events.file.read_text().replace("ms: 2000", "ms: 30000"))
    worker = events.start("--metrics", "127.0.0.1:0")
    # It has read the chains and stands at their beginning.
    wait_for(lambda: worker.metrics().get(("kafka_spanner_lag_records", 0)) == 0)
    worker.signal(signal.SIGSTOP)
    events.send(20)
    set_to = lambda *more: events.program("offsets", "set", events.file, "--to", *more)
    dry = set_to("5")
    assert dry.returncode == 0 and "never written: 0 to 4" in dry.stdout, dry.stderr
    assert "dry run" in dry.stdout
    (done,) = json.loads(set_to("5", "--apply", "--output", "json").stdout)
    assert done["never_written"] == {"from": 0, "to": 5} and done["applied"]
    # Its next commit would be the first of the chain as it knew it: only the generation stops it.
    worker.signal(signal.SIGCONT)
    events.wait_for(range(5, 20))
    assert worker.stop() == 0
    assert events.numbers() == list(range(5, 20))


def test_a_rewind_that_would_count_twice_is_refused(make):
    events = make(partitions=1)
    events.send(10)
    events.run_once()
    refused = events.program("offsets", "set", events.file, "--to", "3", "--apply")
    assert refused.returncode == 4
    assert "Events (append)" in refused.stderr and "another name" in refused.stderr
    outside = events.program("offsets", "set", events.file, "--to", "11")
    assert outside.returncode == 2 and "which has 0 to 9" in outside.stderr
    skipped = events.program("offsets", "skip", events.file, "--partition", "0", "--apply")
    assert skipped.returncode == 0, skipped.stderr  # there is nothing to skip
    assert "nothing changes" in skipped.stdout
    events.send(3)
    events.program.ok("offsets", "skip", events.file, "--partition", "0", "--apply")
    events.run_once()
    assert events.numbers() == [*range(10), 11, 12]
    again = snapshot(events, f"{events.name}_again")
    events.program.ok("run", again, "--once")
    (said,) = json.loads(
        events.program.ok("--output", "json", "offsets", "set", again, "--to", "2", "--apply")
    )
    assert said["written_again"] == {"from": 2, "to": 13}
    summary = json.loads(events.program.ok("--output", "json", "run", again, "--once"))
    assert summary["records"] == 11
