"""What the suite runs against: --endpoint HOST:PORT, or a server that it starts itself."""

import os
import subprocess
import uuid

import pytest


def pytest_addoption(parser):
    parser.addoption("--endpoint", default="", help="a running Spanner endpoint, host:port")
    parser.addoption("--server", default="", help="the local Spanner's program, to start")
    parser.addoption("--emulator", action="store_true", help="--endpoint is Google's emulator")


class Endpoint:
    """A server of this suite; `restart` is for those that it started."""

    def __init__(self, address, program="", data_dir=""):
        self.address = address
        self.program = program
        self.data_dir = data_dir
        self.process = None

    def start(self):
        listen = self.address or "127.0.0.1:0"
        self.process = subprocess.Popen(
            [self.program, "--listen", listen, "--data", self.data_dir],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, "the server did not start"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()


@pytest.fixture(scope="session")
def endpoint(request, tmp_path_factory):
    address = request.config.getoption("--endpoint")
    if address:
        yield Endpoint(address)
        return
    program = request.config.getoption("--server")
    assert program, "give --endpoint or --server"
    server = Endpoint("", program, str(tmp_path_factory.mktemp("data")))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def local(request):
    """False on Google's emulator, whose known differences stand at the assertions."""
    return not request.config.getoption("--emulator")


@pytest.fixture(scope="session")
def client(endpoint):
    os.environ["SPANNER_EMULATOR_HOST"] = endpoint.address
    os.environ["SPANNER_DISABLE_BUILTIN_METRICS"] = "true"
    from google.cloud import spanner

    return spanner.Client(project="conformance")


@pytest.fixture(scope="session")
def instance(client):
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

    return Raw(endpoint.address, database.name)
