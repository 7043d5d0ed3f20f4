"""Each way to log in to a real Kafka: it works, it is refused in words, every attempt is on record,
and no secret is shown anywhere."""

import datetime
import json
import pathlib
import time

import pytest
from confluent_kafka import Producer

import ocsf
from authority import Authority
from spanners import rows

SECRETS = ("scram-s3cret", "plain-s3cret", "idp-s3cret", "wrong-s3cret")
RECORDS = 20


def sasl(mechanism, listener, username="alice", password="secret://env/PASSWORD", tls=True):
    return (listener, {"mechanism": mechanism, "username": username, "password": password}, tls)


def oauth(**fields):
    return ("OAUTH", {"mechanism": "OAUTHBEARER", "grant": "client_credentials", **fields}, True)


SECRET = {"client_secret": "secret://env/PASSWORD"}
WAYS = {
    "plain": (sasl("PLAIN", "PLAIN", tls=False), "plain-s3cret"),
    "scram_256": (sasl("SCRAM-SHA-256", "SCRAM"), "scram-s3cret"),
    "scram_512": (sasl("SCRAM-SHA-512", "SCRAM"), "scram-s3cret"),
    "oauth_secret": (oauth(client_id="pipe-secret", **SECRET), "idp-s3cret"),
    "oauth_post": (oauth(client_id="pipe-post", client_authentication="post", **SECRET),
                   "idp-s3cret"),
    "oauth_key": (oauth(client_id="pipe-key", private_key="secret://file@IDP_KEY@"), ""),
    "mtls": (("MTLS", None, True), ""),
}


def shown(certificate, key):
    return {"certificate": str(certificate), "private_key": f"secret://file{key}"}


class Pipeline:
    """A pipeline file for one way to log in, its topic with RECORDS records, and its database."""

    def __init__(self, name, way, kafka, idp, spanner, directory, records=RECORDS):
        self.name = name
        self.kafka = kafka
        self.topic = f"t-{name}"
        self.directory = pathlib.Path(directory)
        self.log = self.directory / "connections.jsonl"
        listener, sasl_fields, tls = way
        connection = {"brokers": kafka.at(listener), "topic": self.topic}
        if sasl_fields:
            asks = sasl_fields.get("grant", "token_file") != "token_file"
            endpoint = {"token_endpoint": idp.token_endpoint} if asks else {}
            connection["sasl"] = sasl_fields | endpoint
        connection["tls"] = {"ca": str(kafka.authority.certificate)} if tls else "none"
        if listener == "MTLS":
            certificate, key = kafka.authority.issue("pipe")
            connection["tls"] |= shown(certificate, key)
        self.connection = connection
        self.idp_key = idp.client_key
        self.database = spanner.create_database(name.replace("_", "-"))
        self.target = {"database": self.database.name}
        self.table = "T"
        self.value = {"format": "string", "name": "v"}
        self.encode = lambda number: f"v{number}"
        if kafka.partitions(self.topic) == 0:
            kafka.create_topic(self.topic, 1)
        self.produce(records)

    def produce(self, count):
        producer = Producer({"bootstrap.servers": self.kafka.address})
        for i in range(count):
            producer.produce(self.topic, key=f"k{i}", value=self.encode(i))
        producer.flush(30)

    def write(self):
        document = {
            "pipeline": self.name,
            "from": {"kafka": self.connection, "key": {"format": "string", "name": "k"},
                     "value": self.value},
            "to": {"spanner": self.target},
            "tables": {self.table: {"mode": "append", "select": "SELECT _offset AS Id, v AS V"}},
        }
        path = self.directory / "pipeline.yaml"
        # JSON is YAML.
        path.write_text(json.dumps(document, indent=1).replace("@IDP_KEY@", str(self.idp_key)))
        return path

    def arguments(self):
        return ["run", "--create", "--connection-log", self.log, self.write()]

    def count(self):
        return rows(self.database, "SELECT COUNT(*) FROM T")[0][0]

    def attempts(self, service="kafka"):
        lines = ocsf.check(self.log.read_text())
        return [line for line in lines if line["dst_endpoint"]["svc_name"] == service]

    def reasons(self, service):
        """Of the attempts that failed."""
        return [a["status_detail"] for a in self.attempts(service) if a["status_id"] == 2]


def shows_no_secret(done, pipeline):
    shown = done.stdout + done.stderr + pipeline.log.read_text()
    for secret in SECRETS:
        assert secret not in shown
    assert "PRIVATE KEY" not in shown


@pytest.fixture
def pipeline(request, kafka, idp, spanner, tmp_path):
    """A factory: way -> Pipeline with a name of the test's own."""
    name = "".join(c if c.isalnum() else "_" for c in request.node.name.removeprefix("test_"))
    name = name[:20] + "_" + name[-7:] if len(name) > 28 else name
    return lambda way, records=RECORDS: Pipeline(name[:28].strip("_"), way, kafka, idp, spanner,
                                                 tmp_path, records)


def accepted(kafka, settings):
    """Connections so far to the way's listener; None where they are not counted."""
    cutter = kafka.cutters.get(settings[0])
    return cutter and cutter.accepted


@pytest.mark.parametrize("way", WAYS)
def test_right(way, pipeline, program, kafka):
    settings, password = WAYS[way]
    made = pipeline(settings)
    program.environment["PASSWORD"] = password
    before = accepted(kafka, settings)
    done = program(*made.arguments(), "--once")
    assert done.returncode == 0, done.stderr
    assert made.count() == RECORDS
    attempts = made.attempts()
    if before is not None:  # an entry for each connection, and no other
        assert len(attempts) == accepted(kafka, settings) - before
    assert any(a["status_id"] == 1 for a in attempts)
    assert not any(a["status_id"] == 2 for a in attempts), attempts
    expected = settings[1]["mechanism"] if settings[1] else "SSL"
    assert all(expected in a["auth_protocol"] for a in attempts)
    for attempt in attempts:
        tls = attempt.get("unmapped", {}).get("tls")
        assert (tls is not None) == (settings[2] and attempt["status_id"] == 1), attempt
        if tls is not None:
            assert tls["version"] == "TLSv1.3"
            assert tls["certificate"]["subject"] == "CN=server"
            assert tls["certificate"]["issuer"] == "CN=ca"
            assert tls["certificate"]["sans"] == ["127.0.0.1", "localhost"]
    shows_no_secret(done, made)


@pytest.mark.parametrize("way", [w for w in WAYS if WAYS[w][1]])
def test_wrong_secret(way, pipeline, program, kafka):
    settings, _ = WAYS[way]
    made = pipeline(settings)
    program.environment["PASSWORD"] = "wrong-s3cret"
    before = accepted(kafka, settings)
    begun = time.monotonic()
    done = program(*made.arguments(), "--once")
    assert done.returncode == 3
    assert time.monotonic() - begun < 30
    if way.startswith("oauth"):
        assert "refused: invalid_client" in done.stderr
        assert [a["status_id"] for a in made.attempts("token-endpoint")] == [2]
    else:
        assert "Authentication failed" in done.stderr
        refused = [a for a in made.attempts() if a["status_id"] == 2]
        assert refused and "Authentication failed" in refused[0]["status_detail"]
        assert refused[0]["user"] == {"name": "alice"}
        if before is not None:
            assert len(made.attempts()) == accepted(kafka, settings) - before
    shows_no_secret(done, made)


def test_broker_of_another_authority(pipeline, program, tmp_path):
    settings, password = WAYS["scram_512"]
    made = pipeline(settings)
    made.connection["tls"] = {"ca": str(Authority(tmp_path / "other", "other").certificate)}
    program.environment["PASSWORD"] = password
    done = program(*made.arguments(), "--once")
    assert done.returncode == 3
    assert "certificate verify failed" in done.stderr, done.stderr
    assert all(a["status_id"] == 2 for a in made.attempts())


def test_certificate_of_another_authority(pipeline, program, tmp_path):
    made = pipeline(WAYS["mtls"][0])
    certificate, key = Authority(tmp_path / "other", "other").issue("pipe")
    made.connection["tls"] |= shown(certificate, key)
    done = program(*made.arguments(), "--once")
    assert done.returncode == 3, done.stderr
    assert "What to do: Kafka does not take our certificate" in done.stderr
    assert {a["status_id"] for a in made.attempts()} == {2}


def test_no_endpoint(pipeline, program):
    settings, password = WAYS["oauth_secret"]
    made = pipeline(settings)
    made.connection["sasl"]["token_endpoint"] = "http://127.0.0.1:9/token"
    program.environment["PASSWORD"] = password
    worker = program.start("worker", *made.arguments())
    deadline = time.monotonic() + 30
    while "no answer from 127.0.0.1:9" not in worker.log_path.read_text():
        assert time.monotonic() < deadline, worker.log_path.read_text()
        time.sleep(0.2)
    worker.kill()


def test_tokens_are_renewed_while_running(pipeline, program, idp):
    """Records keep coming over three lives of a token, on connections that stay open."""
    settings, password = WAYS["oauth_secret"]
    made = pipeline(settings)
    program.environment["PASSWORD"] = password
    worker = program.start("worker", *made.arguments())
    end = time.monotonic() + 3 * idp.token_seconds
    sent = RECORDS
    while time.monotonic() < end:
        made.produce(10)
        sent += 10
        time.sleep(1)
    deadline = time.monotonic() + 20
    while made.count() < sent:
        assert time.monotonic() < deadline, worker.log_path.read_text()
        time.sleep(0.2)
    assert worker.stop() == 0
    attempts = made.attempts()
    assert not [a for a in attempts if a["status_id"] == 2]
    versions = {a["unmapped"]["credential_version"] for a in attempts}
    assert len(versions) >= 3, attempts


def test_password_changed_while_running(pipeline, program, kafka, tmp_path):
    """A wrong new password is tried aside and refused; a right one is taken, without a restart."""
    made = pipeline(WAYS["scram_512"][0])
    file = tmp_path / "password"
    file.write_text("scram-s3cret\n")
    made.connection["sasl"]["password"] = f"secret://file{file}"
    worker = program.start("worker", *made.arguments())
    said = worker.log_path

    def wait_for(condition, within=40):
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)

    wait_for(lambda: "pipeline" in said.read_text() and table_has(made, RECORDS))
    file.write_text("wrong-s3cret\n")
    wait_for(lambda: "those before stay in use" in said.read_text())
    made.produce(10)
    wait_for(lambda: table_has(made, RECORDS + 10))
    # The file has it before Kafka does: it is refused, and taken later without being touched again.
    file.write_text("next-s3cret\n")
    wait_for(lambda: said.read_text().count("those before stay in use") == 2)
    kafka.set_scram_password("alice", "next-s3cret")
    try:
        wait_for(lambda: "Kafka took the new credentials of alice" in said.read_text())
        made.produce(10)
        wait_for(lambda: table_has(made, RECORDS + 20))
        assert worker.stop() == 0
    finally:
        kafka.set_scram_password("alice", "scram-s3cret")
    shown_text = said.read_text() + made.log.read_text()
    for secret in (*SECRETS, "next-s3cret"):
        assert secret not in shown_text
    # The worker's own connections were never refused: only the trials were, of both that were new.
    versions = [(a["unmapped"]["credential_version"], a["status_id"]) for a in made.attempts()]
    first = versions[0][0]
    assert len({version for version, result in versions if result == 1}) == 2
    assert len({version for version, result in versions if result == 2}) == 2
    assert (first, 2) not in versions


def test_certificate_changed_while_running(pipeline, program, kafka, tmp_path):
    """Ones that Kafka does not take are tried aside, refused in words and left; a right one is
    taken."""
    made = pipeline(WAYS["mtls"][0])
    certificate, key = (tmp_path / name for name in ("client.pem", "client.key"))

    def show(authority, revoked=False, **more):
        new = authority.issue("pipe", into=tmp_path, **more)
        if revoked:
            authority.revoke(new[0])
        for path, text in zip((key, certificate), (new[1].read_text(), new[0].read_text())):
            path.write_text(text)

    show(kafka.authority)
    made.connection["tls"] |= shown(certificate, key)
    worker = program.start("worker", *made.arguments())
    sent = RECORDS

    def wait_for(condition, within=60):
        deadline = time.monotonic() + within
        while not condition():
            assert worker.running() and time.monotonic() < deadline, worker.log()
            time.sleep(0.2)

    wait_for(lambda: table_has(made, RECORDS))
    wrong = {"another authority's": lambda: show(Authority(tmp_path / "other", "other")),
             "expired": lambda: show(kafka.authority, ends=-datetime.timedelta(hours=1)),
             "revoked": lambda: show(kafka.authority, revoked=True)}
    for name, change in wrong.items():
        before = len([a for a in made.attempts() if a["status_id"] == 2])
        said = worker.log().count("What to do: Kafka does not take our certificate")
        change()
        wait_for(lambda: worker.log().count("What to do: Kafka does not take") > said)
        assert "those before stay in use" in worker.log(), name
        wait_for(lambda: len([a for a in made.attempts() if a["status_id"] == 2]) > before)
        kafka.cutters["MTLS"].cut()  # new connections show the old one
        made.produce(10)
        sent += 10
        wait_for(lambda: table_has(made, sent))
    assert "Kafka took the new credentials" not in worker.log()
    show(kafka.authority)
    wait_for(lambda: "Kafka took the new credentials" in worker.log())
    kafka.cutters["MTLS"].cut()
    made.produce(10)
    wait_for(lambda: table_has(made, sent + 10))
    assert worker.stop() == 0
    assert "PRIVATE KEY" not in worker.log() + made.log.read_text()
    versions = {(a["unmapped"]["credential_version"], a["status_id"]) for a in made.attempts()}
    good = {version for version, result in versions if result == 1}
    assert len(good) == 2 and not good & {version for version, result in versions if result == 2}


def table_has(made, count):
    try:
        return made.count() == count
    except Exception:  # the table is not there yet
        return False
