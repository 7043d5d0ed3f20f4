"""One run with a secret of every kind, right ones and wrong ones, through every command: none of
them, nor a token made from them, is in anything that the program says or leaves anywhere."""

import json
import os
import pathlib
import re
import time
import urllib.request

import pytest
from confluent_kafka import Producer

import ocsf
import planted
from fake_google import TOKEN
from fakes import Registry, TokenRecorder, VaultKv
from servers import DATABASE, openssl
from spanners import rows
from test_kafka import WAYS, Pipeline, shown

PLAIN = {  # name: secret; nothing else in the run looks like one of them
    "Kafka password": "scram-s3cret", "wrong Kafka password": "wr0ng-Kafka!pass word",
    "client secret": "idp-s3cret", "wrong client secret": "wr0ng-client+secret/=",
    "registry password": "r3gistry-pa55word", "wrong registry password": "wr0ng-r3gistry-pa55",
    "Vault token": "hvs.planted-vault-token", "wrong Vault token": "hvs.wr0ng-vault-token",
    "password of a key": "k3y-pa55phrase", "Google token": TOKEN,
    "refresh token": "1//planted-refresh-token", "AWS secret key": "planted/aws+secret/key",
}


def encrypted(key, directory):
    path = directory / "encrypted.key"
    openssl("pkcs8", "-topk8", "-in", key, "-out", path, "-passout",
            f"pass:{PLAIN['password of a key']}")
    return path


class Planted:
    """Three pipelines: a password from Vault; a client's secret, with a registry; a private key."""

    def __init__(self, kafka, idp, spanner, secure, program, directory):
        self.program, self.directory, self.kafka = program, directory, kafka
        self.recorder = TokenRecorder(idp.issuer)
        self.registry = Registry("reader", PLAIN["registry password"])
        self.vault = VaultKv(PLAIN["Vault token"], {"password": PLAIN["Kafka password"]})
        self.endpoint = f"https://localhost:{secure.address.rsplit(':', 1)[1]}"
        self.pipelines = []
        for way in ("scram_512", "oauth_secret", "mtls"):
            folder = directory / way
            folder.mkdir()
            each = Pipeline(f"planted_{way}", WAYS[way][0], kafka, idp, spanner, folder)
            each.target = {"database": DATABASE, "endpoint": self.endpoint}
            each.table = f"T_{way}"
            each.connection["properties"] = {"debug": "all"}
            self.pipelines.append(each)
        scram, oauth, mtls = (each.connection for each in self.pipelines)
        scram["sasl"]["password"] = "secret://vault/secret/kafka#password"
        oauth["sasl"]["token_endpoint"] = self.recorder.url + "/token"
        certificate, self.key = kafka.authority.issue("pipe")
        mtls["tls"] |= shown(certificate, encrypted(self.key, directory)) | {
            "private_key_password": "secret://env/KEY_PASSWORD"}
        self.environment(right=True)
        self.produce()

    def environment(self, right):
        def pick(name):
            return PLAIN[name] if right else PLAIN["wrong " + name]

        self.program.environment |= {
            "PASSWORD": pick("client secret"), "VAULT_TOKEN": pick("Vault token"),
            "VAULT_ADDR": self.vault.url, "REGISTRY_PASSWORD": pick("registry password"),
            "KEY_PASSWORD": PLAIN["password of a key"]}

    def produce(self):
        producer = Producer({"bootstrap.servers": self.kafka.address})
        topic = self.pipelines[1].topic
        for value in (Registry.encoded("fine"), b"\0no Avro"):
            producer.produce(topic, key="k", value=value)
        producer.flush(30)

    def files(self):
        written = []
        for each in self.pipelines:
            path = each.write()
            document = json.loads(path.read_text())
            if each.name == "planted_oauth_secret":
                document["from"]["value"] = {
                    "format": "avro", "schema": {"v": "STRING"},
                    "registry": {"url": self.registry.url, "username": "reader",
                                 "password": "secret://env/REGISTRY_PASSWORD"}}
            path.write_text(json.dumps(document))
            written.append(path)
        return written

    def run(self, *arguments, **more):
        log = self.directory / "connections.jsonl"
        return self.program(arguments[0], "--connection-log", log, *arguments[1:], **more)

    def everything(self, file):
        """Every command that looks at a pipeline, in both forms of output."""
        for form in ("text", "json"):
            for command in (["plan"], ["plan", "--ddl"], ["plan", "--grants"], ["doctor"],
                            ["status"], ["offsets", "show"], ["dlq", "list"]):
                self.run(*command, file, "--output", form, "--log-format", form)

    def left_behind(self):
        """Its tables; files are looked at by planted.py."""
        for path in self.directory.rglob("connections.jsonl"):
            ocsf.check(path.read_text())
        for table in ("DeadLetters", "Checkpoints", "Partitions"):
            done = self.run("sql", "--format", "csv", "--endpoint", self.endpoint, "-d", DATABASE,
                            "-e", f"SELECT * FROM kafka_spanner.{table}")
            assert done.returncode == 0 and done.stdout.count("\n") > 1, done.stderr

    def secrets(self):
        assert len(self.recorder.given) >= 2
        tokens = [(f"token {n}", token.split(".")[-1])  # its signature: what nobody else could make
                  for n, token in enumerate(self.recorder.given)]
        keys = [("private key", line) for line in planted.lines_of(self.key.read_text())]
        return [*PLAIN.items(), *tokens, *keys]

    def stop(self):
        for each in (self.recorder, self.registry, self.vault):
            each.stop()


@pytest.fixture
def made(kafka, idp, spanner, secure, fake, program, tmp_path):
    program.environment.pop("SPANNER_EMULATOR_HOST")
    program.environment |= {
        "HOME": str(tmp_path), "GCE_METADATA_HOST": fake.host,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(secure.authority.certificate)}
    secure.tokens.write_text(TOKEN + "\n")
    planted_ones = Planted(kafka, idp, spanner, secure, program, tmp_path)
    yield planted_ones
    planted_ones.stop()


def look_at(worker):
    """What others see of a running process: the page; and that it leaves no core."""
    proc = pathlib.Path(f"/proc/{worker.process.pid}")
    limits = (proc / "limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits), limits
    # Of root, not of who runs it: others of the same user read neither memory nor environment.
    assert os.stat(proc / "environ").st_uid == 0
    worker.wait_for_log(r"metrics at (http://\S+)")
    page = re.findall(r"metrics at (http://[^/\s]+)", worker.log())[-1]
    for path in ("/metrics", "/healthz", "/readyz"):
        planted.hear(path, urllib.request.urlopen(page + path, timeout=10).read())
    check_ages(urllib.request.urlopen(page + "/metrics", timeout=10).read().decode())


def check_ages(page):
    """Each credential is there, with since when and until when."""
    def of(metric):
        found = re.findall(rf'^kafka_spanner_credential_{metric}{{credential="([^"]+)"}} (\S+)$',
                           page, re.MULTILINE)
        return {re.sub(r" for Kafka .*", "", name): float(value) for name, value in found}

    now = time.time()
    since, until = of("since_timestamp_seconds"), of("expires_timestamp_seconds")
    read = {name for name in since if name.startswith("secret://")}  # those that have a place
    assert {name.split("/")[2] for name in read} == {"vault", "file"}
    assert set(since) - read == {"token for Spanner", "token of pipe-secret", "password of alice",
                                 "certificate"}
    assert set(since) == set(until)
    assert all(now - 120 < value <= now for value in since.values()), since
    assert now < until["token of pipe-secret"] <= now + 60, "it lives for seconds"
    assert now + 3000 < until["token for Spanner"] <= now + 3600
    assert now + 86400 < until["certificate"] < now + 3 * 86400
    assert until["password of alice"] == float("inf")
    assert set(of("failures_total").values()) == {0}


def test_planted_secrets(made, fake, program, tmp_path):
    before = len(planted.said)
    files = made.files()
    for file in files:
        done = made.run("plan", "--apply", file)
        assert done.returncode == 0, done.stderr
    worker = program.start("worker", "run", "--connection-log", tmp_path / "connections.jsonl",
                           "--metrics", "127.0.0.1:0", *files)

    def count(table):
        done = program("sql", "--format", "csv", "--endpoint", made.endpoint, "-d", DATABASE,
                       "-e", f"SELECT COUNT(*) AS n FROM {table}")
        return int(done.stdout.split()[-1]) if done.returncode == 0 else 0

    made.kafka.wait_for(lambda: count("T_scram_512") == count("T_mtls") == 20
                           and count("T_oauth_secret") == 1, 60)
    look_at(worker)
    assert worker.stop() == 0
    made.everything(files[1])
    for file in files:
        made.run("doctor", file)
    fail_in_every_way(made, fake, files, tmp_path)
    made.environment(right=True)
    made.left_behind()
    texts = [*planted.said[before:], *planted.left_in(tmp_path)]
    assert len(texts) > 30, "the run said too little to mean anything"
    planted.check(texts, made.secrets())


def fail_in_every_way(made, fake, files, tmp_path):
    """Errors are where secrets slip out."""
    made.environment(right=False)
    for file in files[:2]:
        for command in (["run", "--once"], ["doctor"], ["doctor", "--output", "json"]):
            assert made.run(*command, file).returncode != 0
    made.environment(right=True)
    made.vault.data["password"] = PLAIN["wrong Kafka password"]
    assert made.run("run", "--once", files[0]).returncode == 3
    made.vault.data["password"] = PLAIN["Kafka password"]
    # A secret in the file itself is refused, and not shown.
    plain = tmp_path / "plain.yaml"
    plain.write_text(files[0].read_text().replace(
        "secret://vault/secret/kafka#password", PLAIN["wrong Kafka password"]))
    assert made.run("plan", plain).returncode == 2
    service_account = {"type": "service_account", "client_email": "sa@p.test",
                       "private_key": made.key.read_text()}
    user = {"type": "authorized_user", "client_id": "c", "token_uri": f"http://{fake.host}/no",
            "client_secret": PLAIN["client secret"], "refresh_token": PLAIN["refresh token"]}
    aws = {"type": "external_account", "audience": "a", "token_url": f"http://{fake.host}/no",
           "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
           "credential_source": {"environment_id": "aws1"}}
    made.program.environment |= {
        "KAFKA_SPANNER_CREDENTIAL_HOSTS": fake.host, "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": PLAIN["AWS secret key"],
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "fake.json")}
    for credentials in (service_account, user, aws):
        (tmp_path / "fake.json").write_text(json.dumps(credentials))
        assert made.run("doctor", files[0]).returncode == 3
        (tmp_path / "fake.json").write_text(json.dumps(credentials)[:-1])  # no JSON any more
        assert made.run("doctor", files[0]).returncode != 0
    made.program.environment.pop("GOOGLE_APPLICATION_CREDENTIALS")
