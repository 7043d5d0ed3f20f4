"""Servers of our own: who asks the metrics page is on record, and its certificate changes while it
serves, under load; the local Spanner's too. The control plane: tests/control/test_own_server.py."""

import datetime
import socket
import ssl
import struct
import threading
import time
import urllib.error
import urllib.request

import pytest

import ocsf
from authority import Authority
from test_google import sql  # noqa: F401
from test_kafka import WAYS, pipeline  # noqa: F401

CHANGES = 20


@pytest.fixture
def worker(pipeline, program):  # noqa: F811
    """A factory: a pipeline that runs with the given options, and where its page is."""
    def start(*options):
        made = pipeline(WAYS["scram_512"][0])
        program.environment["PASSWORD"] = "scram-s3cret"
        running = program.start("worker", *made.arguments(), "--metrics", "127.0.0.1:0", *options)
        running.wait_for_log(r"metrics at (http\S+)/metrics", 60)
        page = running.log().split("metrics at ")[1].split("/metrics")[0]
        return made, running, page
    return start


def asked(made):
    return [e for e in ocsf.check(made.log.read_text())
            if e["dst_endpoint"]["svc_name"] == "metrics"]


def test_who_asks_our_page(worker):
    made, running, page = worker()
    urllib.request.urlopen(page + "/metrics", timeout=10).read()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(page + "/nothing?token=planted", timeout=10)
    assert running.stop() == 0
    entries = asked(made)
    assert [(e["api"]["operation"], e["status_id"]) for e in entries] == [
        ("GET /metrics", 1), ("GET /nothing", 2)]
    assert {e["src_endpoint"]["ip"] for e in entries} == {"127.0.0.1"}
    assert all(e["src_endpoint"]["port"] > 0 for e in entries)
    assert "HTTP status 404" in entries[1]["status_detail"]
    assert "planted" not in made.log.read_text()


class Server:
    """One of ours over TLS, as clients see it."""

    def __init__(self, url, authority):
        self.url, self.context = url, ssl.create_default_context(cafile=authority.certificate)

    def ask(self):
        """The name in the certificate that a new connection is shown."""
        port = int(self.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            with self.context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]

    shown = ask


class Page(Server):
    def ask(self):
        assert "kafka_spanner_credential_since" in self.text()

    def text(self):
        return urllib.request.urlopen(self.url + "/metrics", timeout=30,
                                      context=self.context).read().decode()


class Load:
    """Asks again and again, from several threads; what went wrong."""

    def __init__(self, server):
        self.server, self.wrong, self.answers, self.over = server, [], [], threading.Event()
        self.threads = [threading.Thread(target=self.ask) for _ in range(4)]
        for each in self.threads:
            each.start()

    def ask(self):
        while not self.over.is_set():
            try:
                self.answers.append(self.server.ask())
            except Exception as error:  # whatever it is
                self.wrong.append(error)

    def stop(self):
        self.over.set()
        for each in self.threads:
            each.join()


def wait_for(condition, log):
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, log()
        time.sleep(0.1)


@pytest.fixture
def tls_page(worker, tmp_path):
    """(the pipeline, its worker, its page, put(files), the authority)"""
    authority = Authority(tmp_path / "tls")
    certificate, key = tmp_path / "page.pem", tmp_path / "page.key"

    def put(files):
        certificate.write_text(files[0].read_text())
        key.write_text(files[1].read_text())

    put(authority.issue("first"))
    made, running, url = worker("--metrics-tls-certificate", certificate,
                                "--metrics-tls-private-key", key)
    assert url.startswith("https://127.0.0.1:")
    return made, running, Page(url, authority), put, authority


def test_a_certificate_changes_under_load(tls_page):
    made, running, page, put, authority = tls_page
    names = [f"page-{number}" for number in range(CHANGES)]
    pairs = [authority.issue(name) for name in names]
    load = Load(page)
    for name, pair in zip(names, pairs):
        put(pair)
        wait_for(lambda: page.shown() == name, running.log)
    load.stop()
    assert load.wrong == [] and len(load.answers) > CHANGES, load.wrong[:3]
    assert running.stop() == 0
    served = [e for e in asked(made) if e["api"]["operation"] == "GET /metrics"]
    assert len(served) == len(load.answers)
    assert {(e["status_id"], e["unmapped"]["tls"]["version"]) for e in served} == {(1, "TLSv1.3")}


def test_what_is_no_certificate_is_not_taken(tls_page, tmp_path):
    _, running, page, put, authority = tls_page
    put(authority.issue("second"))
    wait_for(lambda: page.shown() == "second", running.log)
    (tmp_path / "page.key").write_text("no key")
    wait_for(lambda: page.shown() == "second" and "no private key in PEM" in running.log(),
             running.log)
    put(authority.issue("ended", datetime.timedelta(hours=-1)))
    wait_for(lambda: page.shown() == "second" and "it has expired" in running.log(),
             running.log)
    assert 'kafka_spanner_credential_failures_total{credential="certificate of the metrics page"}' \
        in page.text()
    put(authority.issue("third"))
    wait_for(lambda: page.shown() == "third", running.log)
    assert running.stop() == 0


def test_a_handshake_that_fails_is_on_record(tls_page):
    made, running, page, _, _ = tls_page
    port = int(page.url.rsplit(":", 1)[1])
    trusting_nobody = ssl.create_default_context(cafile=None)
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        with pytest.raises(ssl.SSLError):
            trusting_nobody.wrap_socket(plain, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        plain.recv(100)
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(b"\x16\x03\x01")
        time.sleep(0.2)  # the handshake has begun
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset
    wait_for(lambda: len(asked(made)) >= 3, running.log)
    assert running.stop() == 0
    failed = asked(made)
    assert {(e["api"]["operation"], e["status_id"]) for e in failed} == {("TLS handshake", 2)}
    said = " ".join(e["status_detail"] for e in failed)
    assert "unknown ca" in said and "http request" in said, said
    assert all(e["src_endpoint"]["ip"] == "127.0.0.1" for e in failed)


def test_a_server_that_cannot_start_says_why(program, pipeline, tmp_path):  # noqa: F811
    made = pipeline(WAYS["scram_512"][0])
    program.environment["PASSWORD"] = "scram-s3cret"
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    done = program(*made.arguments(), "--once", "--metrics", "127.0.0.1:0",
                   "--metrics-tls-certificate", nothing, "--metrics-tls-private-key", nothing)
    assert done.returncode == 2 and "no certificate for a server" in done.stderr, done.stderr
    done = program(*made.arguments(), "--once", "--metrics", "127.0.0.1:0",
                   "--metrics-tls-certificate", nothing)
    assert done.returncode == 2 and "--metrics-tls-private-key" in done.stderr, done.stderr


def test_the_local_spanners_certificate_changes_under_load(secure, sql):  # noqa: F811
    server = Server("https://127.0.0.1:" + secure.address.rsplit(":", 1)[1], secure.authority)
    server.context.set_alpn_protocols(["h2"])
    assert server.shown() == "spanner"
    load = Load(server)
    for number in range(5):
        secure.show(f"spanner-{number}")
        wait_for(lambda: server.shown() == f"spanner-{number}", lambda: "")
    load.stop()
    assert load.wrong == [] and len(load.answers) > 5, load.wrong[:3]
    assert sql(None).returncode == 0
