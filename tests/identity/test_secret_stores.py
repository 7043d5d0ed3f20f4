"""secret:// references into real managers: HashiCorp Vault, moto's AWS Secrets Manager, and a fake
of Google's Secret Manager. What proves that a secret was read right is Kafka, which takes the
password or does not."""

import base64
import time

import pytest

from broker import running
from fake_google import FakeGoogle
from managers import Aws, Vault
from test_kafka import RECORDS, Pipeline, WAYS, pipeline, shows_no_secret, table_has  # noqa: F401

ROOT = "https://www.googleapis.com/auth/cloud-platform"


@pytest.fixture
def vault(request, tmp_path):
    yield from running(Vault(request.config.getoption("--vault"), tmp_path))


@pytest.fixture
def aws(tmp_path):
    yield from running(Aws(tmp_path))


def with_password(pipeline, reference):
    made = pipeline(WAYS["scram_512"][0])
    made.connection["sasl"]["password"] = reference
    return made


def test_aws(pipeline, program, aws):
    created = aws.client("secretsmanager").create_secret(
        Name="kafka", SecretString='{"password": "scram-s3cret"}')
    program.environment |= aws.environment
    made = with_password(pipeline, "secret://aws/kafka#password")
    done = program(*made.arguments(), "--once")
    assert done.returncode == 0, done.stderr
    assert made.count() == RECORDS
    assert {a["unmapped"]["credential_version"] for a in made.attempts()} == {created["VersionId"]}
    shows_no_secret(done, made)


def test_aws_with_a_role_from_a_web_identity(pipeline, program, aws, tmp_path):
    """IRSA: STS gives keys for a token, and Secrets Manager is asked with those."""
    aws.client("secretsmanager").create_secret(Name="kafka", SecretString="scram-s3cret")
    token = tmp_path / "token"
    token.write_text("a.web.identity")
    program.environment |= {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1",
                            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
                            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pipe"}
    made = with_password(pipeline, "secret://aws/kafka")
    done = program(*made.arguments(), "--once")
    assert done.returncode == 0, done.stderr
    for service in ("aws-sts", "aws-secrets-manager"):
        assert {a["status_id"] for a in made.attempts(service)} == {1}


def test_aws_without_the_secret(pipeline, program, aws):
    program.environment |= aws.environment
    done = program(*with_password(pipeline, "secret://aws/nope").arguments(), "--once")
    assert done.returncode == 2 and "there is no such secret" in done.stderr, done.stderr


def test_google(pipeline, program, tmp_path):
    fake = FakeGoogle("planted-access-token")
    name = "projects/p/secrets/kafka/versions"
    value = base64.b64encode(b"scram-s3cret").decode()
    fake.secrets[f"/v1/{name}/latest:access"] = {"name": f"{name}/7", "payload": {"data": value}}
    program.environment |= {"HOME": str(tmp_path), "GCE_METADATA_HOST": fake.host,
                            "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"http://{fake.host}"}
    made = with_password(pipeline, f"secret://google/{name}/latest")
    done = program(*made.arguments(), "--once")
    fake.stop()
    assert done.returncode == 0, done.stderr
    assert {a["unmapped"]["credential_version"] for a in made.attempts()} == {"7"}
    scopes = [fields["scopes"] for _, path, _, fields in fake.requests if path.endswith("/token")]
    assert scopes == [ROOT]
    assert "planted-access-token" not in done.stderr + made.log.read_text()


def test_vault_rotates_seals_and_revokes(pipeline, program, kafka, vault):
    """A wrong new password is refused aside; a right one is taken; a sealed Vault is waited for,
    for longer than our token's lease; a revoked login is made again."""
    vault.put("scram-s3cret")
    program.environment |= vault.role("pipe", token_ttl="8s", token_max_ttl="20s")
    made = with_password(pipeline, "secret://vault/secret/kafka#password")
    worker = program.start("worker", *made.arguments())
    worker.wait_for(lambda: table_has(made, RECORDS), 40)
    vault.put("wrong-s3cret")
    worker.wait_for(lambda: "those before stay in use" in worker.log(), 40)
    vault.seal()
    worker.wait_for(lambda: "what it was stays in use" in worker.log(), 40)
    time.sleep(10)
    made.produce(10)
    worker.wait_for(lambda: table_has(made, RECORDS + 10), 40)
    vault.unseal()
    kafka.set_scram_password("alice", "next-s3cret")
    try:
        vault.put("next-s3cret")
        worker.wait_for(lambda: "Kafka took the new credentials of alice" in worker.log(), 60)
        made.produce(10)
        worker.wait_for(lambda: table_has(made, RECORDS + 20), 40)
        assert worker.stop() == 0
    finally:
        kafka.set_scram_password("alice", "scram-s3cret")
    shown = worker.log() + made.log.read_text()
    for secret in ("scram-s3cret", "next-s3cret", "wrong-s3cret",
                   program.environment["VAULT_SECRET_ID"], "hvs."):
        assert secret not in shown
    # What Vault refused is on record too, one entry each.
    assert {a["status_id"] for a in made.attempts("vault")} == {1, 2}


def test_vault_with_rights_to_nothing(pipeline, program, vault):
    program.environment |= vault.role("pipe", token_policies="default")
    vault.put("scram-s3cret")
    done = program(*with_password(pipeline, "secret://vault/secret/kafka#password").arguments())
    assert done.returncode == 3, done.stderr
    assert "Vault refused" in done.stderr and "its policy may read the path" in done.stderr
