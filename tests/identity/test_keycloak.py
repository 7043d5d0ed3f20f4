"""A real Keycloak: what docs/guide/identity/keycloak-realm.json gives a client is enough for
keycloak.yaml beside it, with the ACLs that `plan --grants` prints; Kafka checks its tokens against
Keycloak's keys. Not part of the suite, for it starts for half a minute:
`tests/identity/run PROGRAM test_keycloak.py` gets it and runs this."""

import itertools
import json
import time

import pytest
import yaml
from confluent_kafka import Producer

from broker import running
from keycloak import ADMINISTRATOR, Keycloak
from servers import RECIPES, SecureBroker, openssl
from test_grants import allow
from test_kafka import RECORDS, pipeline, table_has  # noqa: F401
from test_matrix import CLIENT, TOKEN_REFUSED
from spanners import rows
import planted

TOKEN_SECONDS = 6
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def keycloak(request, tmp_path_factory):
    home = request.config.getoption("--keycloak")
    yield from running(Keycloak(home, tmp_path_factory.mktemp("keycloak"), TOKEN_SECONDS))


@pytest.fixture(scope="module")
def kafka(request, keycloak, tmp_path_factory):
    """One whose tokens are Keycloak's."""
    broker = SecureBroker(request.config.getoption("--kafka"), tmp_path_factory.mktemp("kafka"),
                          keycloak)
    broker.create()
    yield from running(broker)


@pytest.fixture
def name():
    """Of a client that no other test has."""
    return f"client-{next(NUMBERS)}"


@pytest.fixture
def client(keycloak, name):
    return keycloak.add_client(name)


@pytest.fixture(autouse=True)
def nothing_said_is_a_secret_of_keycloak(keycloak, tmp_path):
    before = len(planted.said)
    yield
    secrets = [("administrator", ADMINISTRATOR)] + [
        (found["clientId"], found["secret"]) for realm in ("kafka", "another")
        for found in keycloak.administer("GET", f"/{realm}/clients") if found.get("secret")]
    assert len(secrets) > 2
    planted.check([*planted.said[before:], *planted.left_in(tmp_path)], secrets)


@pytest.fixture
def made(request, keycloak, client, kafka, pipeline, program, tmp_path):  # noqa: F811
    """A pipeline that logs in as `client`, whose secret is in the file `secret`."""
    secret = tmp_path / "secret"
    secret.write_text(client.secret)
    each = pipeline(("OAUTH", {"mechanism": "OAUTHBEARER", "grant": "client_credentials",
                               "client_id": client.id,
                               "client_secret": f"secret://file{secret}"}, True))
    give_rights(kafka, program, each.write())
    return each


@pytest.fixture
def idp(keycloak):
    return keycloak


def give_rights(kafka, program, file):
    allow(kafka, json.loads(program.ok("plan", "--grants", "--output", "json", file))["kafka"])


@pytest.mark.parametrize("proof", ["secret", "key"])
def test_recipe(proof, keycloak, kafka, spanner, program, tmp_path):
    """The recipe's client, with nothing changed but addresses and the secret's path; and one with a
    key in the place of its secret."""
    document = yaml.safe_load((RECIPES / "keycloak.yaml").read_text())
    source, name = document["from"]["kafka"], f"recipe_{proof}"
    sasl = source["sasl"] | {"token_endpoint": keycloak.token_endpoint}
    if proof == "secret":
        (tmp_path / "secret").write_text(keycloak.client(sasl["client_id"]).secret)
        sasl["client_secret"] = f"secret://file{tmp_path}/secret"
    else:
        keycloak.add_client_with_key("with-a-key")
        del sasl["client_secret"]
        sasl |= {"client_id": "with-a-key", "key_id": "pipe",
                 "private_key": f"secret://file{keycloak.client_key}"}
    source |= {"brokers": kafka.at("OAUTH"), "topic": name, "sasl": sasl,
               "tls": {"ca": str(kafka.authority.certificate)}}
    database = spanner.create_database(name.replace("_", "-"))
    document |= {"pipeline": name, "to": {"spanner": {"database": database.name}}}
    file = tmp_path / "pipeline.yaml"
    file.write_text(json.dumps(document))
    kafka.create_topic(name, 1)
    producer = Producer({"bootstrap.servers": kafka.address})
    producer.produce(name, key="u1", value='{"email": "a@b", "country": "CH"}')
    producer.flush(30)
    refused = program("run", "--create", "--once", "--wait", "2", file)
    assert refused.returncode == 3 and "uthorization failed" in refused.stderr, refused.stderr
    give_rights(kafka, program, file)
    done = program("run", "--once", file)
    assert done.returncode == 0, done.stderr
    assert rows(database, "SELECT UserId, Country FROM Users") == [("u1", "CH")]


def test_a_wrong_secret(made, program, tmp_path):
    (tmp_path / "secret").write_text("wr0ng-s3cret")
    done = program(*made.arguments(), "--once")
    assert done.returncode == 3 and CLIENT in done.stderr, done.stderr
    assert "unauthorized_client" in done.stderr
    entry, = made.attempts("token-endpoint")
    assert entry["status_id"] == 2 and "Invalid client" in entry["status_detail"]
    assert entry["actor"]["user"]["name"] == made.connection["sasl"]["client_id"]
    assert "s3cret" not in done.stderr + made.log.read_text()


def test_a_wrong_key(keycloak, pipeline, program, name):  # noqa: F811
    """Signed by a key that the client does not have."""
    keycloak.add_client_with_key(name)
    another = keycloak.directory / "another.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", another)
    made = pipeline(("OAUTH", {"mechanism": "OAUTHBEARER", "grant": "client_credentials",
                               "client_id": name, "key_id": "pipe",
                               "private_key": f"secret://file{another}"}, True))
    done = program(*made.arguments(), "--once")
    assert done.returncode == 3 and CLIENT in done.stderr, done.stderr
    assert [a["status_id"] for a in made.attempts("token-endpoint")] == [2]


@pytest.mark.parametrize("of", ["another realm", "the past"])
def test_a_token_that_kafka_does_not_take(of, keycloak, made, client, program, tmp_path):
    """Of another realm: its keys are not those that Kafka checks with."""
    token = client.token()
    if of == "another realm":
        token = keycloak.add_client(client.id, "another").token()
    (tmp_path / "token").write_text(token)
    made.connection["sasl"] = {"mechanism": "OAUTHBEARER", "grant": "token_file",
                               "token": f"secret://file{tmp_path}/token"}
    if of == "the past":
        time.sleep(TOKEN_SECONDS + 1)
    done = program(*made.arguments(), "--once")
    assert done.returncode == 3, done.stderr
    if of == "the past":  # we see that ourselves
        assert "has stopped to renew it" in done.stderr
    else:
        assert TOKEN_REFUSED in made.reasons("kafka")[0] and TOKEN_REFUSED in done.stderr


def test_tokens_are_renewed_and_secrets_rotated(made, client, program, tmp_path):
    """Over several lives of a token; the client's secret changes twice meanwhile, and for a moment
    the file still has the one before, which Keycloak takes no more."""
    worker = program.start("worker", *made.arguments())
    sent = RECORDS
    worker.wait_for(lambda: table_has(made, sent))
    for _ in range(2):
        end = time.monotonic() + TOKEN_SECONDS
        while time.monotonic() < end:
            made.produce(5)
            sent += 5
            time.sleep(0.5)
        client.new_secret()
        (tmp_path / "secret").write_text(client.secret)
    worker.wait_for(lambda: table_has(made, sent))
    asked = len(made.attempts("token-endpoint"))
    worker.wait_for(lambda: made.attempts("token-endpoint")[-1]["status_id"] == 1
                    and len(made.attempts("token-endpoint")) > asked)
    assert worker.stop() == 0
    assert not made.reasons("kafka")
    assert len({a["unmapped"]["credential_version"] for a in made.attempts()}) >= 3


def test_a_client_that_is_disabled_while_running(made, client, program):
    worker = program.start("worker", *made.arguments())
    worker.wait_for(lambda: table_has(made, RECORDS))
    client.set(enabled=False)
    worker.wait_for(lambda: made.reasons("token-endpoint"))
    assert "Invalid client credentials" in made.reasons("token-endpoint")[0]
    worker.wait_for(lambda: CLIENT in worker.log())
    # The token at hand serves until it ends; then Kafka takes nothing of us any more.
    time.sleep(TOKEN_SECONDS + 1)
    made.produce(10)
    time.sleep(2)
    assert worker.running() and made.count() == RECORDS
    client.set(enabled=True)
    worker.wait_for(lambda: table_has(made, RECORDS + 10))
    assert worker.stop() == 0
