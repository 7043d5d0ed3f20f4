"""One authorization server, one Kafka and one local Spanner for the whole run."""

import pathlib
import shutil
import subprocess

import pytest

from servers import HERE, Idp, SecureBroker
from spanners import Endpoint
from worker import Program

TOKEN_SECONDS = 6  # short, so that tokens are renewed within a test


def pytest_addoption(parser):
    parser.addoption("--program", required=True, help="kafka-spanner")
    parser.addoption("--kafka", required=True, help="folder with Kafka's jars")
    parser.addoption("--oidc", required=True, help="folder with the provider and its modules")


@pytest.fixture(scope="session")
def idp(request, tmp_path_factory):
    server = Idp(tmp_path_factory.mktemp("idp"), request.config.getoption("--oidc"), TOKEN_SECONDS)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka(request, idp, tmp_path_factory):
    jars = request.config.getoption("--kafka")
    broker = SecureBroker(jars, tmp_path_factory.mktemp("kafka"), idp)
    broker.create()
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def spanner(request, tmp_path_factory):
    server = Endpoint(request.config.getoption("--program"), tmp_path_factory.mktemp("spanner"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def program(request, spanner, tmp_path):
    return Program(request.config.getoption("--program"), spanner.address, tmp_path)
