"""PostgreSQL from Debian as a process, and Debezium's connector for it in Kafka Connect."""

import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

from ports import free_port

READY_WITHIN_S = 120


class Postgres:
    """A cluster of its own in a temporary directory. PostgreSQL refuses to run as root, so root
    runs it as the user that Debian's package made."""

    def __init__(self):
        (self.programs,) = glob.glob("/usr/lib/postgresql/*/bin")[-1:]
        self.user = "postgres" if os.geteuid() == 0 else None
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postgres"))
        self.port = free_port()
        self.process = None

    def start(self):
        owner = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid} if self.user else {}
        if self.user:
            shutil.chown(self.directory, self.user)
        log = open(self.directory / "log", "ab")
        data = str(self.directory / "data")
        subprocess.run(
            [f"{self.programs}/initdb", "-D", data, "-U", "shop", "-A", "trust", "--no-sync"],
            stdout=log,
            stderr=log,
            check=True,
            **owner,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.directory,
            "wal_level": "logical",
            "fsync": "off",
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [f"{self.programs}/postgres", "-D", data, f"-p{self.port}", *options],
            stdout=log,
            stderr=log,
            **owner,
        )
        give_up = time.monotonic() + READY_WITHIN_S
        while subprocess.run(self.psql("SELECT 1"), capture_output=True).returncode != 0:
            assert self.process.poll() is None, (self.directory / "log").read_text()
            assert time.monotonic() < give_up, (self.directory / "log").read_text()
            time.sleep(0.2)

    def psql(self, sql):
        programs = [f"{self.programs}/psql", "-h127.0.0.1", f"-p{self.port}", "-Ushop", "-XAtq"]
        return [*programs, "-vON_ERROR_STOP=1", "-F\t", "postgres", "-c", sql]

    def run(self, sql):
        """Several statements are one transaction. Rows as lists of text."""
        done = subprocess.run(self.psql(sql), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


CONNECTOR = {
    "name": "shop",
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "plugin.name": "pgoutput",
    "database.hostname": "127.0.0.1",
    "database.user": "shop",
    "database.password": "unused",
    "database.dbname": "postgres",
    "topic.prefix": "shop",
    "publication.autocreate.mode": "filtered",
    "skipped.operations": "none",
    "decimal.handling.mode": "precise",
}

WORKER = {
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "offset.flush.interval.ms": "1000",
    "plugin.discovery": "service_load",
}


def properties(settings):
    return "".join(f"{name}={value}\n" for name, value in settings.items())


class Debezium:
    """Kafka Connect alone (one process) with the connector; `jars` is what
    `tools/setup/run debezium` fills."""

    def __init__(self, jars, kafka, postgres, directory, tables):
        self.jars = jars
        self.directory = pathlib.Path(directory)
        self.process = None
        (self.directory / "worker.properties").write_text(
            properties(
                {
                    **WORKER,
                    "bootstrap.servers": kafka.address,
                    "listeners": f"http://127.0.0.1:{free_port()}",
                    "offset.storage.file.filename": self.directory / "offsets",
                }
            )
        )
        (self.directory / "connector.properties").write_text(
            properties(
                {**CONNECTOR, "database.port": postgres.port, "table.include.list": tables}
            )
        )

    def start(self):
        log = open(self.directory / "connect.log", "ab")
        self.process = subprocess.Popen(
            ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]
            + [f"{self.jars}/*", "org.apache.kafka.connect.cli.ConnectStandalone"]
            + ["worker.properties", "connector.properties"],
            cwd=self.directory,
            stdout=log,
            stderr=log,
        )

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
