"""`kafka-spanner serve`: its files, its processes, its answers, and its record."""

import json
import os
import pathlib
import socket
import ssl
import subprocess
import time

import requests

import planted
from ports import free_port
from spanners import INSTANCE, PROJECT, rows

POLICY = """issuers: {{corp: "{issuer}", other: "{other}"}}
pipelines:
  "prod*": {{environment: prod}}
  "dev*": {{environment: dev}}
  "stage*": {{environment: stage}}
roles:
  operator:
    groups: corp/sre
    may:
      - verbs: [see, plan, start, stop, pause, resume, restart, configure]
      - {{verbs: break_glass, limits: {{minutes: 30}}}}
      - {{verbs: [offsets, redrive, discard, apply_schema]}}
      - {{verbs: replay, limits: {{records: 1000}}}}
      - {{verbs: change_lanes, limits: {{lanes: 8}}}}
  lead:
    groups: [corp/leads, other/leads]
    may: [{{verbs: [see, audit, configure, start]}}]
  rebuilder:
    people: corp/greta
    may: [{{verbs: replay}}]
  visitor:
    groups: corp/visitors
    may: [{{verbs: see, on: {{environment: dev}}}}]
  dev auditor:
    groups: corp/devaudit
    may: [{{verbs: [see, audit], on: {{environment: dev}}}}]
rules:
  two for production:
    verbs: [start, configure, offsets, replay]
    on: {{environment: prod}}
    then: approval
    reviewers: {{count: 2, groups: [corp/leads, other/leads]}}
  far:
    verbs: offsets
    when: effect.records > 1000
    then: warn
    message: that is far
  one for glass:
    verbs: break_glass
    on: {{environment: stage}}
    then: approval
    reviewers: {{count: 1, groups: corp/leads}}
personal_data:
  contact: {{columns: email, functions: SHA256}}
"""

SERVE = """listen: {listen}
database: {database}
policy: policy.yaml
page: {page}
audit: {{key: "secret://file{directory}/audit.key", checkpoints: {checkpoints}}}
login:
  - issuer: "{issuer}"
    audience: kafka-spanner
    client: {{id: control-page, secret: "secret://file{directory}/client.secret"}}
    cli: {{id: control-cli}}
  - {{issuer: "{other}", audience: kafka-spanner}}
kafka: {kafka}
databases: ["{database}"]
"""


class Plane:
    """One replica. Those of one test share a directory and a database."""

    def __init__(self, program, spanner, directory, name, issuer, other, brokers="127.0.0.1:1",
                 endpoint=None, authority=None, kafka=None, environment=None, page=None):
        self.endpoint = endpoint or spanner.address
        self.program, self.spanner, self.name = program, spanner, name
        self.directory = pathlib.Path(directory)
        self.database = f"projects/{PROJECT}/instances/{INSTANCE}/databases/{name}"
        self.other, self.brokers = other, brokers
        self.port = free_port()
        self.url = f"http{'s' if authority else ''}://127.0.0.1:{self.port}"
        # Of people, who know this very address.
        self.issuer = issuer(self.url) if callable(issuer) else issuer
        self.page = page or self.url
        self.kafka, self.environment = kafka or {}, {**os.environ, **(environment or {})}
        # Makes a certificate authority in a directory; none: plain HTTP.
        self.authority = authority and authority(self.directory / "tls")
        self.connections = self.directory / "connections.jsonl"
        (self.directory / "client.secret").write_text("page-s3cret")
        self.key = self.directory / "audit.key"
        if not self.key.exists():
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key],
                           check=True)
        self.start()

    def start(self):
        self.checkpoints = self.directory / f"checkpoints-{self.port}.jsonl"
        (self.directory / "policy.yaml").write_text(
            POLICY.format(issuer=self.issuer.url, other=self.other.url))
        self.file = self.directory / f"serve-{self.port}.yaml"
        self.file.write_text(SERVE.format(
            listen=self.listen(), page=self.page, database=self.database, directory=self.directory,
            checkpoints=self.checkpoints.name, issuer=self.issuer.url, other=self.other.url,
            kafka=json.dumps({"brokers": self.brokers, **self.kafka})))
        self.log = open(self.directory / f"serve-{self.port}.log", "wb")
        self.process = subprocess.Popen(
            [self.program, "serve", self.file, "--create", "--endpoint", self.endpoint,
             "--connection-log", self.connections],
            stdout=self.log, stderr=self.log, env=self.environment)
        self.wait(lambda: self.get("/readyz").status_code == 200)

    def listen(self):
        address = f"127.0.0.1:{self.port}"
        if self.authority is None:
            return address
        self.put_certificate("first")
        return json.dumps({"address": address, "certificate": str(self.directory / "tls.crt"),
                           "private_key": str(self.directory / "tls.key")})

    def put_certificate(self, name):
        for made, path in zip(self.authority.issue(name), ("tls.crt", "tls.key")):
            (self.directory / path).write_text(made.read_text())

    def shown(self):
        """The name in the certificate that a new connection is shown."""
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]

    def stop(self, kill=False):
        if self.process is None:
            return None
        (self.process.kill if kill else self.process.terminate)()
        code = self.process.wait(60)
        self.process = None
        self.log.close()
        return code

    def wait(self, condition, seconds=90):
        until = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except requests.ConnectionError:
                assert self.process.poll() is None, (
                    pathlib.Path(self.log.name).read_text())
            assert time.monotonic() < until, pathlib.Path(self.log.name).read_text()
            time.sleep(0.1)

    def send(self, method, path, token=None, body=None, **more):
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        headers.update(more.pop("headers", {}))
        if self.authority:
            more["verify"] = str(self.authority.certificate)
        answer = requests.request(method, self.url + path, headers=headers, json=body, timeout=60,
                                  **more)
        planted.hear(f"{method} {path}", answer.text + str(answer.headers))
        return answer

    def get(self, path, token=None, **more):
        return self.send("GET", path, token, **more)

    def post(self, path, token=None, body=None, **more):
        return self.send("POST", path, token, body, **more)

    def put(self, path, token=None, body=None, **more):
        return self.send("PUT", path, token, body, **more)

    def entries(self):
        """The record, oldest first."""
        database = self.spanner.database(self.name)
        query = "SELECT Entry FROM kafka_spanner.AuditLog ORDER BY Seq"
        return [json.loads(row[0]) for row in rows(database, query)]

    def refusals(self):
        return [entry for entry in self.entries() if entry["action"] == "access.refused"]

    def state(self, pipeline):
        database = self.spanner.database(self.name)
        found = rows(database, "SELECT State FROM kafka_spanner.Pipelines WHERE Pipeline = "
                               f"'{pipeline}'")
        return found[0][0] if found else None


def pipeline_file(name, database, select="SELECT id AS Id, n AS N", more="", kafka="topic: t"):
    return f"""pipeline: {name}
from:
  kafka: {{{kafka}}}
  key: {{format: string, name: id}}
  value: {{format: json, schema: {{n: INT64, email: STRING}}}}
to:
  spanner: {{database: {database}}}
{more}tables:
  T: {select}
"""
