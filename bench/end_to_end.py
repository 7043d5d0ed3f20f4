#!/usr/bin/env python3
"""From Apache Kafka into a Spanner endpoint that counts commits: how fast, and at what cost.

    make bench                                             # this and the others
    bench/end_to_end.py                                    # a minute and a half, after `make`
    bench/end_to_end.py --rounds 5 --brokers HOST:PORT     # a broker that runs already

Throughput: `kafka-spanner run --once` over 1,000,000 signups (signups.yaml), exactly once, beside
two limits measured in the same round: a bare librdkafka consume loop over the same topic, and a
bare loop of commits of the same size into the same endpoint, and once more with every batch traced
to a receiver that takes all. Rates count from the first records to
the last, so that starting up is in none of them; CPU seconds are user and system, all of the
process. Latency: at 2,000 records a second with commits that take 10 ms, from the moment a record
is handed to the producer to the answer of its commit.

Prints every round and the medians. What runs besides on the machine moves the rates much and the
CPU seconds little. Exits with 1 when a record is missing or doubled at the endpoint.
"""

import argparse
import http.server
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
PROGRAM = BUILD / "kafka-spanner"
DATABASE = "projects/bench/instances/local/databases/app"
RECORDS = 1_000_000
RATE = 2_000  # records a second, for latency
COMMIT_DELAY_MS = 10
WARM_UP_SECONDS = 10  # a JVM that has just started stalls for a second now and then


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, seconds=30):
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"{process.args[0]} does not listen on port {port}")


class Kafka:
    """Apache Kafka as the end-to-end tests have it: one broker, from what tools/setup fetched."""

    def __init__(self, folder):
        subprocess.run([ROOT / "tools/setup/run", "kafka"], check=True)
        self.address = f"127.0.0.1:{free_port()}"
        properties = pathlib.Path(folder) / "server.properties"
        text = (ROOT / "tests/e2e/kafka/server.properties").read_text()
        text = text.replace("@CONTROLLER_PORT@", str(free_port())).replace("@DIR@", folder)
        text = text.replace("@LOGIN_PORT@", str(free_port())).replace("@PASSWORD@", "not-used")
        properties.write_text(text.replace("@PORT@", self.address.split(":")[1]))
        java = ["java", "-Xms512m", "-Xmx512m", "-cp", f"{ROOT}/build/deps/kafka/*"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", "benchbenchbenchbench-w",
                        "-c", properties], check=True, **quiet)
        self.process = subprocess.Popen([*java, "kafka.Kafka", properties], **quiet)
        wait_for_port(int(self.address.split(":")[1]), self.process, seconds=120)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Endpoint:
    """A local Spanner, and in front of it the sink that answers its commits."""

    def __init__(self, *sink_args):
        behind, self.port = free_port(), free_port()
        self.spanner = subprocess.Popen(
            [PROGRAM, "spanner", "--in-memory", "--database", DATABASE,
             "--listen", f"127.0.0.1:{behind}"], stdout=subprocess.DEVNULL)
        self.sink = None
        try:
            wait_for_port(behind, self.spanner)
            self.sink = subprocess.Popen(
                [BUILD / "bin/ks_commit_sink", "--listen", f"127.0.0.1:{self.port}",
                 "--behind", f"127.0.0.1:{behind}", *sink_args], stdout=subprocess.PIPE)
            wait_for_port(self.port, self.sink)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """What the sink has counted, and the CPU seconds that it took."""
        counts = {}
        if self.sink is not None:
            self.sink.send_signal(signal.SIGTERM)
            text = self.sink.stdout.read()
            usage = os.wait4(self.sink.pid, 0)[2]
            counts = json.loads(text)
            counts["cpu_seconds"] = usage.ru_utime + usage.ru_stime
        self.spanner.kill()
        self.spanner.wait()
        return counts


class Pipeline:
    """`kafka-spanner run` of signups.yaml, with a group and checkpoints of its own."""

    def __init__(self, brokers, topic, endpoint, folder, *args, environment=()):
        text = (ROOT / "bench/signups.yaml").read_text()
        text = text.replace("localhost:9092", brokers)
        text = text.replace("topic: signups,", f"topic: {topic},")
        self.name = f"bench-{os.getpid()}-{time.monotonic_ns()}"
        self.file = pathlib.Path(folder) / f"{self.name}.yaml"
        self.file.write_text(text.replace("pipeline: signups", f"pipeline: {self.name}"))
        to = ["--endpoint", f"127.0.0.1:{endpoint.port}"]
        subprocess.run([PROGRAM, "plan", "--apply", *to, self.file], check=True,
                       stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [PROGRAM, "--output", "json", "run", *to, *args, self.file], stdout=subprocess.PIPE,
            env={**os.environ, **dict(environment)})

    def wait(self):
        """The program's own summary, its CPU seconds and its largest resident set."""
        text = self.process.stdout.read()
        _, status, usage = os.wait4(self.process.pid, 0)
        if status != 0:
            raise SystemExit(f"kafka-spanner ended with {os.waitstatus_to_exitcode(status)}")
        summary = json.loads(text)
        summary["cpu_seconds"] = usage.ru_utime + usage.ru_stime
        summary["rss_mib"] = usage.ru_maxrss / 1024
        return summary


class Receiver:
    """Takes traces, and counts their spans."""

    def __init__(self):
        self.spans = 0
        counter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                counter.spans += body.count(b'"spanId"')
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_port}"
        self.environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url}


def load(*args):
    command = [BUILD / "bin/ks_kafka_load", *map(str, args)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def one_round(brokers, topic, records, folder):
    consume = load("consume", "--brokers", brokers, "--topic", topic, "--records", records)
    endpoint = Endpoint()
    try:
        run = Pipeline(brokers, topic, endpoint, folder, "--once").wait()
    finally:
        sink = endpoint.stop()
    if sink["rows"] != records:
        raise SystemExit(f"{records} records in the topic, {sink['rows']} rows at the endpoint")
    receiver, endpoint = Receiver(), Endpoint()
    try:
        traced = Pipeline(brokers, topic, endpoint, folder, "--once",
                          environment=receiver.environment).wait()
    finally:
        endpoint.stop()
        receiver.server.shutdown()
    endpoint = Endpoint()
    try:
        commit = json.loads(subprocess.run(
            [BUILD / "bin/ks_commit_load", "--to", f"127.0.0.1:{endpoint.port}",
             "--commits", str(sink["commits"]), "--bytes", str(sink["bytes"] // sink["commits"]),
             "--in-flight", "6"], check=True, stdout=subprocess.PIPE).stdout)
    finally:
        endpoint.stop()
    millions = records / 1e6
    return {
        "records/s": records / sink["seconds"],
        "CPU s/million": run["cpu_seconds"] / millions,
        "traced, CPU s/million": traced["cpu_seconds"] / millions,
        "traced, spans taken": receiver.spans,
        "RSS MiB": run["rss_mib"],
        "commits": sink["commits"],
        "consume limit, records/s": records / consume["seconds"],
        "consume limit, CPU s/million": consume["cpu_seconds"] / millions,
        "commit limit, records/s": records / commit["seconds"],
        "commit limit, CPU s/million": commit["cpu_seconds"] / millions,
        "endpoint, CPU s/million": sink["cpu_seconds"] / millions,
        "whole run, s": run["seconds"],
    }


def throughput(args, brokers, folder):
    topic = f"bench-{os.getpid()}-{int(time.time())}"
    produced = load("produce", "--brokers", brokers, "--topic", topic, "--records", args.records)
    print(f"{args.records:,} records, {produced['bytes'] / args.records:.0f} bytes each, "
          "6 partitions, 4 lanes each")
    rounds = [one_round(brokers, topic, args.records, folder) for _ in range(args.rounds)]
    print(f"\n  {'throughput':30} {'median':>11}   rounds")
    for name in rounds[0]:
        values = [r[name] for r in rounds]
        digits = 0 if statistics.median(values) >= 100 else 2
        each = "  ".join(f"{v:,.{digits}f}" for v in values)
        print(f"  {name:30} {statistics.median(values):>11,.{digits}f}   {each}")
    ours, consume, commit = (statistics.median(r[n] for r in rounds) for n in (
        "CPU s/million", "consume limit, CPU s/million", "commit limit, CPU s/million"))
    print(f"\n  CPU: {ours / (consume + commit):.2f} times the two bare loops together")


def latency(args, brokers, folder):
    topic = f"bench-{os.getpid()}-{int(time.time())}-paced"
    load("produce", "--brokers", brokers, "--topic", topic, "--records", 6)
    endpoint = Endpoint("--latency", "--commit-delay-ms", str(COMMIT_DELAY_MS))
    try:
        pipeline = Pipeline(brokers, topic, endpoint, folder)
        time.sleep(3)  # the group is joined
        count = RATE * args.latency_seconds
        load("produce", "--brokers", brokers, "--topic", topic, "--records", count,
             "--rate", RATE, "--warm-up", WARM_UP_SECONDS * RATE)
        time.sleep(1)
        pipeline.process.send_signal(signal.SIGTERM)
        run = pipeline.wait()
    finally:
        sink = endpoint.stop()
    if sink["timed"] != count + 6:
        raise SystemExit(f"{count + 6} records produced, {sink['timed']} rows at the endpoint")
    print(f"\n  latency at {RATE:,} records/s, commits of {COMMIT_DELAY_MS} ms: "
          f"p50 {sink['p50_ms']:.1f} ms, p99 {sink['p99_ms']:.1f} ms "
          f"({sink['commits']:,} commits, {run['cpu_seconds']:.1f} CPU s in "
          f"{args.latency_seconds + WARM_UP_SECONDS} s, {run['rss_mib']:.0f} MiB)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", help="HOST:PORT of a Kafka that runs already")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-seconds", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ks-bench-") as folder:
        kafka = None if args.brokers else Kafka(folder)
        try:
            brokers = args.brokers or kafka.address
            if args.rounds:
                throughput(args, brokers, folder)
            if args.latency_seconds:
                latency(args, brokers, folder)
        finally:
            if kafka:
                kafka.stop()


if __name__ == "__main__":
    sys.exit(main())
