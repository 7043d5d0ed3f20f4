"""Apache Kafka as a process: one broker, KRaft, on free loopback ports: one for the tests, in
plaintext, and one for pipelines, which log in."""

import os
import pathlib
import subprocess
import time
import uuid

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

import planted
from ports import free_port

HERE = pathlib.Path(__file__).parent
READY_WITHIN_S = 120
PASSWORD = "e2e-kafka/pa55+word"
os.environ["E2E_KAFKA_PASSWORD"] = PASSWORD
planted.plant("password of the pipelines", PASSWORD)


def running(server):
    """The life of a fixture: a server that is started, used and stopped."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Broker:
    """`jars` is the folder that `tools/setup/run kafka` fills."""

    def __init__(self, jars, directory):
        self.jars = jars
        self.directory = pathlib.Path(directory)
        self.address = f"127.0.0.1:{free_port()}"
        self.login_port = free_port()
        # What a pipeline says of it: of its `kafka:`, in braces.
        self.fields = (
            f"brokers: 127.0.0.1:{self.login_port}, tls: none, sasl: {{mechanism: PLAIN, "
            'username: pipeline, password: "secret://env/E2E_KAFKA_PASSWORD"}'
        )
        self.process = None
        self.admin = None

    def java(self, main, *arguments):
        memory = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return ["java", *memory, "-cp", f"{self.jars}/*", main, *arguments]

    def create(self):
        """Makes the data directory; once, before the first start."""
        text = (HERE / "kafka/server.properties").read_text()
        text = text.replace("@DIR@", str(self.directory))
        text = text.replace("@CONTROLLER_PORT@", str(free_port()))
        text = text.replace("@PORT@", self.address.rsplit(":", 1)[1])
        text = text.replace("@LOGIN_PORT@", str(self.login_port)).replace("@PASSWORD@", PASSWORD)
        self.properties = self.directory / "server.properties"
        self.properties.write_text(text)
        cluster = "test" + uuid.uuid4().hex[:18]
        self.run("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self.properties))

    def start(self):
        log = open(self.directory / "broker.log", "ab")
        self.process = subprocess.Popen(
            self.java("kafka.Kafka", str(self.properties)), stdout=log, stderr=log
        )
        self.admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        give_up = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                self.admin.list_topics(timeout=2)
                return
            except KafkaException:
                assert self.process.poll() is None, f"Kafka ended; see {log.name}"
                assert time.monotonic() < give_up, f"Kafka is not ready; see {log.name}"
                time.sleep(0.2)

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def run(self, main, *arguments):
        """One of Kafka's own tools; its output."""
        done = subprocess.run(
            self.java(main, *arguments), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def create_topic(self, topic, partitions, **config):
        config = {name.replace("_", "."): str(value) for name, value in config.items()}
        self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(30)
        self.wait_for(lambda: self.partitions(topic) == partitions)

    def delete_topic(self, topic):
        self.admin.delete_topics([topic])[topic].result(30)
        self.wait_for(lambda: self.partitions(topic) == 0)

    def grow_topic(self, topic, partitions):
        self.admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(30)
        self.wait_for(lambda: self.partitions(topic) == partitions)

    def partitions(self, topic):
        described = self.admin.list_topics(topic, timeout=10).topics[topic]
        return 0 if described.error else len(described.partitions)

    def members(self, group):
        try:
            described = self.admin.describe_consumer_groups([group])[group].result(10)
        except KafkaException:  # there is no such group, yet
            return 0
        return len(described.members)

    @staticmethod
    def wait_for(condition, within=30):
        give_up = time.monotonic() + within
        while not condition():
            assert time.monotonic() < give_up, "it did not come true in time"
            time.sleep(0.1)
