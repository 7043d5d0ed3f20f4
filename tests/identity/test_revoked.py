"""A credential that is revoked while a pipeline runs: the worker says so in words and stays; what
it may not do waits; and when the credential is good again everything is there, once. And one that
expires while a commit is on its way."""

import datetime
import json
import re
import threading
import time

import pytest

import ocsf
from fake_aws import FakeAws, known_keys, source
from fakes import Registry, TokenRecorder
from gates import Cutter
from servers import DATABASE, free_port, signed_jwt
from test_google import federated
from test_kafka import RECORDS, WAYS, Pipeline, oauth, pipeline, shown, table_has  # noqa: F401
from test_matrix import GIVEN, GRANTS, RIGHT, Grants
from test_rotation import NOTHING, Minting, at_registry



@pytest.fixture
def running(pipeline, program):  # noqa: F811
    """A factory: a pipeline that has written RECORDS, and its worker."""
    def start(way, password, change=lambda connection: None, whole=False):
        """`change`: of what it says of Kafka, or of the whole."""
        made = pipeline(way, 0 if whole else RECORDS)
        change(made if whole else made.connection)
        if whole:
            made.produce(RECORDS)
        program.environment["PASSWORD"] = password
        worker = program.start("worker", *made.arguments())
        worker.wait_for(lambda: table_has(made, RECORDS))
        return made, worker
    return start


def goes_on(made, worker, sent):
    worker.wait_for(lambda: table_has(made, sent))
    assert worker.stop() == 0
    assert made.count() == sent


def test_a_user_that_kafka_forgot(running, kafka):
    kafka.set_scram_password("carol", "carol-s3cret")
    made, worker = running(WAYS["scram_512"][0], "carol-s3cret",
                           lambda connection: connection["sasl"].update(username="carol"))
    kafka.forget_scram("carol")
    kafka.cutters["SCRAM"].cut()
    worker.wait_for(lambda: any("Authentication failed" in r for r in made.reasons("kafka")))
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    kafka.set_scram_password("carol", "carol-s3cret")
    goes_on(made, worker, RECORDS + 10)


def test_a_user_of_plain_that_kafka_forgot(running, kafka):
    gate = kafka.cutters["PLAIN"]
    made, worker = running(WAYS["plain"][0], "plain-s3cret")
    gate.taken["alice"] = set()
    gate.cut()
    worker.wait_for(lambda: any("check the user" in r for r in made.reasons("kafka")))
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    gate.taken["alice"] = {gate.own}
    goes_on(made, worker, RECORDS + 10)


def test_keys_that_aws_knows_no_more(running, kafka, program):
    gate = kafka.cutters["MSK"]
    gate.keys = known_keys("right")
    program.environment |= {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "aws-s3cret"}
    made, worker = running(("MSK", {"mechanism": "AWS_MSK_IAM", "region": "eu-west-1"}, False), "")
    gate.keys = {}
    gate.cut()
    worker.wait_for(lambda: any("look at its audience" in r for r in made.reasons("kafka")))
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    gate.keys = known_keys("right")
    goes_on(made, worker, RECORDS + 10)


def test_keys_that_aws_replaced(running, kafka, program, tmp_path):
    """Those before are gone at once, and what they signed with them: the new ones are read from the
    profile long before the signed request that we have would end."""
    gate = kafka.cutters["MSK"]
    gate.keys = known_keys("right")
    program.environment["HOME"] = str(tmp_path)
    profile = tmp_path / ".aws/credentials"
    profile.parent.mkdir()
    text = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n"
    profile.write_text(text.format("AKIAFILE", "file-aws-s3cret"))
    made, worker = running(("MSK", {"mechanism": "AWS_MSK_IAM", "region": "eu-west-1"}, False), "")
    gate.keys = {"AKIANEW": ("new-aws-s3cret", "")}
    gate.cut()
    worker.wait_for(lambda: any("look at its audience" in r for r in made.reasons("kafka")))
    profile.write_text(text.format("AKIANEW", "new-aws-s3cret"))
    made.produce(10)
    goes_on(made, worker, RECORDS + 10)


@pytest.mark.parametrize("kind", ["role", "web_identity", "instance"])
def test_a_role_that_aws_gives_no_more(kind, running, kafka, program, tmp_path):
    """No new keys are given out, and what those before sign is not taken any more."""
    gate, service = kafka.cutters["MSK"], GIVEN[kind]
    gate.keys = known_keys("right")
    aws = FakeAws()
    aws.life = datetime.timedelta(seconds=6)
    environment, fields = source(kind, aws.url, tmp_path)
    program.environment |= {"HOME": str(tmp_path), **environment}
    made, worker = running(
        ("MSK", {"mechanism": "AWS_MSK_IAM", "region": "eu-west-1", **fields}, False), "")
    aws.state = "wrong"
    gate.keys = {}
    gate.cut()
    worker.wait_for(lambda: any("look at its audience" in r for r in made.reasons("kafka")))
    told = {"instance": "no instance's (status 403)"}.get(kind, "AccessDenied: no role for you")
    worker.wait_for(lambda: re.search("no new token for Kafka: .*" + re.escape(told), worker.log()))
    assert "refused: HTTP status 403. Grant this identity" in made.reasons(service)[0]
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    aws.state = "right"
    gate.keys = known_keys("right")
    goes_on(made, worker, RECORDS + 10)
    assert len(made.attempts(service)) == aws.requests
    aws.stop()


def test_a_certificate_that_its_authority_revoked(running, kafka, tmp_path):
    """Java believes a list of revoked certificates for half a minute."""
    certificate, key = kafka.authority.issue("pipe", into=tmp_path)
    made, worker = running(WAYS["mtls"][0], "", lambda connection: connection["tls"].update(
        shown(certificate, key)))
    kafka.authority.revoke(certificate)
    time.sleep(31)
    kafka.cutters["MTLS"].cut()
    words = "has it expired or been revoked"
    worker.wait_for(lambda: any(words in reason for reason in made.reasons("kafka")))
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    kafka.authority.issue("pipe", into=tmp_path)  # in the place of what was there
    goes_on(made, worker, RECORDS + 10)


class Given:
    """The tokens that a recorder has seen given out."""

    def __init__(self, recorder):
        self.recorder = recorder

    def __contains__(self, who):
        return who.removeprefix("Bearer ") in self.recorder.given


@pytest.mark.parametrize("kind", ["basic", "bearer", "oauth", "certificate"])
def test_a_reader_that_the_registry_forgot(kind, running, idp, kafka, tmp_path):
    """What it has read serves on; a new schema waits until it may be read."""
    server, recorder = Registry("reader", "reader-s3cret"), TokenRecorder(idp.issuer)
    password = "secret://env/PASSWORD"
    certificate, key = kafka.authority.issue("reader", into=tmp_path)
    login = {"basic": {"username": "reader", "password": password}, "bearer": {"token": password},
             "oauth": {"oauth": {"grant": "client_credentials", "client_id": "pipe-secret",
                                 "client_secret": password,
                                 "token_endpoint": recorder.url + "/token"}},
             "certificate": {"ca": str(kafka.authority.certificate), **shown(certificate, key)}}
    right = server.taken = {"basic": server.taken, "bearer": {"Bearer reader-s3cret"},
                            "oauth": Given(recorder), "certificate": {"reader"}}[kind]
    if kind == "certificate":
        server.behind_tls(kafka.authority)
    made, worker = running(NOTHING, "idp-s3cret" if kind == "oauth" else "reader-s3cret",
                           lambda made: at_registry(server, made, **login[kind]), whole=True)
    server.taken = {"somebody else"}
    made.produce(10)
    worker.wait_for(lambda: table_has(made, RECORDS + 10))
    made.schema = 2
    made.produce(10)
    worker.wait_for(lambda: made.reasons("schema-registry"))
    assert "HTTP status 401" in made.reasons("schema-registry")[0]
    assert worker.running() and made.count() == RECORDS + 10
    server.taken = right
    goes_on(made, worker, RECORDS + 20)
    server.stop()
    recorder.stop()


@pytest.mark.parametrize("grant", GRANTS)
def test_a_client_that_the_authorization_server_forgot(grant, running, idp):
    server = Grants(idp)
    elsewhere = {"token_endpoint": server.url + "/token"}
    made, worker = running(oauth(**GRANTS[grant] | {"grant": grant}), RIGHT[grant],
                           lambda connection: connection["sasl"].update(elsewhere))
    server.refuse = "the client was deleted"
    worker.wait_for(lambda: made.reasons("token-endpoint"))
    assert "the client was deleted" in made.reasons("token-endpoint")[0]
    # The token at hand serves until it ends; then Kafka takes nothing of us any more.
    worker.wait_for(lambda: "the client was deleted" in worker.log())
    time.sleep(idp.token_seconds)
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    server.refuse = None
    goes_on(made, worker, RECORDS + 10)
    assert len(made.attempts("token-endpoint")) == server.requests
    server.stop()


def test_an_authorization_server_that_is_away_for_longer_than_a_token_lives(running, idp):
    port = free_port()
    gate = Cutter(port, idp.port)
    made, worker = running(WAYS["oauth_secret"][0], "idp-s3cret", lambda connection: connection[
        "sasl"].update(token_endpoint=f"http://127.0.0.1:{port}/token"))
    gate.stop()
    words = f"no answer from 127.0.0.1:{port}"
    worker.wait_for(lambda: any(words in r for r in made.reasons("token-endpoint")))
    time.sleep(idp.token_seconds)
    made.produce(10)
    time.sleep(2)
    assert worker.running() and made.count() == RECORDS
    gate = Cutter(port, idp.port)
    goes_on(made, worker, RECORDS + 10)
    gate.stop()


@pytest.mark.parametrize("wrong", ["nonsense", "a stranger's"])
def test_a_file_that_has_a_wrong_token_for_a_while(wrong, running, idp, tmp_path):
    """Whoever renews it puts something else there; one that would be good for an hour, too."""
    file = tmp_path / "token"

    def renew():
        file.write_text(idp.token()["access_token"])

    renew()
    made, worker = running(oauth(grant="token_file", token=f"secret://file{file}"), "")
    file.write_text("no token" if wrong == "nonsense" else signed_jwt(
        idp.client_key, {"sub": "me", "aud": "other"}, 3600))
    worker.wait_for(lambda: any("look at its audience" in r for r in made.reasons("kafka")))
    time.sleep(idp.token_seconds)  # the good one has ended
    made.produce(10)
    time.sleep(1)
    assert worker.running() and made.count() == RECORDS
    keep = threading.Event()

    def keep_renewing():
        while not keep.wait(1):
            renew()

    renewing = threading.Thread(target=keep_renewing, daemon=True)
    renewing.start()
    goes_on(made, worker, RECORDS + 10)
    keep.set()
    renewing.join()


def test_a_file_whose_token_has_ended_is_looked_at_again_soon(running, idp, tmp_path):
    """Late renewals in a row must not add up to the end of our session in the group."""
    file = tmp_path / "token"
    file.write_text(idp.token()["access_token"])
    made, worker = running(oauth(grant="token_file", token=f"secret://file{file}"), "")
    failed = "no new token for Kafka"
    worker.wait_for(lambda: failed in worker.log())
    first = time.monotonic()
    worker.wait_for(lambda: worker.log().count(failed) >= 3)
    assert time.monotonic() - first < 15  # three seconds; ten between two would be twenty
    file.write_text(idp.token()["access_token"])
    made.produce(10)
    goes_on(made, worker, RECORDS + 10)


class Federation(Minting):
    """STS: tokens for the subject in the file, and for no other."""

    def answer(self, method, path, headers, fields):
        if fields.get("subject_token") != "subject":
            return 400, {"error": "invalid_grant", "error_description": "unknown subject"}
        return super().answer(method, path, headers, fields)


def test_a_workload_s_file_that_has_a_wrong_subject_for_a_while(kafka, idp, spanner, secure,
                                                                program, tmp_path):
    google = Federation(secure.tokens)
    made = Pipeline("wrong_subject", WAYS["scram_512"][0], kafka, idp, spanner, tmp_path)
    to_secure(made, secure, program, google, tmp_path)
    credentials = tmp_path / "credentials.json"
    credentials.write_text(json.dumps(federated(google, tmp_path)))
    program.environment |= {"PASSWORD": "scram-s3cret",
                            "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
                            "KAFKA_SPANNER_CREDENTIAL_HOSTS": google.host}
    program.ok("plan", "--apply", made.write())
    worker = program.start("worker", "run", "--connection-log", made.log, made.write())
    worker.wait_for(lambda: count(made, program) == RECORDS)
    (tmp_path / "subject").write_text("somebody else")
    worker.wait_for(lambda: "a token could not be renewed" in worker.log())
    assert "unknown subject" in made.reasons("google-sts")[0]
    time.sleep(3)  # nobody takes the last token any more
    made.produce(10)
    time.sleep(2)
    assert worker.running()
    (tmp_path / "subject").write_text("subject")
    worker.wait_for(lambda: count(made, program) == RECORDS + 10)
    assert worker.stop() == 0
    google.stop()


def to_secure(made, secure, program, google, directory):
    port = secure.address.rsplit(":", 1)[1]
    made.target = {"database": DATABASE, "endpoint": f"https://localhost:{port}"}
    made.table = "T_" + made.name
    program.environment.pop("SPANNER_EMULATOR_HOST", None)
    program.environment |= {
        "HOME": str(directory), "GCE_METADATA_HOST": google.host,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(secure.authority.certificate)}


def count(made, program):
    done = program("sql", "--format", "csv", "--endpoint", made.target["endpoint"], "-d", DATABASE,
                   "-e", f"SELECT COUNT(*) AS n FROM {made.table}")
    return int(done.stdout.split()[-1]) if done.returncode == 0 else -1


def faults(secure, rules):
    """Of the secure Spanner, while it runs."""
    import grpc
    from google.protobuf import struct_pb2
    credentials = grpc.ssl_channel_credentials(secure.authority.certificate.read_bytes())
    port = secure.address.rsplit(":", 1)[1]
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        call = channel.unary_unary("/kafka_spanner.local.Faults/Set",
                                   struct_pb2.Struct.SerializeToString,
                                   struct_pb2.Struct.FromString)
        request = struct_pb2.Struct()
        request.update({"rules": rules, "seed": 1})
        token = secure.tokens.read_text().split()[-1]
        return call(request, timeout=20, metadata=[("authorization", f"Bearer {token}")])


def test_a_token_that_expires_while_a_commit_is_on_its_way(kafka, idp, spanner, secure, program,
                                                           tmp_path):
    """Tokens live for two seconds, are taken for three; each commit takes four, and of every second
    one the answer is lost: what was written is found with another token, and written once."""
    google = Minting(secure.tokens)
    made = Pipeline("midcommit", WAYS["scram_512"][0], kafka, idp, spanner, tmp_path)
    to_secure(made, secure, program, google, tmp_path)
    program.environment["PASSWORD"] = "scram-s3cret"
    program.ok("plan", "--apply", made.write())
    faults(secure, ["Commit:latency:1:4000-4200", "Commit:lost_answer:0.5"])
    worker = program.start("worker", "run", "--connection-log", made.log, made.write())
    sent = RECORDS
    for _ in range(3):
        worker.wait_for(lambda: count(made, program) == sent, 90)
        made.produce(10)
        sent += 10
    worker.wait_for(lambda: count(made, program) == sent, 90)
    faults(secure, [])
    assert worker.stop() == 0
    used = {a["unmapped"]["credential_version"] for a in made.attempts("spanner")}
    assert len(used) >= 4 and count(made, program) == sent
    letters = program("sql", "--format", "csv", "--endpoint", made.target["endpoint"], "-d",
                      DATABASE, "-e", "SELECT COUNT(*) AS n FROM kafka_spanner.DeadLetters")
    assert letters.stdout.split()[-1] == "0"
    google.stop()


def test_a_token_that_spanner_takes_no_more(kafka, idp, spanner, secure, program, tmp_path):
    google = Minting(secure.tokens)
    made = Pipeline("revoked_google", WAYS["scram_512"][0], kafka, idp, spanner, tmp_path)
    to_secure(made, secure, program, google, tmp_path)
    program.environment["PASSWORD"] = "scram-s3cret"
    program.ok("plan", "--apply", made.write())
    worker = program.start("worker", "run", "--connection-log", made.log, made.write())
    worker.wait_for(lambda: count(made, program) == RECORDS)
    google.revoked = True  # tokens are given out that nobody takes
    worker.wait_for(lambda: not secure.tokens.read_text())
    made.produce(10)
    worker.wait_for(lambda: made.reasons("spanner"))
    assert "invalid authentication credentials" in made.reasons("spanner")[0]
    google.revoked = False
    worker.wait_for(lambda: count(made, program) == RECORDS + 10)
    assert worker.stop() == 0
    google.stop()
    entries = ocsf.check(made.log.read_text())
    assert {e["status_id"] for e in entries} >= {1, 2}
