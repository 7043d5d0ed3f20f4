"""run, plan, status and offsets as people and scripts use them: exit codes, words, signals."""

import json
import re
import signal
import time

import pytest

from broker import Broker
from ports import free_port
from events import Events
from spanners import Endpoint, rows
from worker import Program

wait_for = Broker.wait_for


@pytest.fixture
def make(kafka, local_spanner, program, name):
    return lambda **options: Events(kafka, local_spanner, program, name, **options)


@pytest.fixture
def own_spanner(request, tmp_path):
    """One that may be frozen."""
    endpoint = Endpoint(request.config.getoption("--program"), tmp_path)
    endpoint.start()
    yield endpoint
    endpoint.stop()


def test_a_signal_commits_what_is_in_flight_and_leaves_the_group(make, kafka):
    events = make()
    events.send(20_000)
    worker = events.start()
    wait_for(lambda: kafka.members(events.name) == 1)
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 20
    assert kafka.members(events.name) == 0  # it left; nobody has to wait for its session's end
    assert "records per second" in worker.out_path.read_text()
    # What is there is a beginning of the partition: all that was taken is committed.
    assert events.numbers() == list(range(len(events.numbers())))
    events.run_once()
    assert events.numbers() == list(range(20_000))


def test_a_second_signal_ends_at_once(kafka, own_spanner, request, tmp_path, name):
    program = Program(request.config.getoption("--program"), own_spanner.address, tmp_path)
    events = Events(kafka, own_spanner, program, name)
    worker = events.start()
    wait_for(lambda: kafka.members(name) == 1)
    own_spanner.process.send_signal(signal.SIGSTOP)  # nothing in flight can finish
    events.send(100)
    time.sleep(1)
    worker.signal(signal.SIGTERM)
    worker.wait_for_log("a second signal ends at once")
    time.sleep(0.5)
    assert worker.running()
    worker.signal(signal.SIGTERM)
    assert worker.wait(5) == 130
    own_spanner.process.send_signal(signal.SIGCONT)
    events.run_once()
    assert events.numbers() == list(range(100))


def test_lag_grows_while_the_worker_is_stuck(kafka, own_spanner, request, tmp_path, name):
    program = Program(request.config.getoption("--program"), own_spanner.address, tmp_path)
    events = Events(kafka, own_spanner, program, name)
    file = events.write(text="limits: {memory: 8MiB}\n")
    events.send(10)
    worker = events.start("--metrics", "127.0.0.1:0", file=file)
    events.wait_for(range(10))
    lag = lambda: worker.metrics().get(("kafka_spanner_lag_records", 0))
    seconds = lambda: worker.metrics()[("kafka_spanner_lag_seconds", 0)]
    wait_for(lambda: lag() == 0 and seconds() == 0)
    own_spanner.process.send_signal(signal.SIGSTOP)
    # More than it may keep in memory: it stops reading, and the lag is known all the same.
    events.send(60_000, pad=1000)
    wait_for(lambda: lag() == 60_000)
    # The clock of the lag runs as ours does; the gauge is set once a second, so either look at it
    # may be that old.
    before, at = seconds(), time.monotonic()
    wait_for(lambda: seconds() - before > 3, within=10)
    assert seconds() - before < time.monotonic() - at + 1.5
    memory_mb = (
        int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{worker.process.pid}/status").read())[1])
        / 1024
    )
    assert memory_mb < 150, memory_mb
    own_spanner.process.send_signal(signal.SIGCONT)
    wait_for(lambda: lag() == 0 and seconds() == 0, within=60)
    assert worker.stop() == 0
    assert events.numbers() == list(range(60_010))


def test_a_kafka_that_is_down_is_waited_for(make):
    events = make()
    file = events.write(kafka=f"brokers: 127.0.0.1:{free_port()}")
    done = events.program("run", file, "--wait", "7")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("Waiting for it.") == 1, done.stderr  # said once
    worker = events.start(file=file)
    worker.wait_for_log("does not answer")
    assert worker.stop(within=15) == 0


def test_a_spanner_that_is_down_is_waited_for(kafka, request, tmp_path, name):
    late = Endpoint(request.config.getoption("--program"), tmp_path)
    program = Program(request.config.getoption("--program"), late.address, tmp_path)
    late.start()
    events = Events(kafka, late, program, name)
    late.stop()
    done = program("run", events.file, "--wait", "2")
    assert done.returncode == 3
    assert done.stderr.count("Waiting for it.") == 1, done.stderr
    assert "Spanner does not answer" in done.stderr
    worker = events.start()
    worker.wait_for_log("Spanner does not answer")
    late.start()
    try:
        worker.wait_for_log("Spanner is there")
        events.send(10)
        events.wait_for(range(10))
        assert worker.stop() == 0
    finally:
        late.stop()


def test_a_topic_that_is_missing(make):
    events = make(partitions=0)
    done = events.program("run", events.file)
    assert done.returncode == 2
    assert f'topic "{events.topics[0]}" does not exist' in done.stderr


def test_tables_that_are_missing(make):
    events = make(apply=False)
    done = events.program("run", events.file)
    assert done.returncode == 2
    assert "lacks kafka_spanner" in done.stderr and "plan --apply" in done.stderr
    planned = events.program("plan", events.file)
    assert planned.returncode == 0
    assert "kafka_spanner.Checkpoints" in planned.stdout
    ddl = events.program.ok("plan", events.file, "--ddl")
    assert "CREATE TABLE kafka_spanner.Checkpoints" in ddl
    assert "created kafka_spanner.Checkpoints" in events.program.ok("plan", events.file, "--apply")
    assert events.program("run", events.file, "--once").returncode == 0


def test_a_record_that_may_not_be_passed_stops_the_pipeline(make):
    events = make(partitions=1)
    events.send(20)
    file = events.write(text="assert: [{check: n != 12, else: stop}]\n")
    for _ in range(2):  # it stays there
        stopped = events.program("run", file)
        assert stopped.returncode == 4, stopped.stderr
        assert "0@12 cannot be written" in stopped.stderr
        assert events.numbers() == list(range(12))
    events.run_once(events.write())
    assert events.numbers() == list(range(20))


def test_a_value_that_its_column_cannot_hold_becomes_a_dead_letter(make):
    events = make(partitions=1)
    long_id = "PAD" * 20
    column = f"IF(n = 7, '{long_id}', id) AS Id"
    file = events.write()
    file.write_text(file.read_text().replace("id AS Id", column))
    update = events.database.update_ddl(["ALTER TABLE Events ALTER COLUMN Id STRING(20)"])
    update.result(30)
    events.send(20)
    events.run_once(file)
    assert events.numbers() == [n for n in range(20) if n != 7]
    query = "SELECT KafkaOffset, Reason FROM kafka_spanner.DeadLetters"
    ((offset, reason),) = rows(events.database, query)
    assert offset == 7 and "Id" in reason and "20" in reason, reason


def test_a_flood_of_dead_letters_stops_the_pipeline(make):
    events = make(partitions=1)
    events.send(500)
    flood = "assert: [{check: n < 10}]\nlimits: {dead_letters: {max: 100}}\n"
    stopped = events.program("run", events.write(text=flood))
    assert stopped.returncode == 4, stopped.stderr
    assert "became dead letters, so the pipeline stopped" in stopped.stderr


def test_json_for_programs(make):
    events = make(partitions=2)
    events.send(7)
    events.send(3, partition=1)
    output = lambda *arguments: json.loads(events.program.ok("--output", "json", *arguments))
    assert output("plan", events.file)["pipeline"] == events.name
    assert output("status", events.file)[0]["partitions"] == []
    summary = output("run", events.file, "--once")
    assert (summary["records"], summary["dead_letters"]) == (10, 0)
    events.send(2)
    (status,) = output("status", events.file)
    found = [
        (p["partition"], p["next_offset"], p["end_offset"], p["lag_records"])
        for p in status["partitions"]
    ]
    assert found == [(0, 7, 9, 2), (1, 3, 3, 0)]
    (lanes,) = output("offsets", "show", events.write(lanes=1))
    assert [p["lane"] for p in lanes["partitions"]] == ["0", "0"]
    wrong = events.program("--output", "json", "run", "no_such_file.yaml")
    assert wrong.returncode == 2 and wrong.stdout == ""
    assert "no_such_file.yaml" in json.loads(wrong.stderr)["error"]["message"]


def test_a_rebalance_of_many_partitions_is_quick(make, kafka):
    events = make(partitions=60)
    first = events.start(name="first")
    wait_for(lambda: len(events.chains()) == 60 and kafka.members(events.name) == 1)
    for round in range(2):
        for partition in range(60):
            events.send(1, partition=partition)
        events.wait_for(range(events.sent))
        second = events.start(name=f"second{round}")
        wait_for(lambda: kafka.members(events.name) == 2)
        for partition in range(60):
            events.send(1, partition=partition)
        began = time.monotonic()
        events.wait_for(range(events.sent), within=20)
        print(f"joined: all partitions work again after {time.monotonic() - began:.1f} s")
        assert second.stop() == 0
    assert first.stop() == 0
