"""`plan --grants` is exactly enough: with what it prints a pipeline runs under a database role and
a Kafka user that have nothing else; with any one of it taken away, it does not."""

import json

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType,
                                   ResourcePatternType, ResourceType)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from spanners import rows

TABLES = {
    # Records with a tombstone: DELETE is needed; a bad one: a dead letter.
    "Latest": "SELECT k AS Id, v AS V",
    "Counted": "SELECT LENGTH(v) AS Size, COUNT(*) AS N GROUP BY Size",
}


class Granted:
    def __init__(self, name, kafka, spanner, program, directory):
        self.name, self.kafka, self.program = name, kafka, program
        self.topic = f"t-{name}"
        self.database = spanner.create_database(name.replace("_", "-"))
        self.file = directory / "pipeline.yaml"
        kafka.create_topic(self.topic, 1)
        program.environment["PASSWORD"] = "plain-s3cret"
        self.document = {
            "pipeline": name,
            "from": {"kafka": {"brokers": kafka.at("PLAIN"), "topic": self.topic, "tls": "none",
                               "sasl": {"mechanism": "PLAIN", "username": "bob",
                                        "password": "secret://env/PASSWORD"}},
                     "key": {"format": "string", "name": "k"},
                     "value": {"format": "string", "name": "v"}},
            "to": {"spanner": {"database": self.database.name}},
            "assert": [{"check": "v != 'bad'", "else": "dead_letter"}],
            "tables": TABLES,
        }
        self.write()
        program.ok("plan", "--apply", self.file)
        self.produce()

    def write(self):
        self.file.write_text(json.dumps(self.document))

    def produce(self):
        producer = Producer({"bootstrap.servers": self.kafka.address})
        for key, value in (("a", "one"), ("b", "three"), ("a", None), ("c", "bad"), ("d", "x")):
            producer.produce(self.topic, key=key, value=value)
        producer.flush(30)

    def grants(self):
        return json.loads(self.program.ok("plan", "--grants", "--output", "json", self.file))

    def run(self):
        return self.program("run", "--once", "--wait", "3", self.file)


def acl(entry):
    return AclBinding(ResourceType[entry["resource"].upper()], entry["name"],
                      ResourcePatternType.LITERAL, entry["principal"], "*",
                      AclOperation[entry["operation"].upper()], AclPermissionType.ALLOW)


def allow(kafka, entries):
    for done in kafka.admin.create_acls([acl(e) for e in entries]).values():
        done.result(30)


def forbid(kafka, entries):
    filters = [AclBindingFilter(b.restype, b.name, b.resource_pattern_type, b.principal, b.host,
                                b.operation, b.permission_type) for b in map(acl, entries)]
    for done in kafka.admin.delete_acls(filters).values():
        done.result(30)


def test_kafka_acls(kafka, spanner, program, tmp_path):
    made = Granted("grants_kafka", kafka, spanner, program, tmp_path)
    entries = made.grants()["kafka"]
    assert {e["principal"] for e in entries} == {"User:bob"}
    for missing in entries:
        allow(kafka, [e for e in entries if e is not missing])
        # It ends by itself: with --once, nobody may be there to give what is missing.
        done = program("run", "--once", "--wait", "2", made.file, timeout=60)
        assert done.returncode == 3, done.stderr
        assert "uthorization failed" in done.stderr and "plan --grants" in done.stderr, done.stderr
        assert rows(made.database, "SELECT * FROM Latest") == []
        forbid(kafka, [e for e in entries if e is not missing])
    allow(kafka, entries)
    done = made.run()
    forbid(kafka, entries)
    assert done.returncode == 0, done.stderr
    assert rows(made.database, "SELECT Id FROM Latest ORDER BY Id") == [("b",), ("d",)]


def test_database_role(kafka, spanner, program, tmp_path):
    made = Granted("grants_spanner", kafka, spanner, program, tmp_path)
    answer = made.grants()
    allow(kafka, answer["kafka"])
    made.document["to"]["spanner"]["role"] = answer["role"]
    made.write()
    made.database.update_ddl(answer["spanner"]).result(60)
    with_role = made.grants()
    assert with_role["spanner"] == answer["spanner"][1:], "the role is there now"
    for grant in with_role["spanner"]:
        revoke = grant.replace("GRANT ", "REVOKE ").replace(" TO ROLE ", " FROM ROLE ")
        made.database.update_ddl([revoke]).result(60)
        # Something for each right to be needed: new records, and old ones once more.
        made.produce()
        done = made.run()
        assert done.returncode != 0, f"{grant} is not needed"
        made.database.update_ddl([grant]).result(60)
    done = made.run()
    forbid(kafka, answer["kafka"])
    assert done.returncode == 0, done.stderr
    assert rows(made.database, "SELECT Id FROM Latest ORDER BY Id") == [("b",), ("d",)]
    assert rows(made.database, "SELECT COUNT(*) FROM kafka_spanner.DeadLetters")[0][0] > 0


def test_the_record_takes_its_own_rights(kafka, spanner, program, tmp_path):
    """With `audit:`, those that commands need beside what running takes: each of them, alone."""
    made = Granted("grants_audit", kafka, spanner, program, tmp_path)
    source = made.document["from"]["kafka"]
    topic = f"{made.topic}-checkpoints"
    kafka.create_topic(topic, 1)
    key = tmp_path / "audit.key"
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made.document["audit"] = {"key": f"secret://file{key}", "kafka": {**source, "topic": topic}}
    made.write()
    answer = made.grants()
    audit = answer["audit"]
    allow(kafka, [*answer["kafka"], *audit["kafka"]])
    program.ok("plan", "--apply", made.file)  # as the owner of the database
    made.document["to"]["spanner"]["role"] = answer["role"]
    made.write()
    made.database.update_ddl([*answer["spanner"], *audit["spanner"]]).result(60)
    assert made.grants()["audit"] == audit
    assert made.run().returncode == 0
    text = program.ok("plan", "--grants", made.file)
    assert audit["spanner"][0] + ";" in text and f"--topic {topic}" in text

    def move():
        return program("offsets", "skip", made.file, "--partition", "0", "--apply")

    assert move().returncode == 0
    (grant,) = audit["spanner"]
    for privilege in ("SELECT", "INSERT"):
        alone = grant.replace("SELECT, INSERT", privilege)
        revoke = alone.replace("GRANT ", "REVOKE ").replace(" TO ROLE ", " FROM ROLE ")
        made.database.update_ddl([revoke]).result(60)
        assert move().returncode != 0, f"{alone} is not needed"
        made.database.update_ddl([alone]).result(60)
    for entry in audit["kafka"]:
        forbid(kafka, [entry])
        assert move().returncode != 0, f"{entry} is not needed"
        allow(kafka, [entry])
    done = move()
    forbid(kafka, [*answer["kafka"], *audit["kafka"]])
    assert done.returncode == 0, done.stderr


@pytest.fixture(autouse=True)
def no_acls_stay(kafka):
    yield
    everything = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, "User:bob", None,
                                  AclOperation.ANY, AclPermissionType.ANY)
    for done in kafka.admin.delete_acls([everything]).values():
        done.result(30)
