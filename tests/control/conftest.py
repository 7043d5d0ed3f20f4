"""A Spanner and two issuers for the whole run; a control plane for each test."""

import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import people  # noqa: E402
import planted  # noqa: E402
from broker import Broker, running  # noqa: E402
from spanners import Endpoint  # noqa: E402

from issuer import Issuer  # noqa: E402
from plane import Plane  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--program", required=True, help="kafka-spanner")
    parser.addoption(
        "--kafka", required=True, help="folder with Kafka's jars: tools/setup/run kafka"
    )
    parser.addoption("--oidc", required=True, help="folder of oidc-provider: tools/setup/run oidc")
    parser.addoption("--keycloak", help="its folder; without it test_keycloak.py is left out")
    parser.addoption("--axe", required=True, help="axe-core: tools/setup/run browser")


def pytest_ignore_collect(collection_path, config):
    without = collection_path.name == "test_keycloak.py" and not config.getoption("--keycloak")
    return True if without else None


@pytest.fixture(scope="session", autouse=True)
def nothing_said_is_a_secret(tmp_path_factory):
    """In all answers, logs, connection logs and records of the whole run."""
    yield
    planted.check([*planted.said, *planted.left_in(tmp_path_factory.getbasetemp())])


@pytest.fixture(scope="session")
def spanner(request, tmp_path_factory):
    yield from running(
        Endpoint(request.config.getoption("--program"), tmp_path_factory.mktemp("spanner"))
    )


@pytest.fixture(scope="session")
def kafka(request, tmp_path_factory):
    broker = Broker(request.config.getoption("--kafka"), tmp_path_factory.mktemp("kafka"))
    broker.create()
    yield from running(broker)


def an_issuer():
    made = Issuer()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def issuer():
    yield from an_issuer()


@pytest.fixture(scope="session")
def other():
    """Known too: another company's."""
    yield from an_issuer()


@pytest.fixture(scope="session")
def stranger():
    """Whom the server does not know."""
    yield from an_issuer()


@pytest.fixture(scope="module")
def browser():
    with people.chromium() as browser:
        yield browser


@pytest.fixture
def name(request):
    return re.sub("[^a-z0-9]", "", request.node.name.lower())[-28:].lstrip("0123456789")


@pytest.fixture
def make(request, spanner, tmp_path, name, issuer, other):
    """Replicas of one control plane."""
    spanner.create_database(name)
    planes = []

    def start(**more):
        planes.append(Plane(request.config.getoption("--program"), spanner, tmp_path, name,
                            issuer, other, **more))
        return planes[-1]

    yield start
    for plane in planes:
        plane.stop(kill=True)


@pytest.fixture
def plane(make):
    return make()
