"""Every kind of credential changes again and again while records flow: none is lost or doubled,
nothing restarts, no group is rebalanced. Connections are cut after each change, so that the next
ones are made with what is new."""

import json
import threading
import time

from fake_google import FakeGoogle
from servers import DATABASE
from test_kafka import WAYS, Pipeline, shown


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


class Load(threading.Thread):
    """Produces to all pipelines' topics until stopped."""

    def __init__(self, pipelines):
        super().__init__(daemon=True)
        self.pipelines, self.stopping, self.sent = pipelines, threading.Event(), 0

    def run(self):
        while not self.stopping.wait(0.1):
            for each in self.pipelines:
                each.produce(20)
            self.sent += 20


def test_rotation_under_load(request, kafka, idp, spanner, secure, program, tmp_path):
    rotations = request.config.getoption("--rotations")
    google = Minting(secure.tokens)
    program.environment.pop("SPANNER_EMULATOR_HOST")
    program.environment |= {
        "HOME": str(tmp_path), "GCE_METADATA_HOST": google.host, "PASSWORD": "idp-s3cret",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(secure.authority.certificate)}
    password, certificate, key = (tmp_path / n for n in ("password", "client.pem", "client.key"))
    password.write_text("scram-s3cret")
    pems = [[path.read_text() for path in kafka.authority.issue("pipe", into=tmp_path)]
            for _ in range(rotations + 1)]
    certificate.write_text(pems[0][0])
    key.write_text(pems[0][1])
    made = []
    for name in ("scram_512", "mtls", "oauth_secret"):
        directory = tmp_path / name
        directory.mkdir()
        each = Pipeline(f"rotation_{name}", WAYS[name][0], kafka, idp, spanner, directory)
        port = secure.address.rsplit(":", 1)[1]
        each.target = {"database": DATABASE, "endpoint": f"https://localhost:{port}"}
        each.table = f"T_{name}"
        made.append(each)
    made[0].connection["sasl"]["password"] = f"secret://file{password}"
    made[1].connection["tls"] |= shown(certificate, key)
    files = [each.write() for each in made]
    for file in files:
        program.ok("plan", "--apply", file)
    log = tmp_path / "connections.jsonl"
    worker = program.start("worker", "run", "--connection-log", log, *files)

    def rows_of(table):
        text = program.ok("sql", "--format", "csv", "--endpoint", made[0].target["endpoint"], "-d",
                          DATABASE, "-e", f"SELECT COUNT(*) AS n FROM {table}")
        return int(text.split()[-1])

    def count(each):
        return rows_of(each.table)

    def wait_for(condition, within=60):
        deadline = time.monotonic() + within
        while not condition():
            assert worker.running() and time.monotonic() < deadline, worker.log()[-6000:]
            time.sleep(0.05)

    def taken():
        return worker.log().count("Kafka took the new credentials")

    def used():
        """Versions of the token with which the worker reached Spanner."""
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return {a["unmapped"]["credential_version"] for a in lines
                if a["dst_endpoint"]["svc_name"] == "spanner" and a["status_id"] == 1}

    def check_nothing_was_noticed():
        assert {each.name: kafka.generations()[each.name] for each in made} == {
            each.name: generations[each.name] for each in made}
        assert worker.stop() == 0
        refused = [line for line in log.read_text().splitlines()
                   if '"svc_name":"spanner"' in line and '"status_id":2' in line]
        assert not refused
        said = worker.log() + log.read_text()
        # Rows are appended by offset: one that came twice would be one of these.
        assert rows_of("kafka_spanner.DeadLetters") == 0
        for secret in ("scram-s3cret", "idp-s3cret", "planted-token", "PRIVATE KEY"):
            assert secret not in said

    wait_for(lambda: all(count(each) == 20 for each in made))
    generations = kafka.generations()
    assert all(generations[each.name] >= 1 for each in made)
    load = Load(made)
    load.start()
    try:
        for n in range(1, rotations + 1):
            already = taken()
            kafka.set_scram_password("alice", f"scram-s3cret-{n}")
            password.write_text(f"scram-s3cret-{n}")
            key.write_text(pems[n][1])  # for a moment the key is another's: that is refused
            certificate.write_text(pems[n][0])
            wait_for(lambda: taken() == already + 2)
            for cutter in kafka.cutters.values():
                cutter.cut()
        # Each of the three pipelines has tokens of its own.
        wait_for(lambda: len(used()) >= 3 * rotations, 4 * rotations + 30)
        load.stopping.set()
        load.join()
        wait_for(lambda: all(count(each) == 20 + load.sent for each in made))
        check_nothing_was_noticed()
    finally:
        load.stopping.set()
        kafka.set_scram_password("alice", "scram-s3cret")
    print(f"{rotations} passwords and certificates, {len(used())} tokens, "
          f"{load.sent} records a pipeline")
