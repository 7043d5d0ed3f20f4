"""The alert rules on a real Prometheus and Alertmanager: a worker that falls behind pages somebody,
and the page ends when it has caught up."""

import http.server
import json
import pathlib
import re
import signal
import subprocess
import threading

import pytest

from broker import Broker
from ports import free_port
from events import Events
from spanners import Endpoint
from worker import Program

wait_for = Broker.wait_for
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build/deps/prometheus"


class Pager:
    """Takes what Alertmanager sends: (status, alert name, pipeline, severity)."""

    def __init__(self):
        self.pages = pages = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for alert in json.loads(body)["alerts"]:
                    labels = alert["labels"]
                    what = labels["alertname"], labels["pipeline"], labels["severity"]
                    pages.append((alert["status"], *what))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def pager():
    pager = Pager()
    yield pager
    pager.server.shutdown()


@pytest.fixture
def monitored(tmp_path, pager):
    """A function that lets Prometheus watch `target` by our rules, with shorter patience."""
    if not (PROGRAMS / "alertmanager").exists():
        pytest.skip("no Prometheus here: tools/setup/run alertmanager")
    started = []

    def watch(target):
        alertmanager = f"127.0.0.1:{free_port()}"
        rules = (ROOT / "deploy/alerts.yaml").read_text()
        rules, behind = re.subn(r"(kafka_spanner_lag_seconds\)) > 300\n +for: 5m", r"\1 > 3", rules)
        assert behind == 1
        (tmp_path / "rules.yaml").write_text(rules)
        (tmp_path / "alertmanager.yaml").write_text(
            json.dumps(
                {
                    "route": {"receiver": "page", "group_wait": "0s", "group_interval": "1s"},
                    "receivers": [
                        {
                            "name": "page",
                            "webhook_configs": [{"url": pager.url, "send_resolved": True}],
                        }
                    ],
                }
            )
        )
        (tmp_path / "prometheus.yaml").write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(tmp_path / "rules.yaml")],
                    "alerting": {
                        "alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]
                    },
                    "scrape_configs": [
                        {"job_name": "kafka-spanner", "static_configs": [{"targets": [target]}]}
                    ],
                }
            )
        )
        for name, arguments in {
            "alertmanager": [
                f"--config.file={tmp_path}/alertmanager.yaml",
                f"--storage.path={tmp_path}/alertmanager",
                f"--web.listen-address={alertmanager}",
                "--cluster.listen-address=",  # one alone
            ],
            "prometheus": [
                f"--config.file={tmp_path}/prometheus.yaml",
                f"--storage.tsdb.path={tmp_path}/prometheus",
                f"--web.listen-address=127.0.0.1:{free_port()}",
            ],
        }.items():
            log = open(tmp_path / f"{name}.log", "wb")
            started.append(
                subprocess.Popen([PROGRAMS / name, *arguments], stdout=log, stderr=log)
            )

    yield watch
    for process in started:
        process.kill()
        process.wait()


def test_a_lag_pages_and_the_page_ends(kafka, request, tmp_path, name, pager, monitored):
    spanner = Endpoint(request.config.getoption("--program"), tmp_path)
    spanner.start()
    program = Program(request.config.getoption("--program"), spanner.address, tmp_path)
    events = Events(kafka, spanner, program, name)
    address = f"127.0.0.1:{free_port()}"
    events.send(10)
    worker = events.start("--metrics", address)
    events.wait_for(range(10))
    monitored(address)
    spanner.process.send_signal(signal.SIGSTOP)
    events.send(10)
    firing = ("firing", "KafkaSpannerBehind", name, "page")
    wait_for(lambda: firing in pager.pages, within=60)
    spanner.process.send_signal(signal.SIGCONT)
    wait_for(lambda: ("resolved", *firing[1:]) in pager.pages, within=60)
    events.wait_for(range(20))
    assert worker.stop() == 0
    assert {page[1] for page in pager.pages} == {"KafkaSpannerBehind"}
    spanner.stop()
