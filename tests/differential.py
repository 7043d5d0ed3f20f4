#!/usr/bin/env python3
"""Random schemas, rows, DML and queries, asked of Google's emulator and of the local Spanner.

    tests/differential.py --emulator PROGRAM --local PROGRAM [--seed N] [--count N]

Both are started anew every few rounds: the emulator gets slower with its age, to a tenth after some
thousand statements. Each round has a database of its own, with tables as random as the statements;
at its end both must hold the same rows. Prints every statement whose answers differ and exits 1 if
there was one; a difference that counts becomes a case of tests/sql. Of errors the code is compared.
The same seed makes the same statements. Needs `pip install google-cloud-spanner`.
"""
import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_sql  # noqa: E402
import record  # noqa: E402

ROUND = 250  # statements
ROUNDS = 8   # of one start
START_SECONDS = 20
# What the emulator says of itself, not of the statement: it has lost a column of a subquery over
# the table that DML changes (https://github.com/GoogleCloudPlatform/cloud-spanner-emulator).
BROKEN = ("ERROR DEADLINE_EXCEEDED", "ERROR INTERNAL", "ERROR NOT_FOUND Failed to find column")
# Of several things that are wrong with several rows, anyone may be told first.
OF_ROWS = {"ERROR ALREADY_EXISTS", "ERROR FAILED_PRECONDITION", "ERROR OUT_OF_RANGE"}


@contextlib.contextmanager
def started(*command):
    """`command` with a free HOST:PORT behind it, and a client of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ["SPANNER_EMULATOR_HOST"] = address = f"127.0.0.1:{port}"
    process = subprocess.Popen([*command[:-1], command[-1] + address],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"{command[0]} does not answer") from None
                time.sleep(0.05)
        yield record.Emulator()
    finally:
        process.kill()
        process.wait()


def run(server, statement):
    case = record.Case()
    case.statement = statement
    answer = server.answer(case, False)
    if answer[0].startswith(BROKEN):
        return ["BROKEN"]
    if answer[0].startswith("ERROR"):
        return [" ".join(answer[0].split()[:2])]
    # -0.0 and 0.0 are equal: which of them stands for a group is anybody's choice.
    lines = [line.replace("-0.0", "0.0") for line in answer]
    return lines[:1] + (sorted(lines[1:]) if lines[0].startswith("~") else lines[1:])


class Comparison:
    def __init__(self):
        self.emulator = self.local = None
        self.asked = self.errors = self.differ = self.broken = 0

    def ask(self, statement, counts=True):
        """Whether both answer alike; None: the emulator gave no verdict."""
        want, got = run(self.emulator, statement), run(self.local, statement)
        if want == ["BROKEN"]:
            self.broken += 1
            return None
        self.asked += counts
        self.errors += counts and want[0].startswith("ERROR")
        if want == got or (want[0] in OF_ROWS and got[0] in OF_ROWS):
            return True
        self.differ += 1
        print(f"{statement}\n  emulator {want[:6]}\n  local    {got[:6]}", flush=True)
        return False

    def round(self, seed, count):
        """Ends early where the rows are no longer the same."""
        generator = random_sql.Generator(seed)
        for server in (self.emulator, self.local):
            server.use("differential")
        schema = generator.schema()
        before = self.differ
        for statement in schema:
            self.ask(statement, counts=False)
        for table in generator.tables:
            for _ in range(12):
                rows = generator.rows(table, "INSERT OR UPDATE", 1)
                self.ask(f"INSERT OR UPDATE INTO {table.name} {rows}", False)
        for _ in range(count):
            statement = generator.statement()
            if not self.ask(statement) and not statement.startswith("SELECT"):
                return self.print_round(seed, schema, before)
        for table in generator.tables:
            self.ask(f"SELECT * FROM {table.name}", False)
        self.print_round(seed, schema, before)

    def print_round(self, seed, schema, before):
        if self.differ > before:
            print("".join(f"  schema {statement}\n" for statement in schema) +
                  f"  round --seed {seed}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--local", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    comparison = Comparison()
    seed = arguments.seed
    while comparison.asked < arguments.count:
        with started(arguments.emulator, "--host_port=") as comparison.emulator, \
                started(arguments.local, "spanner", "--in-memory", "--listen=") as comparison.local:
            for _ in range(ROUNDS):
                comparison.round(seed, min(ROUND, arguments.count - comparison.asked))
                seed += 1
        print(f"{comparison.asked} statements, {comparison.errors} errors, "
              f"{comparison.differ} differ, {comparison.broken} without a verdict", flush=True)
    return 1 if comparison.differ else 0


if __name__ == "__main__":
    sys.exit(main())
