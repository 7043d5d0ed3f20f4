"""Google credentials to a Spanner that asks for TLS and a token. Google's own client stands beside
ours: both must get their token from the same fakes, with the same fields."""

import json

import google.auth
import google.auth.transport.requests
import pytest

from fake_google import FakeGoogle
from servers import Authority, free_port
from spanners import Endpoint
from test_kafka import WAYS, Pipeline
from worker import Program

DATA = "https://www.googleapis.com/auth/spanner.data"
ADMIN = "https://www.googleapis.com/auth/spanner.admin"
TOKEN = "planted-access-token"
DATABASE = "projects/p/instances/i/databases/d"


class SecureEndpoint(Endpoint):
    """The local Spanner with TLS that wants one of the tokens in `tokens`."""

    def __init__(self, program, directory):
        super().__init__(program, directory)
        self.tokens = self.directory / "tokens"
        self.authority = Authority(self.directory / "tls")

    def start(self):
        certificate, key = self.authority.issue("spanner")
        wrapper = self.directory / "program"
        wrapper.write_text(f'#!/bin/sh\nexec {self.program} "$@" --tls-certificate {certificate} '
                           f'--tls-private-key {key} --access-tokens {self.tokens} '
                           f'--database {DATABASE}\n')
        wrapper.chmod(0o755)
        self.program = wrapper
        super().start()


@pytest.fixture(scope="module")
def secure(request, tmp_path_factory):
    server = SecureEndpoint(request.config.getoption("--program"), tmp_path_factory.mktemp("tls"))
    server.tokens.write_text("")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def fake():
    server = FakeGoogle(TOKEN)
    yield server
    server.stop()


@pytest.fixture
def sql(request, secure, fake, tmp_path):
    """Runs SELECT 1 with credentials (a dict, or None for the metadata server)."""
    program = Program(request.config.getoption("--program"), "", tmp_path)
    for name in ("SPANNER_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        program.environment.pop(name, None)
    secure.tokens.write_text(TOKEN + "\n")
    log = tmp_path / "connections.jsonl"

    def run(credentials, hosts=True):
        program.environment |= {"HOME": str(tmp_path), "GCE_METADATA_HOST": fake.host,
                                "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH":
                                    str(secure.authority.certificate)}
        if hosts:
            program.environment["KAFKA_SPANNER_CREDENTIAL_HOSTS"] = fake.host
        if credentials is not None:
            file = tmp_path / "credentials.json"
            file.write_text(json.dumps(credentials))
            program.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(file)
        port = secure.address.rsplit(":", 1)[1]
        done = program("sql", "--connection-log", log, "--endpoint", f"https://localhost:{port}",
                       "-d", DATABASE, "-e", "SELECT 1 AS one")
        shown = done.stdout + done.stderr + (log.read_text() if log.exists() else "")
        assert TOKEN not in shown
        return done

    return run


def federated(fake, tmp_path, **more):
    subject = tmp_path / "subject"
    subject.write_text("subject")
    return {"type": "external_account", "audience": "//iam.googleapis.com/pool",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"http://{fake.host}/v1/token",
            "credential_source": {"file": str(subject)}, **more}


def reference(credentials, tmp_path, scope=DATA):
    """What Google's own client gets with the same file."""
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(credentials))
    found, _ = google.auth.load_credentials_from_file(str(file), scopes=[scope])
    found.refresh(google.auth.transport.requests.Request())
    return found.token


def asked(fake, path):
    """Fields of the requests to `path`."""
    return [fields for _, where, _, fields in fake.requests if where.endswith(path)]


def test_metadata_server(sql, fake):
    done = sql(None)
    assert done.returncode == 0, done.stderr
    assert asked(fake, "/token") == [{"scopes": DATA}]


def test_federation(sql, fake, tmp_path):
    credentials = federated(fake, tmp_path)
    assert reference(credentials, tmp_path) == TOKEN
    done = sql(credentials)
    assert done.returncode == 0, done.stderr
    theirs, ours = asked(fake, "/v1/token")
    assert ours == theirs
    assert ours["scope"] == DATA


def test_impersonation(sql, fake, tmp_path):
    address = f"http://{fake.host}/v1/projects/-/serviceAccounts/sa@p.test:generateAccessToken"
    credentials = federated(fake, tmp_path, service_account_impersonation_url=address)
    assert reference(credentials, tmp_path) == TOKEN
    done = sql(credentials)
    assert done.returncode == 0, done.stderr
    theirs, ours = asked(fake, ":generateAccessToken")
    assert ours["scope"] == theirs["scope"] == [DATA]
    assert ADMIN not in str(fake.requests)


def test_nothing_goes_to_an_address_that_nobody_allowed(sql, fake, tmp_path):
    done = sql(federated(fake, tmp_path), hosts=False)
    assert done.returncode != 0
    assert "nothing is sent there" in done.stderr
    assert fake.requests == []


def test_a_refused_token(sql, secure, fake, tmp_path):
    secure.tokens.write_text("another\n")
    done = sql(None)
    assert done.returncode != 0
    assert "invalid authentication credentials" in done.stderr


def test_a_subject_that_google_does_not_know(sql, fake, tmp_path):
    credentials = federated(fake, tmp_path)
    (tmp_path / "subject").write_text("stranger")
    done = sql(credentials)
    assert done.returncode != 0
    assert "invalid_grant (unknown subject)" in done.stderr


def test_a_running_pipeline_asks_for_rows_only(request, kafka, idp, spanner, secure, fake,
                                               tmp_path):
    """Whatever it does, --create too. Schemas are for plan --apply, which asks by name."""
    made = Pipeline("scopes", WAYS["plain"][0], kafka, idp, spanner, tmp_path)
    port = secure.address.rsplit(":", 1)[1]
    made.target = {"database": DATABASE, "endpoint": f"https://localhost:{port}"}
    made.table = "Scopes"
    secure.tokens.write_text(TOKEN + "\n")
    program = Program(request.config.getoption("--program"), "", tmp_path)
    program.environment |= {"HOME": str(tmp_path), "GCE_METADATA_HOST": fake.host,
                            "PASSWORD": "plain-s3cret", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH":
                                str(secure.authority.certificate)}
    program.ok(*made.arguments(), "--once")
    program.ok("status", made.write())
    assert {fields["scopes"] for fields in asked(fake, "/token")} == {DATA}
    fake.requests.clear()
    program.ok("plan", "--apply", made.write())
    assert {fields["scopes"] for fields in asked(fake, "/token")} == {f"{DATA},{ADMIN}"}
