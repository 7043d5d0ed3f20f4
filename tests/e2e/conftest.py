"""One Kafka for the whole run, started at its first use; a Spanner of every kind likewise."""

import pathlib
import random

import pytest

import planted
from broker import Broker, running
from spanners import Endpoint, emulator_program
from worker import Program, no_worker_outlives_its_test  # noqa: F401


def pytest_addoption(parser):
    parser.addoption("--program", required=True, help="kafka-spanner")
    parser.addoption(
        "--kafka", required=True, help="folder with Kafka's jars: tools/setup/run kafka"
    )
    parser.addoption("--seed", type=int, default=random.randrange(2**31), help="of the faults")
    parser.addoption("--records", type=int, default=200_000, help="of the crash tests")
    parser.addoption("--kills", type=int, default=20, help="of the crash tests, at least")


def pytest_report_header(config):
    return f"--seed={config.getoption('--seed')} repeats the choice of faults"


@pytest.fixture(scope="session")
def seed(request):
    return request.config.getoption("--seed")


@pytest.fixture(scope="session", autouse=True)
def nothing_said_is_a_secret(tmp_path_factory):
    """In all that commands said and left, pipeline files that they wrote included."""
    yield
    written = (*planted.OURS, ".yaml", ".json", ".sql")
    left = planted.left_in(tmp_path_factory.getbasetemp(), written)
    planted.check([*planted.said, *left])


@pytest.fixture(scope="session")
def kafka(request, tmp_path_factory):
    broker = Broker(request.config.getoption("--kafka"), tmp_path_factory.mktemp("kafka"))
    broker.create()
    yield from running(broker)


@pytest.fixture(scope="session")
def local_spanner(request, tmp_path_factory):
    yield from running(
        Endpoint(request.config.getoption("--program"), tmp_path_factory.mktemp("local"))
    )


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    if emulator_program() is None:
        pytest.skip("Google's emulator is not installed here")
    yield from running(Endpoint(None, tmp_path_factory.mktemp("emulator")))


@pytest.fixture(params=["local", "emulator"])
def spanner(request):
    """Each Spanner in turn."""
    return request.getfixturevalue(
        {"local": "local_spanner", "emulator": "emulator"}[request.param]
    )


@pytest.fixture
def name(request):
    """A name for topic, pipeline and database that nobody else uses."""
    return "".join(c if c.isalnum() else "_" for c in request.node.name.removeprefix("test_"))[
        :26
    ].strip("_")


@pytest.fixture
def program(request, local_spanner, tmp_path):
    """kafka-spanner against the local Spanner."""
    return Program(request.config.getoption("--program"), local_spanner.address, tmp_path)
