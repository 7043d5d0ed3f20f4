"""A credential that is revoked while a pipeline runs: the worker says so in words and stays; what
it may not do waits; and when the credential is good again everything is there, once. And one that
expires while a commit is on its way."""

import json
import time

import pytest

from fakes import TokenRecorder
from servers import DATABASE
from test_kafka import RECORDS, WAYS, Pipeline, pipeline, table_has  # noqa: F401
from test_rotation import Minting


@pytest.fixture
def running(pipeline, program):  # noqa: F811
    """A factory: a pipeline that has written RECORDS, and its worker."""
    def start(way, password, change=lambda connection: None):
        made = pipeline(WAYS[way][0])
        change(made.connection)
        program.environment["PASSWORD"] = password
        worker = program.start("worker", *made.arguments())
        wait_for(lambda: table_has(made, RECORDS), worker)
        return made, worker
    return start


def wait_for(condition, worker, within=60):
    give_up = time.monotonic() + within
    while not condition():
        assert worker.running() and time.monotonic() < give_up, worker.log()
        time.sleep(0.1)


def reasons(made, service):
    return [a["status_detail"] for a in made.attempts(service) if a["status_id"] == 2]


def goes_on(made, worker, sent):
    wait_for(lambda: table_has(made, sent), worker)
    assert worker.stop() == 0
    assert made.count() == sent


def test_a_user_that_kafka_forgot(running, kafka):
    kafka.set_scram_password("carol", "carol-s3cret")
    made, worker = running("scram_512", "carol-s3cret",
                           lambda connection: connection["sasl"].update(username="carol"))
    kafka.forget_scram("carol")
    kafka.cutters["SCRAM"].cut()
    wait_for(lambda: any("Authentication failed" in r for r in reasons(made, "kafka")),
             worker)
    made.produce(10)
    assert worker.running() and made.count() == RECORDS
    kafka.set_scram_password("carol", "carol-s3cret")
    goes_on(made, worker, RECORDS + 10)


def test_a_client_that_the_authorization_server_forgot(running, idp):
    recorder = TokenRecorder(idp.issuer)
    elsewhere = {"token_endpoint": recorder.url + "/token"}
    made, worker = running("oauth_secret", "idp-s3cret",
                           lambda connection: connection["sasl"].update(elsewhere))
    recorder.refuses = {"error": "invalid_client", "error_description": "the client was deleted"}
    wait_for(lambda: reasons(made, "token-endpoint"), worker)
    assert "the client was deleted" in reasons(made, "token-endpoint")[0]
    # The token at hand serves until it ends; then Kafka takes nothing of us any more.
    wait_for(lambda: "the client was deleted" in worker.log(), worker)
    time.sleep(idp.token_seconds)
    made.produce(10)
    recorder.refuses = None
    goes_on(made, worker, RECORDS + 10)
    recorder.stop()


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
        wait_for(lambda: count(made, program) == sent, worker, 90)
        made.produce(10)
        sent += 10
    wait_for(lambda: count(made, program) == sent, worker, 90)
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
    wait_for(lambda: count(made, program) == RECORDS, worker)
    google.revoked = True  # tokens are given out that nobody takes
    wait_for(lambda: not secure.tokens.read_text(), worker)
    made.produce(10)
    wait_for(lambda: reasons(made, "spanner"), worker)
    assert "invalid authentication credentials" in reasons(made, "spanner")[0]
    google.revoked = False
    wait_for(lambda: count(made, program) == RECORDS + 10, worker)
    assert worker.stop() == 0
    google.stop()
    entries = [json.loads(line) for line in made.log.read_text().splitlines()]
    assert {e["status_id"] for e in entries} >= {1, 2}
