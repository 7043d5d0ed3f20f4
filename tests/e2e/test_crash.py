"""Workers are killed at random moments while others join and leave, and answers to Commit are lost,
doubled and late: every table must be what it would be had nothing happened."""

import random
import signal
import time

import pytest

import orders
from spanners import CommitProxy, rows
from worker import Program

LIFE_S = (0.3, 4.0)  # of a worker, from its start to its end
FREEZE_S = (2.5, 5.0)  # longer than the session: the group gives its partitions to others


class Crew:
    """Two workers, now and then a guest, and what happens to them, chosen by the seed."""

    def __init__(self, program, pipeline_file, spanner, load, seed):
        self.program = program
        self.spanner = spanner
        self.load = load
        self.file = pipeline_file
        self.dice = random.Random(seed)
        self.started = 0
        self.killed = 0
        self.guests = 0
        self.thawed = 0
        self.outages = 0
        self.workers = [self.new_worker(), self.new_worker()]

    def new_worker(self):
        self.started += 1
        return self.program.start(f"worker{self.started}", "run", self.file)

    def incident(self):
        slot = self.dice.randrange(2)
        what = self.dice.choices(("kill", "guest", "freeze", "outage"), (8, 1, 2, 1))[0]
        assert all(worker.running() for worker in self.workers), (
            self.workers[0].log() + self.workers[1].log()
        )
        getattr(self, what)(slot)

    def wait(self):
        """For the right moment: any, or when there is much to do."""
        if self.dice.random() < 0.4:
            time.sleep(self.dice.uniform(*LIFE_S))
        else:
            self.load.in_burst.wait(LIFE_S[1])
            time.sleep(self.dice.uniform(0.2, 1.5))

    def kill(self, slot):
        self.wait()
        self.workers[slot].kill()
        self.killed += 1
        time.sleep(self.dice.choice((0, 0, self.dice.uniform(0, 3))))
        self.workers[slot] = self.new_worker()

    def guest(self, slot):
        """Somebody comes, works and leaves as `run` should."""
        guest = self.new_worker()
        guest.wait_for_log("runs into")
        time.sleep(self.dice.uniform(*LIFE_S))
        assert guest.stop() == 0, guest.log()
        self.guests += 1

    def freeze(self, slot):
        """A worker that is thought dead goes on where it was: with answers it waited for, and full
        batches."""
        self.load.in_burst.wait(LIFE_S[1])
        self.spanner.process.send_signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.2, 1.5))
        self.workers[slot].signal(signal.SIGSTOP)
        self.spanner.process.send_signal(signal.SIGCONT)
        time.sleep(self.dice.uniform(*FREEZE_S))
        self.workers[slot].signal(signal.SIGCONT)
        self.thawed += 1

    def outage(self, _):
        """The local Spanner is killed, and comes again with what it had acknowledged."""
        self.wait()
        if not self.spanner.program:
            return  # Google's emulator keeps nothing
        self.spanner.stop(signal.SIGKILL)
        time.sleep(self.dice.uniform(0, 1))
        self.spanner.start()
        self.outages += 1

    def done(self, kills):
        local = bool(self.spanner.program)
        return self.killed >= kills and self.guests and self.thawed and self.outages >= local

    def leave(self):
        for worker in self.workers:
            worker.wait_for_log("runs into")  # from then on it knows what SIGTERM means
            assert worker.stop() == 0, worker.log()


def committed(database, pipeline):
    """How far all partitions are together."""
    query = f"SELECT SUM(CompleteOffset) FROM kafka_spanner.Freshness WHERE Pipeline = '{pipeline}'"
    return rows(database, query)[0][0] or 0


@pytest.fixture
def run_orders(request, kafka, seed, name, tmp_path):
    """Sends orders through a crew that is being killed; gives what should come out, and did."""

    def run(spanner, address, append):
        options = request.config.getoption
        kafka.create_topic(name, orders.PARTITIONS)
        path = spanner.create_database(name.lower(), orders.DDL).name
        database = lambda: spanner.database(name.lower())
        program = Program(options("--program"), address, tmp_path)
        file = tmp_path / "orders.yaml"
        text = orders.PIPELINE.format(
            name=name,
            kafka=kafka.fields,
            topic=name,
            lanes=2,
            database=path,
            append=append,
        )
        file.write_text(text)
        program.ok("plan", file, "--apply")
        kills = options("--kills")
        load = orders.Load(kafka.address, name, options("--records"), kills * 3, seed)
        load.start()
        crew = Crew(program, file, spanner, load, seed)
        progress = [0]
        while not crew.done(kills) or load.is_alive():
            crew.incident()
            progress.append(committed(database(), name))
        load.finish()
        crew.leave()
        program.ok("run", file, "--once", timeout=300)
        busy = sum(after > before for before, after in zip(progress, progress[1:]))
        print(
            f"{crew.killed} kills, {crew.guests} guests, {crew.thawed} thawed, {crew.outages} "
            f"outages, {busy} of {len(progress) - 1} incidents with progress, "
            f"{load.aborted} records aborted"
        )
        assert busy >= kills / 4, progress  # the crew was killed at work, not on the way to it
        expected = orders.expected_tables(load.produced, name, name)
        if not append:
            del expected["Orders"]
        return expected, orders.actual_tables(database(), name)

    return run


def test_killed_workers(spanner, run_orders):
    expected, actual = run_orders(spanner, spanner.address, append=orders.APPEND)
    assert not (found := orders.differences(expected, actual)), found


def test_lost_answers(spanner, run_orders, seed):
    proxy = CommitProxy(spanner, seed)
    try:
        expected, actual = run_orders(spanner, proxy.address, append="")
    finally:
        proxy.stop()
    print(proxy.counts)
    assert not (found := orders.differences(expected, actual)), found
    for fate in ("lost_applied", "doubled", "late", "slow"):
        assert proxy.counts.get(fate, 0) >= 10, proxy.counts


def test_comparison_notices_one_wrong_value():
    """Without this, the tests above could not fail."""
    records = {(r.partition, i): r for i, r in enumerate(orders.make_records(2000, seed=1))}
    right = orders.expected_tables(records, "p", "t")
    assert not orders.differences(right, right)
    for table in right:
        assert len(right[table]) > 5
        row = right[table][3]
        for tampered in ([], [row, row], [row[:-1] + ("other",)]):
            wrong = {**right, table: right[table][:3] + tampered + right[table][4:]}
            assert table in orders.differences(right, wrong)
