"""One authorization server, one Kafka and one local Spanner for the whole run."""

import pytest

from servers import Idp, SecureBroker, SecureEndpoint  # first: it says where the next are
from broker import running
from fake_google import TOKEN, FakeGoogle
from spanners import Endpoint
import planted
from worker import Program, no_worker_outlives_its_test  # noqa: F401

TOKEN_SECONDS = 6  # short, so that tokens are renewed within a test


def pytest_addoption(parser):
    parser.addoption("--program", required=True, help="kafka-spanner")
    parser.addoption("--kafka", required=True, help="folder with Kafka's jars")
    parser.addoption("--rotations", type=int, default=50, help="of each credential, under load")
    parser.addoption("--vault", required=True, help="Vault's program")
    parser.addoption("--oidc", required=True, help="folder with the provider and its modules")
    parser.addoption("--keycloak", help="its folder; without it test_keycloak.py is left out")


def pytest_ignore_collect(collection_path, config):
    without = collection_path.name == "test_keycloak.py" and not config.getoption("--keycloak")
    return True if without else None


@pytest.fixture(scope="session")
def idp(request, tmp_path_factory):
    modules = request.config.getoption("--oidc")
    yield from running(Idp(tmp_path_factory.mktemp("idp"), modules, TOKEN_SECONDS))


@pytest.fixture(scope="session")
def kafka(request, idp, tmp_path_factory):
    jars = request.config.getoption("--kafka")
    broker = SecureBroker(jars, tmp_path_factory.mktemp("kafka"), idp)
    broker.create()
    yield from running(broker)


@pytest.fixture(scope="session")
def spanner(request, tmp_path_factory):
    program = request.config.getoption("--program")
    yield from running(Endpoint(program, tmp_path_factory.mktemp("spanner")))


@pytest.fixture(scope="module")
def secure(request, tmp_path_factory):
    """A local Spanner with TLS that takes the tokens in `secure.tokens`: none at first."""
    program = request.config.getoption("--program")
    server = SecureEndpoint(program, tmp_path_factory.mktemp("secure"))
    server.tokens.write_text("")
    yield from running(server)


@pytest.fixture
def fake():
    """Google's endpoints."""
    server = FakeGoogle()
    yield server
    server.stop()


@pytest.fixture
def program(request, spanner, tmp_path):
    return Program(request.config.getoption("--program"), spanner.address, tmp_path)


# That any test of this suite uses; test_planted_secrets.py plants one of every other kind.
for secret in (TOKEN, "scram-s3cret", "plain-s3cret", "idp-s3cret", "carol-s3cret", "next-s3cret",
               "PRIVATE KEY"):
    planted.plant(secret, secret)


@pytest.fixture(scope="session", autouse=True)
def nothing_said_is_a_secret(tmp_path_factory):
    """In all that commands said, and logs and connection logs that they left, of the whole run."""
    yield
    planted.check([*planted.said, *planted.left_in(tmp_path_factory.getbasetemp())])
