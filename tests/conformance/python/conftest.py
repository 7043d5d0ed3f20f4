"""What the suite runs against: what ../run has put into the environment."""

import json
import os
import subprocess
import uuid

import pytest


class Server:
    """A local Spanner of one test, with a data directory that outlives `kill`."""

    def __init__(self, program, data_dir):
        self.program = program
        self.data_dir = str(data_dir)
        self.listen = "127.0.0.1:0"
        self.process = None

    def start(self, *flags):
        command = [self.program, "spanner", "--data", self.data_dir, "--listen", self.listen]
        self.process = subprocess.Popen(
            command + ["--output", "json", *flags], stdout=subprocess.PIPE, text=True
        )
        self.listen = json.loads(self.process.stdout.readline())["address"]

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path):
    """For tests that kill; only where ../run was told which program to start."""
    program = os.environ["CONFORMANCE_PROGRAM"]
    if not program:
        pytest.skip("only with --program")
    server = Server(program, tmp_path / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def endpoint():
    """host:port"""
    return os.environ["SPANNER_EMULATOR_HOST"]


@pytest.fixture(scope="session")
def local():
    """False on Google's emulator, whose known differences stand at the assertions."""
    return os.environ["CONFORMANCE_TARGET"] == "local"


@pytest.fixture(scope="session")
def client():
    from google.cloud import spanner

    return spanner.Client(project="conformance")


@pytest.fixture(scope="session")
def instance(client):
    return make_instance(client)


def make_instance(client):
    config = next(iter(client.list_instance_configs())).name
    instance = client.instance(
        "conformance", configuration_name=config, display_name="Conformance", node_count=1
    )
    if not instance.exists():
        instance.create().result(60)
    return instance


SCHEMA = [
    """CREATE TABLE Singers (
  SingerId INT64 NOT NULL,
  FirstName STRING(1024),
  LastName STRING(1024) NOT NULL DEFAULT ('x'),
  Info BYTES(MAX),
  BirthDate DATE,
  Updated TIMESTAMP OPTIONS (allow_commit_timestamp = true),
  Score FLOAT64,
  Amount NUMERIC,
  Document JSON,
  Tags ARRAY<STRING(MAX)>,
  Active BOOL,
  FullName STRING(MAX) AS (FirstName || LastName) STORED,
  CONSTRAINT PositiveId CHECK (SingerId > 0),
) PRIMARY KEY (SingerId)""",
    """CREATE TABLE Albums (
  SingerId INT64 NOT NULL,
  AlbumId INT64 NOT NULL,
  Title STRING(MAX),
  Budget INT64,
) PRIMARY KEY (SingerId, AlbumId DESC), INTERLEAVE IN PARENT Singers ON DELETE CASCADE""",
    "CREATE UNIQUE NULL_FILTERED INDEX AlbumsByTitle ON Albums (Title DESC) STORING (Budget)",
    "CREATE INDEX SingersByName ON Singers (LastName, FirstName)",
    """CREATE TABLE Concerts (
  ConcertId INT64 NOT NULL,
  SingerId INT64,
  CONSTRAINT FK_Singer FOREIGN KEY (SingerId) REFERENCES Singers (SingerId),
) PRIMARY KEY (ConcertId)""",
    "CREATE TABLE Counters (Id INT64 NOT NULL, N INT64) PRIMARY KEY (Id)",
    "CREATE SCHEMA sch",
    "CREATE TABLE sch.Things (K STRING(MAX)) PRIMARY KEY (K)",
    "CREATE VIEW SingerIds SQL SECURITY INVOKER AS SELECT s.SingerId FROM Singers AS s",
]


def new_database(instance, statements):
    name = "c-" + uuid.uuid4().hex[:12]
    database = instance.database(name, ddl_statements=statements)
    database.create().result(60)
    return database


@pytest.fixture(scope="module")
def database(instance):
    database = new_database(instance, SCHEMA)
    yield database
    database.drop()


@pytest.fixture
def api(endpoint, database):
    """The generated client without retries, for codes and texts."""
    from raw import Raw

    return Raw(endpoint, database.name)
