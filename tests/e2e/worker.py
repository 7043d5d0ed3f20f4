"""kafka-spanner as a process: `run` in the background, and commands that end."""

import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

import pytest

import planted


class Program:
    """Commands of kafka-spanner against one Spanner."""

    def __init__(self, path, spanner_address, directory):
        self.path = path
        self.directory = pathlib.Path(directory)
        self.environment = {**os.environ, "SPANNER_EMULATOR_HOST": spanner_address}

    def __call__(self, *arguments, timeout=120):
        """Runs a command to its end: returncode, stdout, stderr."""
        done = subprocess.run(
            [self.path, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        planted.hear(str(done.args[1:]), done.stdout + done.stderr)
        return done

    def ok(self, *arguments, timeout=120):
        done = self(*arguments, timeout=timeout)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name, *arguments):
        return Worker(self, name, arguments)


started = []  # every Worker of this run


@pytest.fixture(autouse=True)
def no_worker_outlives_its_test():
    """For the conftest.py of whoever starts Workers."""
    yield
    while started:
        started.pop().kill()


class Worker:
    """A command in the background. What it says on standard error is in DIRECTORY/NAME.log."""

    def __init__(self, program, name, arguments):
        started.append(self)
        self.name = name
        self.log_path = program.directory / f"{name}.log"
        self.out_path = program.directory / f"{name}.out"
        with open(self.log_path, "ab") as log, open(self.out_path, "ab") as out:
            self.process = subprocess.Popen(
                [program.path, *map(str, arguments)],
                env=program.environment,
                stdout=out,
                stderr=log,
            )

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.hear_arguments()
        self.process.kill()
        self.process.wait()

    def stop(self, within=40):
        """SIGTERM; its exit code."""
        self.hear_arguments()
        self.signal(signal.SIGTERM)
        return self.process.wait(within)

    def hear_arguments(self):
        """As everybody on this machine sees them."""
        arguments = pathlib.Path(f"/proc/{self.process.pid}/cmdline")
        if self.process.poll() is None:
            planted.hear(f"arguments of {self.name}", arguments.read_bytes())

    def wait(self, within=120):
        return self.process.wait(within)

    def running(self):
        return self.process.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_for_log(self, pattern, within=30):
        give_up = time.monotonic() + within
        while not re.search(pattern, self.log()):
            assert self.running(), f"{self.name} ended:\n{self.log()}"
            assert time.monotonic() < give_up, f"{self.name} never said {pattern}:\n{self.log()}"
            time.sleep(0.05)

    def wait_for(self, condition, within=60):
        give_up = time.monotonic() + within
        while not condition():
            assert self.running() and time.monotonic() < give_up, self.log()
            time.sleep(0.1)

    def page(self):
        """Its metrics; needs `--metrics`, whose address is in the log."""
        self.wait_for_log(r"metrics at (http://\S+)")
        page = re.findall(r"metrics at (http://\S+)", self.log())[-1]
        text = urllib.request.urlopen(page, timeout=10).read().decode()
        planted.hear("metrics", text)
        return text

    def metrics(self):
        """{(metric, partition): value}."""
        found = re.findall(
            r'^(\w+)\{[^}]*partition="(\d+)"[^}]*\} (\S+)$', self.page(), re.MULTILINE
        )
        return {(name, int(partition)): float(value) for name, partition, value in found}
