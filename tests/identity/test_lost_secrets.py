"""A place that gives its secret no more while a pipeline runs: what was read last serves on, on
new connections too; it is reported, in words; and when the place gives it again, a change made
meanwhile is taken."""

import base64
import re
import urllib.request

import pytest

from broker import running
from fakes import Fake
from managers import Aws, Vault
from servers import signed_jwt
from test_kafka import RECORDS, WAYS, pipeline, table_has  # noqa: F401
from test_matrix import MoodySecrets, another_key

LEASE = {"token_ttl": "6s", "token_max_ttl": "12s"}  # Vault's; it is renewed once
DATA = "secret://vault/secret/kafka#password"


class InVault:
    service, reference = "vault", DATA
    counted = None

    def __init__(self, request, directory):
        self.vault = Vault(request.config.getoption("--vault"), directory)
        self.server = running(self.vault)
        next(self.server)
        self.vault.put("scram-s3cret")
        self.file = directory / "proof"
        self.environment = {"VAULT_ADDR": self.vault.url, **self.log_in(directory)}

    def put(self, password):
        self.vault.put(password)

    def stop(self):
        self.server.close()


class VaultToken(InVault):
    """Its token is revoked, and another one laid where it was."""
    words = "permission denied"

    def log_in(self, directory):
        self.file = directory / ".vault-token"
        self.give_back()
        return {"HOME": str(directory)}

    def give_back(self):
        made = self.vault.ask("POST", "auth/token/create", {"policies": ["pipe"]})
        self.file.write_text(made["auth"]["client_token"])

    def lose(self):
        self.vault.ask("POST", "auth/token/revoke", {"token": self.file.read_text()})


class AppRole(InVault):
    """Its secret id is destroyed while the lease runs, which may still be renewed until its end."""
    words = "invalid secret id"

    def log_in(self, directory):
        made = self.vault.role("pipe", **LEASE)
        self.file.write_text(made.pop("VAULT_SECRET_ID"))
        return made | {"VAULT_SECRET_ID_FILE": str(self.file)}

    def lose(self):
        self.vault.ask("POST", "auth/approle/role/pipe/secret-id/destroy",
                       {"secret_id": self.file.read_text()})

    def give_back(self):
        made = self.vault.ask("POST", "auth/approle/role/pipe/secret-id", {})
        self.file.write_text(made["data"]["secret_id"])


class Workload(InVault):
    """The file with its JWT gets one that another key has signed."""
    words = "error validating token"

    def log_in(self, directory):
        self.vault.know_jwts()
        self.vault.ask("POST", "auth/jwt/role/short", {
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
            "token_policies": "pipe", **LEASE})
        self.give_back()
        return {"VAULT_JWT_FILE": str(self.file), "VAULT_ROLE": "short"}

    def show(self, key):
        self.file.write_text(signed_jwt(key, {"sub": "pipe", "aud": ["vault"]}, 600))

    def give_back(self):
        self.show(self.vault.jwt_key)

    def lose(self):
        self.show(another_key(self.file.parent).removeprefix("secret://file"))


class Pod(InVault):
    """The cluster takes the token of its service account no more: the pod is gone."""
    words, counted = "permission denied", "/v1/auth/kubernetes/login"

    def log_in(self, directory):
        self.vault.know_jwts()
        self.vault.ask("POST", "auth/kubernetes/role/short", {
            "bound_service_account_names": ["pipe"], "token_policies": "pipe",
            "bound_service_account_namespaces": ["team"], **LEASE})
        return self.vault.login("kubernetes", "right", directory) | {"VAULT_ROLE": "short"}

    def requests(self):
        return self.vault.kubernetes.requests

    def lose(self):
        self.known, self.vault.kubernetes.known = self.vault.kubernetes.known, set()

    def give_back(self):
        self.vault.kubernetes.known = self.known


class AwsGate(Fake):
    """Stands before moto, which takes any keys; `refuses` as AWS does."""

    def __init__(self, behind):
        super().__init__()
        self.behind, self.refuses, self.requests = behind, False, 0

    def answer(self, method, path, headers, body):
        self.requests += 1
        if self.refuses:
            return 400, {"__type": "AccessDeniedException", "message": "not authorized to perform"}
        kept = {name: value for name, value in headers.items() if name.lower() != "host"}
        request = urllib.request.Request(self.behind + path, body, kept, method=method)
        return 200, urllib.request.urlopen(request, timeout=10).read()


class InAws:
    service, reference = "aws-secrets-manager", "secret://aws/kafka"
    words, counted = "AccessDeniedException", "POST"

    def requests(self):
        return self.gate.requests

    def __init__(self, request, directory):
        self.aws = Aws(directory)
        self.aws.start()
        self.gate = AwsGate(self.aws.url)
        self.aws.client("secretsmanager").create_secret(Name="kafka", SecretString="scram-s3cret")
        self.environment = self.aws.environment | {"AWS_ENDPOINT_URL": self.gate.url}

    def lose(self):
        self.gate.refuses = True

    def give_back(self):
        self.gate.refuses = False

    def put(self, password):
        self.aws.client("secretsmanager").put_secret_value(SecretId="kafka", SecretString=password)

    def stop(self):
        self.gate.stop()
        self.aws.stop()


class InGoogle:
    service, words, counted = "google-secret-manager", "look at the account", "GET"
    name = "projects/p/secrets/kafka/versions"
    reference = f"secret://google/{name}/latest"

    def requests(self):
        return len([r for r in self.fake.requests if r[1] in self.fake.secrets])

    def __init__(self, request, directory):
        self.fake, self.version = MoodySecrets(), 0
        self.give_back()
        self.put("scram-s3cret")
        self.environment = {
            "HOME": str(directory), "GCE_METADATA_HOST": self.fake.host,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"http://{self.fake.host}"}

    def lose(self):
        self.fake.state = "forbidden"

    def give_back(self):
        self.fake.state = "right"

    def put(self, password):
        self.version += 1
        data = base64.b64encode(password.encode()).decode()
        self.fake.secrets[f"/v1/{self.name}/latest:access"] = {
            "name": f"{self.name}/{self.version}", "payload": {"data": data}}

    def stop(self):
        self.fake.stop()


class InKubernetes:
    """A mounted Secret, as the kubelet lays it: `..data` leads to the folder of a version."""
    service, words, environment, counted = None, "cannot read", {}, None

    def __init__(self, request, directory):
        self.mount, self.version = directory / "mount", 0
        self.mount.mkdir()
        (self.mount / "password").symlink_to("..data/password")
        self.reference = f"secret://kubernetes{self.mount}/password"
        self.put("scram-s3cret")

    def show(self):
        self.version += 1
        folder = self.mount / f"..2026_11_27_{self.version}"
        folder.mkdir()
        if self.password:
            (folder / "password").write_text(self.password)
        (self.mount / "..new").symlink_to(folder.name)
        (self.mount / "..new").replace(self.mount / "..data")

    def put(self, password):
        self.password = password
        self.show()

    def lose(self):
        self.put(None)

    def give_back(self):
        pass

    def stop(self):
        pass


PLACES = {"vault": VaultToken, "approle": AppRole, "workload": Workload, "pod": Pod,
          "aws": InAws, "google": InGoogle, "kubernetes": InKubernetes}


@pytest.mark.parametrize("kind", PLACES)
def test_lost(kind, request, pipeline, program, kafka, tmp_path):  # noqa: F811
    place = PLACES[kind](request, tmp_path)
    program.environment |= place.environment
    made = pipeline(WAYS["scram_512"][0])
    made.connection["sasl"]["password"] = place.reference
    worker = program.start("worker", *made.arguments(), "--metrics", "127.0.0.1:0")
    try:
        worker.wait_for(lambda: table_has(made, RECORDS))
        place.lose()
        worker.wait_for(lambda: "what it was stays in use" in worker.log())
        told = re.search(r".*what it was stays in use: .*", worker.log())[0]
        assert place.reference.split("#")[0] in told and place.words in told
        if place.service:
            assert any(place.words in reason for reason in made.reasons(place.service))
        failures = f'credential_failures_total{{credential="{place.reference}"}}'
        assert re.search(re.escape(failures) + " [1-9]", worker.page())
        kafka.cutters["SCRAM"].cut()
        made.produce(10)
        worker.wait_for(lambda: table_has(made, RECORDS + 10))
        kafka.set_scram_password("alice", "next-s3cret")
        place.give_back()
        place.put("next-s3cret")
        worker.wait_for(lambda: "Kafka took the new credentials of alice" in worker.log())
        assert f"{place.reference} can be read again" in worker.log()
        kafka.cutters["SCRAM"].cut()
        made.produce(10)
        worker.wait_for(lambda: table_has(made, RECORDS + 20))
        assert worker.stop() == 0 and made.count() == RECORDS + 20
        if place.counted:  # an entry for each request, and no other
            entries = [a["api"]["operation"] for a in made.attempts(place.service)]
            assert sum(place.counted in asked for asked in entries) == place.requests()
    finally:
        kafka.set_scram_password("alice", "scram-s3cret")
        place.stop()
