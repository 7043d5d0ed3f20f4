"""Spanner endpoints: the local Spanner, Google's emulator where it is installed, and a proxy before
either that loses answers to Commit (commit_proxy.py)."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from ports import free_port

os.environ["SPANNER_DISABLE_BUILTIN_METRICS"] = "true"
HERE = pathlib.Path(__file__).parent
PROJECT, INSTANCE = "e2e", "e2e"


def emulator_program():
    """Google's emulator, or None: it is not part of what tools/setup installs."""
    listed = (
        subprocess.run(
            ["dpkg", "-L", "google-cloud-cli-spanner-emulator"], capture_output=True, text=True
        )
        if shutil.which("dpkg")
        else None
    )
    for line in (listed.stdout if listed else "").splitlines():
        if line.endswith("/emulator_main"):
            return line
    return None


class Endpoint:
    """A Spanner at `address`. `program` is kafka-spanner, or None for Google's emulator."""

    def __init__(self, program, directory):
        self.program = program
        self.directory = pathlib.Path(directory)
        self.address = f"127.0.0.1:{free_port()}"
        self.process = None
        self._client = None
        self._databases = {}

    def start(self):
        log = open(self.directory / "spanner.log", "ab")
        if self.program:
            data = str(self.directory / "spanner")
            command = [self.program, "spanner", "--listen", self.address, "--data", data]
        else:
            command = [emulator_program(), f"--host_port={self.address}"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(200):
            try:
                socket.create_connection(self.address.split(":"), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, f"Spanner ended; see {log.name}"
                time.sleep(0.1)
        raise AssertionError(f"Spanner is not ready; see {log.name}")

    def stop(self, how=signal.SIGKILL):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(30)
        self.process = None
        # Sessions do not outlive it; Google's client would go on with the one that it had.
        self._client = None
        self._databases = {}

    def client(self):
        if self._client is None:
            os.environ["SPANNER_EMULATOR_HOST"] = self.address
            from google.cloud import spanner

            self._client = spanner.Client(project=PROJECT)
        return self._client

    def database(self, name):
        """Of Google's Python client."""
        if name not in self._databases:
            self._databases[name] = self.client().instance(INSTANCE).database(name)
        return self._databases[name]

    def create_database(self, name, ddl=()):
        client = self.client()
        instance = client.instance(
            INSTANCE,
            configuration_name=next(iter(client.list_instance_configs())).name,
            display_name=INSTANCE,
            node_count=1,
        )
        if not instance.exists():
            instance.create().result(60)
        database = instance.database(name, ddl_statements=list(ddl))
        database.create().result(60)
        return database


def rows(database, query):
    """All rows of a query, as tuples."""
    with database.snapshot() as snapshot:
        return [tuple(row) for row in snapshot.execute_sql(query, timeout=120)]


class CommitProxy:
    """Stands before an Endpoint and mistreats Commit; `counts` says how often, when stopped."""

    def __init__(self, endpoint, seed):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "commit_proxy.py"), endpoint.address, str(seed)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, "the proxy did not start"
        self.counts = None

    def stop(self):
        if self.counts is None:
            self.process.terminate()
            self.counts = json.loads(self.process.communicate(timeout=30)[0])
