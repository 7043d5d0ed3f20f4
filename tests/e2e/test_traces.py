"""Traces of batches, at a receiver of OpenTelemetry's Collector: what it takes is what they are."""

import collections
import http.server
import json
import pathlib
import subprocess
import threading

import pytest
from confluent_kafka import Producer

import planted
from broker import Broker
from events import Events
from ports import free_port
from spanners import CommitProxy, Endpoint, rows
from worker import Program

wait_for = Broker.wait_for
ROOT = pathlib.Path(__file__).resolve().parents[2]
RECEIVER = ROOT / "build/deps/otlp_receiver"
PRODUCER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Receiver:
    def __init__(self, directory):
        self.address = f"127.0.0.1:{free_port()}"
        self.lines, self.log = directory / "traces.jsonl", directory / "receiver.log"
        with open(self.lines, "wb") as out, open(self.log, "wb") as log:
            self.process = subprocess.Popen([RECEIVER, self.address], stdout=out, stderr=log)
        wait_for(lambda: "listening" in self.log.read_text(), within=20)

    def resources(self):
        """Of each export that has arrived whole."""
        for line in self.lines.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                yield from json.loads(line)["resourceSpans"]

    def traces(self):
        """{trace id: its spans}."""
        traces = collections.defaultdict(list)
        for resource in self.resources():
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    traces[span["traceId"]].append(span)
        return dict(traces)


@pytest.fixture
def receiver(tmp_path):
    if not RECEIVER.exists():
        pytest.skip("no OpenTelemetry receiver here: tools/setup/run otlp")
    receiver = Receiver(tmp_path)
    yield receiver
    receiver.process.terminate()
    assert receiver.process.wait(10) == 0


@pytest.fixture
def spanner(request, tmp_path):
    spanner = Endpoint(request.config.getoption("--program"), tmp_path)
    spanner.start()
    yield spanner
    spanner.stop()


def traced(request, address, tmp_path, **variables):
    """kafka-spanner with a receiver in its environment."""
    program = Program(request.config.getoption("--program"), address, tmp_path)
    program.environment |= {"OTEL_BSP_SCHEDULE_DELAY": "100"} | variables
    return program


def attributes(span):
    values = {a["key"]: a["value"] for a in span.get("attributes", [])}
    return {k: v.get("stringValue", v.get("intValue")) for k, v in values.items()}


def parts(spans):
    """The root, and {name: spans} of the others, which are all the root's."""
    (root,) = [span for span in spans if not span.get("parentSpanId")]
    named = collections.defaultdict(list)
    for span in spans:
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), span
        assert int(root["startTimeUnixNano"]) <= int(span["startTimeUnixNano"]), span
        assert int(span["endTimeUnixNano"]) <= int(root["endTimeUnixNano"]), span
        if span is not root:
            assert span["parentSpanId"] == root["spanId"]
            named[span["name"].split()[0]].append(span)
    return root, named


def batches(events):
    """The ids of the commits that the chains remember, as traces are named."""
    query = "SELECT Batch FROM kafka_spanner.Checkpoints WHERE Records > 0"
    return {batch.replace("-", "") for (batch,) in rows(events.database, query)}


def test_a_batch_from_poll_to_commit(kafka, request, tmp_path, name, spanner, receiver):
    endpoint = f"http://{receiver.address}"
    program = traced(
        request, spanner.address, tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_RESOURCE_ATTRIBUTES="deployment=test",
    )
    events = Events(kafka, spanner, program, name, partitions=1)
    producer = Producer({"bootstrap.servers": kafka.address})
    header = [("traceparent", f"00-{PRODUCER[0]}-{PRODUCER[1]}-01".encode())]
    for i, headers in enumerate([header, header, [("traceparent", b"nonsense")], None]):
        producer.produce(name, f'{{"n": {i}}}'.encode(), f"k{i}".encode(), headers=headers)
    assert producer.flush(30) == 0
    assert f"traces go to {endpoint}/v1/traces" in program("run", events.file, "--once").stderr
    traces = receiver.traces()
    assert batches(events) and batches(events) <= set(traces)

    seen, links = 0, []
    for spans in traces.values():
        root, named = parts(spans)
        about = attributes(root)
        seen += int(about["messaging.batch.message_count"])
        links += [(link["traceId"], link["spanId"]) for link in root.get("links", [])]
        assert root["name"] == f"process {name}" and root["kind"] == 5
        assert about["messaging.system"] == "kafka"
        assert about["messaging.destination.name"] == name
        assert about["messaging.destination.partition.id"] == "0"
        assert about["kafka_spanner.pipeline"] == name
        assert about["kafka_spanner.retries"] == "0"
        assert int(about["kafka_spanner.mutations"]) > 0
        assert {"poll", "decode", "evaluate", "encode", "COMMIT"} == set(named)
        order = [named[stage][0] for stage in ("poll", "decode", "evaluate", "encode", "COMMIT")]
        starts = [int(span["startTimeUnixNano"]) for span in order]
        assert starts == sorted(starts)
        (commit,) = named["COMMIT"]
        assert commit["kind"] == 3 and attributes(commit)["db.system.name"] == "gcp.spanner"
        assert attributes(commit)["db.namespace"] == events.database.name
    assert seen == 4
    assert links and set(links) == {PRODUCER}
    for resource in receiver.resources():
        told = attributes(resource["resource"])
        assert told["service.name"] == "kafka-spanner" and told["deployment"] == "test"


@pytest.fixture
def proxy(spanner):
    proxy = CommitProxy(spanner, seed=5)
    yield proxy
    proxy.stop()


def test_attempts_that_failed_are_in_the_trace(
    kafka, request, tmp_path, name, spanner, proxy, receiver
):
    program = traced(
        request, proxy.address, tmp_path,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://{receiver.address}/v1/traces",
    )
    events = Events(kafka, spanner, program, name, partitions=1)
    file = events.write(text="limits: {batch: {records: 1}}\n")
    events.send(60)
    events.run_once(file)
    assert events.numbers() == list(range(60))
    retried, errors = 0, set()
    for spans in receiver.traces().values():
        root, named = parts(spans)
        failed = [span for span in named["COMMIT"] if "code" in span.get("status", {})]
        assert int(attributes(root)["kafka_spanner.retries"]) == len(named["COMMIT"]) - 1
        if not failed:
            continue
        retried += 1
        assert "code" not in root.get("status", {}), "it was committed in the end"
        errors |= {attributes(span)["error.type"] for span in failed}
        assert named["read"], "what became of it was read"
    assert retried > 0 and errors & {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


class Strict:
    """A receiver that refuses once; keeps what it was sent."""

    def __init__(self):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests.append((self.path, self.headers["api-key"], body))
                self.send_response(503 if len(requests) == 1 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_a_receiver_that_is_busy_and_wants_a_key(kafka, request, tmp_path, name, spanner):
    strict = Strict()
    key = tmp_path / "key"
    key.write_text("k3y-of-the-receiver")
    planted.plant("key for the receiver of traces", key.read_text())
    program = traced(
        request, spanner.address, tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{strict.server.server_port}/otlp",
        OTEL_EXPORTER_OTLP_HEADERS=f"api-key=secret://file{key}",
    )
    events = Events(kafka, spanner, program, name, partitions=1)
    events.send(3)
    worker = events.start()
    events.wait_for(range(3))
    wait_for(lambda: len(strict.requests) > 1, within=20)
    assert worker.stop() == 0
    first, again = strict.requests[:2]
    assert first == again == ("/otlp/v1/traces", key.read_text(), first[2])
    assert "traces cannot be sent: the receiver" in worker.log()
    assert "traces are sent again" in worker.log()
    assert key.read_text() not in worker.log()
    strict.server.shutdown()


def test_a_receiver_that_is_away_holds_nothing_up(kafka, request, tmp_path, name, spanner):
    program = traced(
        request, spanner.address, tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}",
        OTEL_BSP_MAX_QUEUE_SIZE="10",
    )
    events = Events(kafka, spanner, program, name, partitions=1)
    worker = events.start("--metrics", f"127.0.0.1:{free_port()}")
    for batch in range(4):
        events.send(1)
        events.wait_for(range(batch + 1))
    dropped = "kafka_spanner_trace_spans_dropped_total "
    (line,) = [line for line in worker.page().splitlines() if line.startswith(dropped)]
    assert float(line.split()[1]) > 0
    assert worker.stop() == 0
    assert worker.log().count("traces cannot be sent") == 1


def test_a_secret_goes_to_nobody_in_the_clear(request, tmp_path, name):
    program = traced(
        request, "127.0.0.1:1", tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector.example:4318",
        OTEL_EXPORTER_OTLP_HEADERS="api-key=secret://env/API_KEY",
    )
    file = tmp_path / "pipeline.yaml"
    file.write_text("pipeline: nobody\n")
    refused = program("run", file)
    assert refused.returncode != 0 and "https" in refused.stderr, refused.stderr
