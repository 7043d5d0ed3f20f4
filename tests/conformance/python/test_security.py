"""The local Spanner over TLS and for bearers of a token only, seen by Google's client."""

import subprocess

import grpc
import pytest
from conftest import Server
from google.api_core import exceptions
from google.cloud import spanner
from google.oauth2.credentials import Credentials

DATABASE = "projects/conformance/instances/secured/databases/app"


class Secured(Server):
    def __init__(self, program, directory):
        directory.mkdir()
        super().__init__(program, directory / "data")
        self.certificate, key = str(directory / "certificate.pem"), str(directory / "key.pem")
        self.tokens = directory / "tokens"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate],
            check=True, capture_output=True)
        self.tokens.write_text("first\nsecond\n")
        self.start("--tls-certificate", self.certificate, "--tls-private-key", key,
                   "--access-tokens", str(self.tokens), "--database", DATABASE)
        self.port = self.listen.rsplit(":", 1)[1]

    def ask(self, token):
        """A query by a client of its own with this token."""
        client = spanner.Client(project="conformance", credentials=Credentials(token),
                                client_options={"api_endpoint": f"localhost:{self.port}"})
        with client.instance("secured").database("app").snapshot() as snapshot:
            return list(snapshot.execute_sql("SELECT 1"))


@pytest.fixture
def secured(server, tmp_path, monkeypatch):
    secured = Secured(server.program, tmp_path / "secured")
    monkeypatch.delenv("SPANNER_EMULATOR_HOST")
    # Read by gRPC when the process makes its first channel with TLS: none of the other tests do.
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", secured.certificate)
    yield secured
    secured.kill()


def test_only_bearers_of_a_token_are_served(secured):
    assert secured.ask("first") == [[1]]
    assert secured.ask("second") == [[1]]
    with pytest.raises(exceptions.Unauthenticated, match="invalid authentication credentials"):
        secured.ask("third")
    secured.tokens.write_text("second\nthird\n")
    assert secured.ask("third") == [[1]]
    with pytest.raises(exceptions.Unauthenticated, match="invalid authentication credentials"):
        secured.ask("first")  # revoked


def test_nothing_is_served_without_tls(secured):
    with grpc.insecure_channel(f"localhost:{secured.port}") as channel:
        sessions = channel.unary_unary("/google.spanner.v1.Spanner/CreateSession")
        with pytest.raises(grpc.RpcError) as error:
            sessions(b"", timeout=15, metadata=[("authorization", "Bearer first")])
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_without_a_token_nothing_is_served(secured):
    with open(secured.certificate, "rb") as file:
        trusted = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(f"localhost:{secured.port}", trusted) as channel:
        sessions = channel.unary_unary("/google.spanner.v1.Spanner/CreateSession")
        with pytest.raises(grpc.RpcError) as error:
            sessions(b"", timeout=15)
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.RpcError) as error:
            sessions(b"", timeout=15, metadata=[("authorization", "Bearer first")])
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT  # let in, names no database
