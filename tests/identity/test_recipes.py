"""The recipes of docs/guide/identity: each is a pipeline file that is right as it stands; those of
a provider that has a stand-in here run, with nothing changed but addresses, paths and names."""

import json

import pytest
import yaml
from confluent_kafka import Producer

from fake_aws import known_keys
from servers import RECIPES
from spanners import rows


@pytest.mark.parametrize("recipe", sorted(path.name for path in RECIPES.glob("*.yaml")))
def test_is_right(recipe, program):
    said = program.ok("plan", "--offline", RECIPES / recipe)
    assert "Users" in said


def test_guide_names_all():
    guide = (RECIPES.parent / "identity.md").read_text()
    for path in RECIPES.iterdir():
        assert f"(identity/{path.name})" in guide


def stand_in(recipe, kafka, idp, directory):
    """(listener, its tls, {field: value} of sasl). MSK's gate stands on this machine: no TLS."""
    ca = str(kafka.authority.certificate)
    (directory / "secret").write_text({"strimzi-scram": "scram-s3cret"}.get(recipe, "idp-s3cret"))
    secret = f"secret://file{directory}/secret"
    certificate, key = kafka.authority.issue("pipe")
    token = {"token_endpoint": idp.token_endpoint}
    return {
        "strimzi-tls": ("MTLS", {"ca": ca, "certificate": str(certificate),
                                 "private_key": f"secret://file{key}"}, {}),
        "strimzi-scram": ("SCRAM", {"ca": ca}, {"username": "alice", "password": secret}),
        "keycloak": ("OAUTH", {"ca": ca}, {"client_id": "pipe-secret", "client_secret": secret,
                                           **token}),
        "entra": ("OAUTH", {"ca": ca}, {"client_id": "pipe-post", "client_secret": secret,
                                        "scope": "kafka", **token}),
        "aws-msk": ("MSK", "none", {}),
        "confluent-cloud": ("OAUTH", {"ca": ca}, {"client_id": "pipe-secret",
                                                  "client_secret": secret, **token}),
        "okta": ("OAUTH", {"ca": ca}, {"client_id": "pipe-key", "key_id": "pipe",
                                       "private_key": f"secret://file{idp.client_key}", **token}),
    }[recipe]


@pytest.mark.parametrize("recipe", ["strimzi-tls", "strimzi-scram", "keycloak", "entra", "okta",
                                    "aws-msk", "confluent-cloud"])
def test_runs(recipe, program, kafka, idp, spanner, tmp_path):
    document = yaml.safe_load((RECIPES / f"{recipe}.yaml").read_text())
    listener, tls, sasl = stand_in(recipe, kafka, idp, tmp_path)
    source = document["from"]["kafka"]
    # What is put in takes the place of fields that are there. None is added to the recipe's, but
    # for the authority of our broker, where theirs is one of the system's.
    assert tls == "none" or set(tls) == set(source["tls"]) | {"ca"}
    assert set(sasl) <= set(source.get("sasl", {}))
    kafka.cutters["MSK"].keys = known_keys("right")
    program.environment |= {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "aws-s3cret"}
    source |= {"brokers": kafka.at(listener), "topic": f"recipe-{recipe}", "tls": tls}
    if sasl:
        source["sasl"] |= sasl
    document["pipeline"] = f"recipe_{recipe}".replace("-", "_")
    database = spanner.create_database(f"recipe-{recipe}")
    document["to"]["spanner"] = {"database": database.name}
    file = tmp_path / "pipeline.yaml"
    file.write_text(json.dumps(document))
    kafka.create_topic(source["topic"], 1)
    producer = Producer({"bootstrap.servers": kafka.address})
    producer.produce(source["topic"], key="u1", value='{"email": "a@b", "country": "CH"}')
    producer.flush(30)
    done = program("run", "--create", "--once", file)
    assert done.returncode == 0, done.stderr
    assert rows(database, "SELECT UserId, Country FROM Users") == [("u1", "CH")]
