"""Every kind of credential changes again and again while records flow: none is lost or doubled,
nothing restarts, no group is rebalanced. Connections are cut after each change, so that the next
ones are made with what is new; what was before is taken for one change more, as real servers do."""

import base64
import datetime
import json
import re
import threading
import time
import urllib.parse

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from fake_aws import XML, in_future, source
from fake_google import FakeGoogle
from fakes import Fake, Registry, TokenRecorder
from servers import DATABASE
from test_kafka import RECORDS, WAYS, Pipeline, oauth, shown, table_has

NOTHING = ("PL", None, False)  # the way to Kafka of a pipeline whose registry is what counts


class Minting(FakeGoogle):
    """Gives a new token of two seconds at every question; the Spanner takes it for three."""

    def __init__(self, tokens):
        super().__init__("")
        self.tokens = tokens
        self.given = []  # (when, token)
        self.lock = threading.Lock()
        self.revoked = False  # then nobody takes what it gives

    def answer(self, method, path, headers, fields):
        if not path.endswith("/token"):
            return super().answer(method, path, headers, fields)
        with self.lock:
            now, token = time.monotonic(), f"planted-token-{len(self.given)}"
            self.given.append((now, token))
            # Whole or not at all: it is being read.
            new = self.tokens.with_suffix(".new")
            good = [t for when, t in self.given if now - when < 3 and not self.revoked]
            new.write_text("".join(f"{t}\n" for t in good))
            new.replace(self.tokens)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 2}


class Issuer(TokenRecorder):
    """Takes the secrets in `taken`, and what the keys in `keys` have signed; says that its tokens
    end in two seconds. `used`: which of them were shown."""

    def __init__(self, issuer):
        super().__init__(issuer)
        self.taken, self.keys, self.used = {"idp-s3cret"}, {}, set()

    def answer(self, method, path, headers, body):
        assertion = dict(urllib.parse.parse_qsl(body.decode())).get("client_assertion")
        proof = self.signer(assertion) if assertion else self.secret(headers["Authorization"])
        if proof is None:
            return 401, {"error": "invalid_client", "error_description": "not that secret"}
        own = base64.b64encode(b"pipe-secret:idp-s3cret").decode()
        status, said = super().answer(
            method, path, {**dict(headers), "Authorization": f"Basic {own}"},
            b"grant_type=client_credentials")
        if status != 200:
            return status, said
        self.used.add(proof)
        return status, json.loads(said) | {"expires_in": 2}

    def secret(self, authorization):
        _, secret = base64.b64decode(authorization.split()[1]).decode().split(":")
        return secret if secret in self.taken else None

    def signer(self, jwt):
        """The name of the key that has signed it (ES256)."""
        signed, signature = jwt.rsplit(".", 1)
        raw = base64.urlsafe_b64decode(signature + "==")
        pair = [int.from_bytes(half, "big") for half in (raw[:32], raw[32:])]
        for name, key in self.keys.items():
            try:
                key.verify(utils.encode_dss_signature(*pair), signed.encode(),
                           ec.ECDSA(hashes.SHA256()))
            except InvalidSignature:
                continue
            return name
        return None


class Sts(Fake):
    """Assumes a role for whom `taken` has: each time it gives new keys, of three seconds, and what
    they sign is let through `gate` for a second more. `used`: who came."""

    def __init__(self, gate):
        super().__init__()
        self.gate, self.taken, self.used, self.given = gate, set(), set(), []

    def answer(self, method, path, headers, body):
        who = re.search(r"Credential=(\w+)/", headers["Authorization"])[1]
        if who not in self.taken:
            return 403, b"<E><Error><Code>InvalidClientTokenId</Code></Error></E>"
        self.used.add(who)
        n, now = len(self.given), time.monotonic()
        key = (f"ASIA{n}", f"issued-s3cret-{n}", f"session-s3cret-{n}")
        self.given.append((now, key))
        self.gate.keys = {name: proof for when, (name, *proof) in self.given if now - when < 4}
        return 200, XML.format(*key, in_future(datetime.timedelta(seconds=3))).encode()


class Renewal(threading.Thread):
    """Of a file with a token, as whoever does it for a workload: well before it ends."""

    def __init__(self, idp, file):
        super().__init__(daemon=True)
        self.idp, self.file, self.stopping = idp, file, threading.Event()
        self.renew()

    def renew(self):
        new = self.file.with_suffix(".new")
        new.write_text(self.idp.token("pipe-file")["access_token"])
        new.replace(self.file)

    def run(self):
        while not self.stopping.wait(0.5):
            self.renew()


def at_registry(server, pipeline, **login):
    """`pipeline` reads Avro, with schemas from there; each of its records has schema `schema`."""
    pipeline.schema = 1
    pipeline.value = {"format": "avro", "schema": {"v": "STRING"},
                      "registry": {"url": server.url, **login}}
    pipeline.encode = lambda number: Registry.encoded(f"v{number}", pipeline.schema)


class Kinds:
    """A pipeline for each kind of credential, and its change to number `n`."""

    def __init__(self, make, kafka, idp, directory):
        self.kafka, self.directory = kafka, directory
        self.issuer = Issuer(idp.issuer)
        self.registries = {kind: Registry("reader", "reader-s3cret")
                           for kind in ("basic", "bearer", "certificate")}
        for kind, server in self.registries.items():
            server.taken = {self.shown(kind, 0)}
        self.registries["certificate"].behind_tls(kafka.authority)
        for name, text in (("scram", "scram-s3cret"), ("plain", "plain-s3cret"),
                           ("client", "idp-s3cret"), ("reader", "reader-s3cret")):
            (directory / name).write_text(text)
        self.show("pipe", "pipe", 0)
        self.show("reader", "reader-0", 0)
        self.made = {way: make(way, WAYS[way][0])
                     for way in ("scram_512", "plain", "mtls", "oauth_secret", "oauth_key")}
        for way, name in (("scram_512", "scram"), ("plain", "plain")):
            self.made[way].connection["sasl"]["password"] = self.secret(name)
        self.made["oauth_secret"].connection["sasl"] |= {
            "client_secret": self.secret("client"), "token_endpoint": self.issuer.url + "/token"}
        self.sign(0)
        self.made["oauth_key"].connection["sasl"] |= {
            "private_key": self.secret("signing"), "token_endpoint": self.issuer.url + "/token"}
        self.made["mtls"].connection["tls"] |= self.certificate("pipe")
        self.renewal = Renewal(idp, directory / "token")
        self.renewal.start()
        self.made["token_file"] = make("token_file", oauth(
            grant="token_file", token=self.secret("token")))
        self.sts = Sts(kafka.cutters["MSK"])
        self.environment, fields = source("profile_role", self.sts.url, directory)
        self.lay_keys(0)
        self.made["msk"] = make("msk", (
            "MSK", {"mechanism": "AWS_MSK_IAM", "region": "eu-west-1", **fields}, False))
        logins = {"basic": {"username": "reader", "password": self.secret("reader")},
                  "bearer": {"token": self.secret("reader")},
                  "certificate": {"ca": str(kafka.authority.certificate),
                                  **self.certificate("reader")}}
        for kind, login in logins.items():
            self.made[kind] = make(f"registry_{kind}", NOTHING)
            at_registry(self.registries[kind], self.made[kind], **login)

    def secret(self, name):
        return f"secret://file{self.directory / name}"

    def certificate(self, name):
        return shown(self.directory / f"{name}.pem", self.directory / f"{name}.pem.key")

    def show(self, file, name, number):
        """The key first: for a moment it is another's, and that is refused."""
        folder = self.directory / f"issued-{number}"
        folder.mkdir(exist_ok=True)
        certificate, key = self.kafka.authority.issue(name, into=folder)
        (self.directory / f"{file}.pem.key").write_text(key.read_text())
        (self.directory / f"{file}.pem").write_text(certificate.read_text())

    def sign(self, n):
        """A new key; the one before is known too."""
        key = ec.generate_private_key(ec.SECP256R1())
        before = {name: known for name, known in self.issuer.keys.items() if name == f"key-{n - 1}"}
        self.issuer.keys = before | {f"key-{n}": key.public_key()}
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
        new = self.directory / "signing.new"
        new.write_bytes(pem)
        new.replace(self.directory / "signing")

    def lay_keys(self, n):
        """Of AWS, into the profile; those before are known too."""
        self.sts.taken = {f"AKIA{n - 1}", f"AKIA{n}"}
        new = self.directory / ".aws/new"
        new.write_text(f"[default]\naws_access_key_id = AKIA{n}\n"
                       f"aws_secret_access_key = aws-s3cret-{n}\n")
        new.replace(self.directory / ".aws/credentials")

    def change(self, n):
        before = "s3cret" if n == 1 else f"s3cret-{n - 1}"
        self.kafka.set_scram_password("alice", f"scram-s3cret-{n}")
        self.kafka.cutters["PLAIN"].taken["alice"] = {f"plain-{before}", f"plain-s3cret-{n}"}
        self.issuer.taken = {f"idp-{before}", f"idp-s3cret-{n}"}
        for kind, server in self.registries.items():
            server.taken = {self.shown(kind, n - 1), self.shown(kind, n)}
        for name, text in (("scram", "scram"), ("plain", "plain"), ("client", "idp"),
                           ("reader", "reader")):
            (self.directory / name).write_text(f"{text}-s3cret-{n}")
        self.sign(n)
        self.lay_keys(n)
        self.show("pipe", "pipe", n)
        self.show("reader", f"reader-{n}", n)
        for kind in self.registries:
            self.made[kind].schema = n + 1  # one that nobody has asked for

    @staticmethod
    def shown(kind, n):
        """What a registry is shown of number `n`."""
        secret = f"reader-s3cret-{n}" if n else "reader-s3cret"
        return {"basic": Registry.basic("reader", secret), "bearer": f"Bearer {secret}",
                "certificate": f"reader-{n}"}[kind]

    def are_used(self, n):
        """Number `n`, of what is not Kafka's own."""
        asked = self.issuer.used | self.sts.used
        return {f"idp-s3cret-{n}", f"key-{n}", f"AKIA{n}"} <= asked and all(
            self.shown(kind, n) in server.used for kind, server in self.registries.items())

    def end(self):
        self.kafka.set_scram_password("alice", "scram-s3cret")
        self.kafka.cutters["PLAIN"].taken["alice"] = {"plain-s3cret"}
        self.renewal.stopping.set()
        self.renewal.join()
        for each in (self.issuer, self.sts, *self.registries.values()):
            each.stop()


class Load(threading.Thread):
    """Produces to all pipelines' topics until stopped."""

    def __init__(self, pipelines):
        super().__init__(daemon=True)
        self.pipelines, self.stopping, self.sent = pipelines, threading.Event(), 0

    def run(self):
        while not self.stopping.wait(0.1):
            for each in self.pipelines:
                each.produce(RECORDS)
            self.sent += RECORDS


def test_rotation_under_load(request, kafka, idp, spanner, secure, program, tmp_path):
    rotations = request.config.getoption("--rotations")
    google = Minting(secure.tokens)
    program.environment.pop("SPANNER_EMULATOR_HOST")
    program.environment |= {
        "HOME": str(tmp_path), "GCE_METADATA_HOST": google.host,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(secure.authority.certificate)}
    endpoint = f"https://localhost:{secure.address.rsplit(':', 1)[1]}"

    def make(name, way):
        directory = tmp_path / f"of-{name}"
        directory.mkdir()
        each = Pipeline(f"rotation_{name}", way, kafka, idp, spanner, directory, records=0)
        each.target = {"database": DATABASE, "endpoint": endpoint}
        each.table = f"T_{name}"
        return each

    kinds = Kinds(make, kafka, idp, tmp_path)
    program.environment |= kinds.environment
    made = list(kinds.made.values())
    files = [each.write() for each in made]
    for file in files:
        program.ok("plan", "--apply", file)
    log = tmp_path / "connections.jsonl"
    worker = program.start("worker", "run", "--connection-log", log, "--metrics", "127.0.0.1:0",
                           *files)

    def rows_of(table):
        text = program.ok("sql", "--format", "csv", "--endpoint", endpoint, "-d", DATABASE, "-e",
                          f"SELECT COUNT(*) AS n FROM {table}")
        return int(text.split()[-1])

    def wait_for(condition, within=60):
        deadline = time.monotonic() + within
        while not condition():
            assert worker.running() and time.monotonic() < deadline, worker.log()[-6000:]
            time.sleep(0.05)

    def all_have(count):
        return lambda: all(rows_of(each.table) == count for each in made)

    def taken():
        return worker.log().count("Kafka took the new credentials")

    def entries(service):
        whole = log.read_text().rpartition("\n")[0]  # the last may be on its way
        return [json.loads(line) for line in whole.splitlines()
                if f'"svc_name":"{service}"' in line]

    def tokens():
        return {a["unmapped"]["credential_version"] for a in entries("spanner")}

    def ends():
        """Of the tokens that have no name of ours: the file's, and those signed with AWS's keys."""
        told = re.findall(r'^kafka_spanner_credential_expires_timestamp_seconds'
                          r'{credential="token for Kafka \S+:(\d+)"} (\S+)$', worker.page(), re.M)
        assert {int(port) for port, _ in told} == {kafka.ports["OAUTH"], kafka.ports["MSK"]}
        return dict(told)

    def are_other_than(before):
        return all(end != before[port] for port, end in ends().items())

    def taken_of(mechanism):
        """Versions of those tokens that Kafka took."""
        return {a["unmapped"]["credential_version"] for a in entries("kafka")
                if mechanism in a["auth_protocol"] and a["status_id"] == 1
                and a["user"]["name"] == "unknown"}

    def check_nothing_was_noticed():
        generations = kafka.generations()
        after = {each.name: generations[each.name] for each in made}
        assert after == before, worker.log()[-20_000:]
        assert worker.stop() == 0
        assert {a["status_id"] for a in entries("spanner")} == {1}
        # Rows are appended by offset: one that came twice would be one of these.
        assert rows_of("kafka_spanner.DeadLetters") == 0
        said = worker.log() + log.read_text()
        for secret in ("s3cret", "planted-token", "PRIVATE KEY"):
            assert secret not in said

    for each in made:
        each.produce(RECORDS)
    wait_for(all_have(RECORDS))
    before = {each.name: kafka.generations()[each.name] for each in made}
    assert all(generation >= 1 for generation in before.values())
    load = Load(made)
    load.start()
    try:
        for n in range(1, rotations + 1):
            already, before_change = taken(), ends()
            kinds.change(n)
            wait_for(lambda: taken() == already + 3 and kinds.are_used(n)
                     and are_other_than(before_change))
            for cutter in kafka.cutters.values():
                cutter.cut()
            wait_for(lambda: len(taken_of("OAUTHBEARER")) > n and len(taken_of("AWS_MSK_IAM")) > n)
        # Each pipeline has tokens of its own.
        wait_for(lambda: len(tokens()) >= len(made) * rotations, 4 * rotations + 30)
        load.stopping.set()
        load.join()
        wait_for(all_have(RECORDS + load.sent))
        check_nothing_was_noticed()
    finally:
        load.stopping.set()
        kinds.end()
    print(f"{rotations} of each kind, {len(tokens())} tokens for Spanner, {load.sent} records each")


def test_a_password_that_comes_seconds_late_is_no_rebalance(kafka, idp, spanner, program, tmp_path):
    """Kafka has it at once, the pipeline does not: it is refused again and again, so each attempt
    is put off for longer. When it has it, it must be back before its session has ended."""
    made = Pipeline("late", WAYS["scram_512"][0], kafka, idp, spanner, tmp_path)
    made.connection["properties"] = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
    password = tmp_path / "password"
    password.write_text("scram-s3cret")
    made.connection["sasl"]["password"] = f"secret://file{password}"
    worker = program.start("worker", *made.arguments())
    kafka.wait_for(lambda: table_has(made, RECORDS), 60)
    before, sent = kafka.generations()[made.name], RECORDS
    try:
        for n in range(2):
            kafka.set_scram_password("alice", f"late-s3cret-{n}")
            kafka.cutters["SCRAM"].cut()
            time.sleep(3.5)
            password.write_text(f"late-s3cret-{n}")
            made.produce(10)
            sent += 10
            kafka.wait_for(lambda: table_has(made, sent), 60)
            time.sleep(6)
        assert kafka.generations()[made.name] == before
        assert worker.stop() == 0
    finally:
        kafka.set_scram_password("alice", "scram-s3cret")


# kind: what it is changed to, and what is said of it. Those of SCRAM and certificates to Kafka:
# test_kafka.py; a version that a secret manager has too early: test_secret_stores.py.
WRONG = {
    "plain": ("plain", "those before stay in use"),
    "oauth_secret": ("client", "the one before stays in use"),
    "oauth_key": ("signing", "the one before stays in use"),
    "basic": ("reader", "the one before stays in use"),
    "bearer": ("reader", "the one before stays in use"),
    "certificate": ("reader.pem", "the one before stays in use"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_one_is_told_and_left(kind, kafka, idp, spanner, program, tmp_path):
    """What was before serves on, on new connections too, and a right one is taken later."""
    def make(name, way):
        directory = tmp_path / f"of-{name}"
        directory.mkdir()
        return Pipeline(f"w_{kind}_{name}"[:28], way, kafka, idp, spanner, directory, records=0)

    file, words = WRONG[kind]
    kinds = Kinds(make, kafka, idp, tmp_path)
    made = kinds.made[kind]
    worker = program.start("worker", *made.arguments())
    sent = 0

    def wait_for(condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert worker.running() and time.monotonic() < deadline, worker.log()[-6000:]
            time.sleep(0.05)

    def more():
        nonlocal sent
        made.schema = sent + 1  # the registry is asked
        made.produce(RECORDS)
        sent += RECORDS
        wait_for(lambda: table_has(made, sent))

    try:
        more()
        if file.endswith(".pem"):
            kinds.show("reader", "stranger", 1)
        else:
            (tmp_path / file).write_text("wr0ng-s3cret")
        if kind in kinds.registries:
            more()  # the next question shows it
        wait_for(lambda: words in worker.log())
        for cutter in kafka.cutters.values():
            cutter.cut()
        more()
        kinds.change(1)
        wait_for(lambda: "Kafka took the new" in worker.log() if kind == "plain" else
                 kind in kinds.registries or "idp-s3cret-1" in kinds.issuer.used
                 or "key-1" in kinds.issuer.used)
        more()
        if kind in kinds.registries:
            assert kinds.shown(kind, 1) in kinds.registries[kind].used
        assert worker.stop() == 0
        assert "s3cret" not in worker.log() + made.log.read_text()
    finally:
        kinds.end()
