"""Each way to prove who we are, and what can be wrong with it: what is said has words that a person
can act on, every attempt has one entry in the connection log, and no entry is for nothing.

A cell is one line of a table below. What can go wrong while a pipeline runs: test_revoked.py.
PLAIN's users stand in the broker's file and SCRAM's have no end, so they do not expire."""

import base64
import datetime
import json
import socket
import subprocess
import urllib.parse

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import ocsf
from fake_aws import FakeAws, known_keys, source
from fake_google import TOKEN, FakeGoogle
from fakes import Fake, Registry
from managers import Aws, Vault
from servers import DATABASE, Authority, openssl, signed_jwt
from test_google import federated, sql  # noqa: F401
from test_kafka import WAYS, Pipeline, oauth, shown

HOUR = datetime.timedelta(hours=1)
NOBODY = "http://127.0.0.1:9"  # `discard`: nobody listens there
AUTHENTICATION = "check the user, its secret"
CLIENT = "Check the client's id, its secret or key"


class Attempts:
    """Lines of a connection log, by the service that was asked."""

    def __init__(self, path):
        text = path.read_text() if path.exists() else ""
        self.lines = ocsf.check(text)

    def of(self, service):
        return [line for line in self.lines if line["dst_endpoint"]["svc_name"] == service]

    def results(self, service):
        return [line["status_id"] for line in self.of(service)]

    def reasons(self, service):
        return [line["status_detail"] for line in self.of(service) if line["status_id"] == 2]


# ---- Kafka: `doctor` logs in as a worker does.


@pytest.fixture(scope="session")
def table(request, kafka, idp, spanner, tmp_path_factory):
    """A database whose tables are there, for all cells."""
    directory = tmp_path_factory.mktemp("matrix")
    made = Pipeline("matrix", WAYS["plain"][0], kafka, idp, spanner, directory)
    program = request.config.getoption("--program")
    command = [program, "plan", "--apply", made.write()]
    done = subprocess.run(command, capture_output=True, text=True,
                          env={"SPANNER_EMULATOR_HOST": spanner.address, "PASSWORD": "x"})
    assert done.returncode == 0, done.stderr
    return made


class Grants(Fake):
    """Gives real tokens of oidc-provider for grants that it does not know, after looking at them
    as RFC 7523 and RFC 8693 have it; or says `refuse`."""

    def __init__(self, idp, refuse=None):
        super().__init__()
        self.idp, self.refuse, self.requests = idp, refuse, 0

    def answer(self, method, path, headers, body):
        self.requests += 1
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if self.refuse or not self.good(form):
            return 401, {"error": "invalid_client", "error_description": self.refuse or "unknown"}
        return 200, self.idp.token()

    def good(self, form):
        kind = form["grant_type"].rsplit(":", 1)[-1]
        if kind == "token-exchange":
            return form["subject_token"] == "a-subject"
        if kind == "jwt-bearer":
            return verifies(form["assertion"], self.idp.client_key)
        return form.get("client_secret") == "idp-s3cret"


def verifies(jwt, key):
    """Whether the private key in that file has signed it (RS256)."""
    signed, signature = jwt.rsplit(".", 1)
    own = serialization.load_pem_private_key(key.read_bytes(), None)
    try:
        own.public_key().verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(),
                                padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def another_key(directory):
    path = directory / "another.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", path)
    return f"secret://file{path}"


GRANTS = {
    "jwt_bearer": {"client_id": "me", "private_key": "secret://file@IDP_KEY@"},
    "token_exchange": {"client_id": "me", "subject_token": "secret://env/PASSWORD"},
    "client_credentials": {"client_id": "me", "client_secret": "secret://env/PASSWORD",
                           "client_authentication": "post"},
}
RIGHT = {"jwt_bearer": "", "token_exchange": "a-subject", "client_credentials": "idp-s3cret"}

STATIC = ("environment", "session", "profile")  # of AWS's credentials: those that lie there
GIVEN = {"profile_role": "aws-sts", "role": "aws-sts", "web_identity": "aws-sts",
         "container": "aws-metadata", "instance": "aws-metadata"}  # and those that are given out
TOKEN_REFUSED = "look at its audience, its issuer, its expiry"

# mechanism, what is wrong, words in what doctor says (empty: all is well), where it is on record
KAFKA = [
    *[(way, "right", "", "kafka") for way in WAYS],
    *[(way, "wrong", AUTHENTICATION, "kafka") for way in ("plain", "scram_256", "scram_512")],
    *[(way, "wrong", CLIENT, "token-endpoint") for way in ("oauth_secret", "oauth_post",
                                                           "oauth_key")],
    *[("mtls", state, "has it expired or been revoked, and is its authority among those", "kafka")
      for state in ("wrong", "expired", "revoked")],
    *[(way, "down", "no broker answers", "kafka") for way in ("plain", "scram_512", "mtls")],
    *[(way, "down", "no answer from 127.0.0.1:9", "token-endpoint")
      for way in ("oauth_secret", "oauth_post", "oauth_key", *GRANTS)],
    *[(grant, "right", "", "token-endpoint") for grant in GRANTS],
    *[(grant, "wrong", CLIENT, "token-endpoint") for grant in GRANTS],
    *[(grant, "expired", "the secret of me ended yesterday", "token-endpoint") for grant in GRANTS],
    ("token_file", "right", "", "kafka"),
    ("token_file", "wrong", TOKEN_REFUSED, "kafka"),
    ("token_file", "expired", "has stopped to renew it", None),
    *[("msk_" + source, "right", "", "kafka") for source in STATIC],
    *[("msk_" + source, "wrong", TOKEN_REFUSED, "kafka") for source in STATIC],
    ("msk_session", "expired", TOKEN_REFUSED, "kafka"),
    *[("msk_" + source, *cell, service) for source, service in GIVEN.items() for cell in (
        ("right", ""), ("wrong", "HTTP status 403" if source != "instance" else "status 403"),
        ("expired", "ExpiredTokenException" if service == "aws-sts" else "have expired"),
        ("down", "no answer from 127.0.0.1:9"))],
    ("msk_none", "wrong", "no AWS credentials", None),
]


class KafkaCell:
    def __init__(self, way, state, table, kafka, idp, program, directory):
        self.way, self.state, self.table, self.program = way, state, table, program
        self.idp, self.directory, self.fake = idp, directory, None
        self.log = directory / "connections.jsonl"
        self.listener, fields, tls = self.settings(kafka)
        table.connection = {"brokers": kafka.at(self.listener), "topic": table.topic}
        if fields:
            table.connection["sasl"] = dict(fields)
            if "grant" in fields and fields["grant"] != "token_file":
                table.connection["sasl"].setdefault("token_endpoint", idp.token_endpoint)
        table.connection["tls"] = {"ca": str(kafka.authority.certificate)} if tls else "none"
        if self.listener == "MTLS":
            table.connection["tls"] |= self.certificate(kafka)
        if state == "down" and way in ("plain", "scram_512", "mtls"):
            table.connection["brokers"] = "127.0.0.1:9"
        table.directory = directory

    def settings(self, kafka):
        wrong = self.state == "wrong"
        if self.way in WAYS:
            settings, password = WAYS[self.way]
            self.program.environment["PASSWORD"] = "wrong-s3cret" if wrong else password
            fields = dict(settings[1] or {})
            if wrong and self.way == "oauth_key":
                fields["private_key"] = another_key(self.directory)
            if self.state == "down" and "grant" in fields:
                fields["token_endpoint"] = NOBODY + "/token"
            return settings[0], fields, settings[2]
        if self.way in GRANTS:
            expired = "the secret of me ended yesterday" if self.state == "expired" else None
            self.fake = Grants(self.idp, expired)
            endpoint = NOBODY if self.state == "down" else self.fake.url
            fields = dict(GRANTS[self.way], grant=self.way, mechanism="OAUTHBEARER",
                          token_endpoint=endpoint + "/token")
            self.program.environment["PASSWORD"] = "wrong" if wrong else RIGHT[self.way]
            if wrong and "private_key" in fields:
                fields["private_key"] = another_key(self.directory)
            return "OAUTH", fields, True
        if self.way == "token_file":
            path = self.directory / "token"
            path.write_text(self.token())
            return oauth(grant="token_file", token=f"secret://file{path}")
        return "MSK", self.msk(kafka, self.way.removeprefix("msk_")), False

    def msk(self, kafka, kind):
        kafka.cutters["MSK"].keys = known_keys(self.state)
        fields = {"mechanism": "AWS_MSK_IAM", "region": "eu-west-1"}
        self.program.environment |= {"HOME": str(self.directory)}
        if kind == "none":
            self.program.environment["AWS_EC2_METADATA_DISABLED"] = "true"
            return fields
        self.fake = FakeAws(self.state)
        url = NOBODY if self.state == "down" else self.fake.url
        environment, more = source(kind, url, self.directory)
        self.program.environment |= environment
        return fields | more

    def token(self):
        if self.state == "right":
            return self.idp.token()["access_token"]
        ends = -60 if self.state == "expired" else 3600
        return signed_jwt(self.idp.client_key, {"sub": "me", "aud": "other"}, ends)

    def certificate(self, kafka):
        if self.state == "wrong":
            return shown(*Authority(self.directory / "other", "other").issue("pipe"))
        ends = -HOUR if self.state == "expired" else HOUR
        certificate, key = kafka.authority.issue("pipe", ends, self.directory)
        if self.state == "revoked":
            kafka.authority.revoke(certificate)
        return shown(certificate, key)

    def run(self):
        done = self.program("doctor", "--output", "json", "--connection-log", self.log,
                            self.table.write())
        if self.fake:
            self.fake.stop()
        failed = [c["said"] for c in json.loads(done.stdout) if c["result"] == "failed"]
        return done, failed


@pytest.mark.parametrize("way,state,words,service", KAFKA, ids=lambda v: v if v else "-")
def test_kafka(way, state, words, service, table, kafka, idp, program, tmp_path):
    cell = KafkaCell(way, state, table, kafka, idp, program, tmp_path)
    cutter = kafka.cutters[cell.listener]
    before = cutter.accepted
    done, failed = cell.run()
    attempts = Attempts(cell.log)
    if not words:
        assert failed == [] and done.returncode == 0
        # 99: doctor went away while a second connection was being made.
        assert 1 in attempts.results("kafka") and 2 not in attempts.results("kafka")
    else:
        # Whether doctor's own verdict or its log has the reason is a matter of which came first.
        assert done.returncode in (2, 3) and failed
        assert any(words in said for said in [*failed, done.stderr]), (failed, done.stderr)
    if service == "kafka" and words and state != "down":
        assert any(words in reason for reason in attempts.reasons("kafka")), attempts.lines
    if service == "token-endpoint":
        entries = attempts.of("token-endpoint")
        assert {e["status_id"] for e in entries} == {2 if words else 1}
        assert {e["actor"]["user"]["name"] for e in entries} == {
            table.connection["sasl"]["client_id"]}
        if cell.fake and state != "down":  # one for each request, and no other
            assert len(entries) == cell.fake.requests
        if state == "wrong":
            assert all("Check the credential" in r for r in attempts.reasons("token-endpoint"))
    if service in GIVEN.values():
        # Credentials of the past were given out all the same.
        refused = state in ("wrong", "down") or (state, service) == ("expired", "aws-sts")
        assert (2 in attempts.results(service)) == refused and attempts.results(service)
        if state != "down":
            assert len(attempts.of(service)) == cell.fake.requests
    if state != "down":
        assert len(attempts.of("kafka")) == cutter.accepted - before
    shown_text = done.stdout + done.stderr + (cell.log.read_text() if cell.log.exists() else "")
    for secret in ("s3cret", "PRIVATE KEY", "a-subject"):
        assert secret not in shown_text


def test_a_broker_that_hangs(table, kafka, idp, program, tmp_path):
    """It takes the connection and says nothing: that is no refusal, and waiting mends it."""
    cell = KafkaCell("scram_512", "right", table, kafka, idp, program, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        table.connection |= {"brokers": f"127.0.0.1:{silent.getsockname()[1]}",
                             "properties": {"socket.connection.setup.timeout.ms": 1000}}
        done, failed = cell.run()
    assert done.returncode == 3 and any("no broker answers" in said for said in failed), failed
    refused = [e for e in Attempts(cell.log).of("kafka") if e["status_id"] == 2]
    assert refused and {e["status_code"] for e in refused} == {"UNAVAILABLE"}
    assert all("timed out in state SSL_HANDSHAKE" in e["status_detail"] for e in refused)


# ---- Spanner


def service_account(fake, directory):
    """Its token is signed by itself: impersonation shows it to somebody who can check it."""
    key = fake.key = directory / "sa.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", key)
    own = {"type": "service_account", "client_email": "sa@p.test", "private_key_id": "k",
           "private_key": key.read_text()}
    return {"type": "impersonated_service_account", "source_credentials": own,
            "service_account_impersonation_url": f"http://{fake.host}/v1/projects/-/service"
                                                 "Accounts/sa@p.test:generateAccessToken"}


def user(fake, directory):
    return {"type": "authorized_user", "client_id": "c", "client_secret": "s",
            "refresh_token": "r", "token_uri": f"http://{fake.host}/token"}


def workforce(fake, directory):
    return {"type": "external_account_authorized_user", "client_id": "c", "client_secret": "s",
            "refresh_token": "r", "token_url": f"http://{fake.host}/oauthtoken", "audience": "a"}


def from_url(fake, directory):
    return federated(fake, directory, credential_source={
        "url": f"http://{fake.host}/subject",
        "format": {"type": "json", "subject_token_field_name": "t"}})


def from_program(fake, directory):
    program = directory / "who"
    program.write_text('#!/bin/sh\necho \'{"version": 1, "success": true, "token_type": "urn:ietf:'
                       'params:oauth:token-type:jwt", "id_token": "subject", "expiration_time": '
                       '4000000000}\'\n')
    program.chmod(0o755)
    return federated(fake, directory, credential_source={"executable": {
        "command": str(program), "timeout_millis": 5000}})


def from_aws(fake, directory):
    return federated(fake, directory, credential_source={"environment_id": "aws1"},
                     subject_token_type="urn:ietf:params:aws:token-type:aws4_request")


def impersonated(fake, directory):
    address = f"http://{fake.host}/v1/projects/-/serviceAccounts/sa@p.test:generateAccessToken"
    return federated(fake, directory, service_account_impersonation_url=address)


def from_certificate(fake, directory):
    authority = Authority(directory / "workload", "workload-ca")
    certificate, key = authority.issue("workload")
    config = directory / "certificate_config.json"
    config.write_text(json.dumps({"cert_configs": {"workload": {
        "cert_path": str(certificate), "key_path": str(key)}}}))
    return federated(fake, directory, token_url=f"https://{fake.behind_tls(authority)}/v1/token",
                     subject_token_type="urn:ietf:params:oauth:token-type:mtls",
                     credential_source={"certificate": {
                         "certificate_config_location": str(config)}})


GOOGLE = {"metadata": lambda fake, directory: None, "user": user, "workforce": workforce,
          "file": federated, "url": from_url, "program": from_program, "aws": from_aws,
          "impersonated": impersonated, "service_account": service_account,
          "certificate": from_certificate}
STATES = {  # what the endpoint does: what is said
    "right": "",
    "wrong": "refused: invalid_grant",
    "expired": "invalid authentication credentials",  # by Spanner, of the token
    "down": "no answer from 127.0.0.1:",
}


class MoodyGoogle(FakeGoogle):
    state = "right"
    key = None  # of the service account whose own tokens it takes

    def answer(self, method, path, headers, fields):
        gives_tokens = path.endswith(("token", ":generateAccessToken"))
        if gives_tokens and self.state == "wrong":
            error = {"status": "invalid_grant", "message": "this client was revoked"}
            iam = path.endswith(":generateAccessToken")
            return 400, {"error": error if iam else "invalid_grant",
                         "error_description": "this client was revoked"}
        if self.key and verifies(headers["Authorization"].removeprefix("Bearer "), self.key):
            return 200, {"accessToken": self.token, "expireTime": "2099-01-01T00:00:00Z"}
        if path == "/subject":
            return 200, {"t": "subject"}
        if path == "/v1/token" and "aws4" in str(fields.get("subject_token_type")):
            fields = fields | {"subject_token": "subject"}
        return super().answer(method, path, headers, fields)


@pytest.fixture
def fake():
    server = MoodyGoogle()
    yield server
    server.stop()


@pytest.fixture
def surroundings(monkeypatch):
    """The environment; before the program copies it."""
    monkeypatch.setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
    for name, value in (("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIATEST"),
                        ("AWS_SECRET_ACCESS_KEY", "aws-s3cret")):
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("way", GOOGLE)
def test_google(way, state, surroundings, sql, fake, tmp_path):  # noqa: F811
    fake.state = state
    credentials = GOOGLE[way](fake, tmp_path)
    hosts = fake.hosts()
    if way == "certificate":
        surroundings.setenv("SSL_CERT_FILE", str(tmp_path / "workload/workload-ca.crt"))
    if state == "down":
        fake.stop()
    done = sql(credentials, hosts, tokens="another\n" if state == "expired" else TOKEN + "\n")
    attempts = Attempts(tmp_path / "connections.jsonl")
    words = STATES[state]
    if state == "down" and way == "metadata":
        words = "no Google credentials"
    if not words:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0 and words in done.stderr, done.stderr
    asked = [line for line in attempts.lines if line["dst_endpoint"]["svc_name"] != "spanner"]
    if state != "down":  # each request of ours has its entry
        assert len(asked) == len(fake.requests), (asked, fake.requests)
    refused = [a["status_detail"] for a in asked if a["status_id"] == 2]
    assert bool(refused) == (state in ("wrong", "down"))
    if state == "wrong":
        assert "this client was revoked" in refused[-1]
    if state == "expired":
        assert attempts.results("spanner") == [2]
        assert "invalid authentication credentials" in attempts.reasons("spanner")[0]


# ---- Schema registry: `plan --offline` asks it for the subject.


class GuardedRegistry(Registry):
    def __init__(self, wanted):
        super().__init__("reader", "r3gistry-pa55")
        if wanted != "basic":
            self.taken = {wanted} if wanted else set()


REGISTRY = [
    ("basic", "right", ""), ("basic", "wrong", "Check `username` and `password`"),
    ("basic", "down", "gives no schemas: no answer from 127.0.0.1:9"),
    ("token", "right", ""), ("token", "wrong", "refuses us: HTTP status 401"),
    ("token", "down", "gives no schemas: no answer from 127.0.0.1:9"),
    ("oauth", "right", ""), ("oauth", "wrong", CLIENT),
    ("oauth", "expired", "refuses us: HTTP status 401"),  # what the registry says of its token
    ("oauth", "down", "no answer from 127.0.0.1:9"),
]


@pytest.mark.parametrize("way,state,words", REGISTRY)
def test_registry(way, state, words, program, tmp_path):
    idp = Grants(None)
    idp.answer = lambda *a: ((401, {"error": "invalid_client"}) if state == "wrong" else
                             (200, {"access_token": "r3gistry-t0ken", "expires_in": 60}))
    if state == "expired":
        idp.answer = lambda *a: (200, {"access_token": "r3gistry-0ld", "expires_in": 60})
    server = GuardedRegistry("basic" if way == "basic" else "Bearer r3gistry-t0ken")
    right = {"basic": "r3gistry-pa55", "token": "r3gistry-t0ken", "oauth": "idp-s3cret"}[way]
    program.environment["PASSWORD"] = "wr0ng" if state == "wrong" else right
    down = state == "down"
    secret = "secret://env/PASSWORD"
    login = {"basic": {"username": "reader", "password": secret}, "token": {"token": secret},
             "oauth": {"oauth": {"grant": "client_credentials", "client_id": "me",
                                 "client_secret": secret, "token_endpoint":
                                     NOBODY if down else idp.url + "/token"}}}[way]
    url = NOBODY if down and way != "oauth" else server.url
    check_registry(program, tmp_path, {"url": url, **login}, words)
    attempts = Attempts(tmp_path / "connections.jsonl")
    if way != "oauth" or state in ("right", "expired"):
        assert set(attempts.results("schema-registry")) == {2 if words else 1}
        if not down:
            assert len(attempts.of("schema-registry")) == server.requests
    elif not down:
        assert attempts.results("token-endpoint") == [2] and server.requests == 0
    server.stop()
    idp.stop()


def check_registry(program, directory, registry, words):
    file = directory / "pipeline.yaml"
    file.write_text(json.dumps({
        "pipeline": "p", "from": {"kafka": {"brokers": "127.0.0.1:9", "topic": "t"},
                                  "value": {"format": "avro", "registry": registry}},
        "to": {"spanner": {"database": DATABASE}},
        "tables": {"T": {"mode": "append", "select": "SELECT _offset AS Id, v AS V"}}}))
    done = program("plan", "--offline", "--connection-log", directory / "connections.jsonl", file)
    assert "r3gistry" not in done.stdout + done.stderr
    if words:
        assert done.returncode != 0 and words in done.stderr, done.stderr
    else:
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("state,words", [
    ("right", ""), ("wrong", "refuses us"), ("expired", "refuses us"),
    ("stranger", "SSL certificate problem"),  # it is not the server that we trust
    ("down", "gives no schemas: no answer from 127.0.0.1:9")])
def test_registry_with_a_certificate(state, words, program, tmp_path):
    authority = Authority(tmp_path / "tls")
    server = GuardedRegistry(None)
    server.behind_tls(authority)
    if state == "wrong":
        certificate = shown(*Authority(tmp_path / "other", "other").issue("pipe"))
    else:
        ends = -HOUR if state == "expired" else HOUR
        certificate = shown(*authority.issue("pipe", ends, tmp_path))
    url = NOBODY if state == "down" else server.url
    trusted = Authority(tmp_path / "other", "other") if state == "stranger" else authority
    check_registry(program, tmp_path, {"url": url, "ca": str(trusted.certificate),
                                       **certificate}, words)
    attempts = Attempts(tmp_path / "connections.jsonl")
    results = attempts.results("schema-registry")
    assert results and set(results) == {2 if words else 1}
    assert state == "down" or len(results) == 1
    assert server.requests == (0 if words else 1)
    server.stop()


# ---- Vault: `doctor` reads the secret.


@pytest.fixture(scope="session")
def vault(request, tmp_path_factory):
    server = Vault(request.config.getoption("--vault"), tmp_path_factory.mktemp("vault"))
    server.start()
    server.put("scram-s3cret")
    server.know_jwts()
    yield server
    server.stop()


VAULT = [(way, state, words) for way in ("token", "approle", "jwt", "kubernetes")
         for state, words in (("right", ""), ("wrong", "Check the login"),
                              ("forbidden", "its policy may read the path"),
                              ("expired", "Check the login"),
                              ("down", "no answer from 127.0.0.1:9"))]


@pytest.mark.parametrize("way,state,words", VAULT)
def test_vault(way, state, words, vault, table, kafka, idp, program, tmp_path):
    cell = KafkaCell("scram_512", "right", table, kafka, idp, program, tmp_path)
    table.connection["sasl"]["password"] = "secret://vault/secret/kafka#password"
    program.environment |= vault.login(way, state, tmp_path)
    if state == "down":
        program.environment["VAULT_ADDR"] = NOBODY
    done, failed = cell.run()
    attempts = Attempts(cell.log)
    results = attempts.results("vault")
    if not words:
        assert failed == [] and results and set(results) == {1}
    else:
        assert done.returncode == 3 and any(words in said for said in failed), failed
        assert results[-1] == 2 and attempts.reasons("vault")
        # 1.14 answers 500 to an AppRole's wrong secret: refused for all that, not in trouble.
        assert "in trouble" not in attempts.reasons("vault")[-1]
    assert "s3cret" not in done.stdout + done.stderr + cell.log.read_text()


# ---- AWS Secrets Manager


@pytest.fixture(scope="session")
def aws(tmp_path_factory):
    server = Aws(tmp_path_factory.mktemp("aws"))
    server.start()
    server.client("secretsmanager").create_secret(Name="kafka", SecretString="scram-s3cret")
    yield server
    server.stop()


class RefusingAws(Fake):
    """What AWS answers to keys that it does not take; moto takes any."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def answer(self, method, path, headers, body):
        return 400, {"__type": self.kind, "message": "look at the keys"}


@pytest.mark.parametrize("state,words", [
    ("right", ""), ("wrong", "UnrecognizedClientException"), ("expired", "ExpiredTokenException"),
    ("forbidden", "AccessDeniedException"), ("down", "no answer from 127.0.0.1:9")])
def test_aws(state, words, aws, table, kafka, idp, program, tmp_path):
    cell = KafkaCell("scram_512", "right", table, kafka, idp, program, tmp_path)
    table.connection["sasl"]["password"] = "secret://aws/kafka"
    program.environment |= aws.environment
    cell.fake = RefusingAws(words) if words.endswith("Exception") else None
    if words:
        program.environment["AWS_ENDPOINT_URL"] = cell.fake.url if cell.fake else NOBODY
    done, failed = cell.run()
    attempts = Attempts(cell.log)
    if not words:
        assert failed == [] and set(attempts.results("aws-secrets-manager")) == {1}
    else:
        assert done.returncode == 3 and any(words in said for said in failed), failed
        assert set(attempts.results("aws-secrets-manager")) == {2}


# ---- Google Secret Manager


class MoodySecrets(FakeGoogle):
    """`state` is what it says of our token."""

    def answer(self, method, path, headers, fields):
        if path in self.secrets and self.state != "right":
            status, name = (403, "PERMISSION_DENIED") if self.state == "forbidden" else (
                401, "UNAUTHENTICATED")
            return status, {"error": {"status": name, "message": "look at the account"}}
        return super().answer(method, path, headers, fields)


@pytest.mark.parametrize("state,words", [
    ("right", ""), ("wrong", "look at the account"), ("forbidden", "look at the account"),
    ("expired", "look at the account"), ("down", "no answer from 127.0.0.1:9")])
def test_google_secrets(state, words, table, kafka, idp, program, tmp_path):
    cell = KafkaCell("scram_512", "right", table, kafka, idp, program, tmp_path)
    cell.fake = MoodySecrets()
    cell.fake.state = state
    name = "projects/p/secrets/kafka/versions"
    value = base64.b64encode(b"scram-s3cret").decode()
    cell.fake.secrets[f"/v1/{name}/latest:access"] = {"name": f"{name}/7",
                                                      "payload": {"data": value}}
    table.connection["sasl"]["password"] = f"secret://google/{name}/latest"
    address = NOBODY if state == "down" else f"http://{cell.fake.host}"
    program.environment |= {"HOME": str(tmp_path), "GCE_METADATA_HOST": cell.fake.host,
                            "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": address}
    done, failed = cell.run()
    attempts = Attempts(cell.log)
    results = attempts.results("google-secret-manager")
    assert results and set(results) == {2 if words else 1}
    if not words:
        assert failed == []
    else:
        assert done.returncode == 3 and any(words in said for said in failed), failed
        assert all(words in reason for reason in attempts.reasons("google-secret-manager"))
    if state != "down":
        assert len(results) == len([r for r in cell.fake.requests if r[1] in cell.fake.secrets])
    assert TOKEN not in done.stdout + done.stderr + cell.log.read_text()
