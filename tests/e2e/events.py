"""A small pipeline for tests of single features: every record becomes a row of Events."""

import time

from confluent_kafka import Producer

from spanners import rows

PIPELINE = """\
pipeline: {name}
from:
  kafka:
    {{{kafka}, topics: [{topics}], {options},
    properties: {{session.timeout.ms: 2000, heartbeat.interval.ms: 300,
    topic.metadata.refresh.interval.ms: 500}}}}
  key: {{format: string, name: id}}
  value: {{format: json, schema: {{n: INT64}}}}
to:
  spanner: {{database: {database}}}
tables:
  Events:
    mode: append
    select: SELECT _topic AS Topic, _partition AS Part, _offset AS Pos, id AS Id, n AS N
"""

DDL = ["""CREATE TABLE Events (Topic STRING(MAX) NOT NULL, Part INT64 NOT NULL, Pos INT64 NOT NULL,
       Id STRING(MAX), N INT64) PRIMARY KEY (Topic, Part, Pos)"""]


class Events:
    """Topics, a database, and pipeline files over them. `apply`: make the tables."""

    def __init__(self, kafka, spanner, program, name, partitions=2, topics=1, apply=True):
        self.kafka, self.spanner, self.program, self.name = kafka, spanner, program, name
        self.topics = [name] if topics == 1 else [f"{name}_{i}" for i in range(topics)]
        for topic in self.topics if partitions else ():
            kafka.create_topic(topic, partitions)
        self.database = spanner.create_database(name.lower()[:30], DDL)
        self.sent = 0
        self.file = self.write()
        if apply:
            program.ok("plan", self.file, "--apply")

    def write(self, pipeline=None, text="", **options):
        """A pipeline file with these options of `kafka:`; `text` is appended."""
        pipeline = pipeline or self.name
        file = self.program.directory / f"{pipeline}.yaml"
        file.write_text(
            PIPELINE.format(
                name=pipeline,
                kafka=options.pop("kafka", self.kafka.fields),
                topics=", ".join(self.topics),
                options=", ".join(f"{k}: {v}" for k, v in {"lanes": 1, **options}.items()),
                database=self.database.name,
            )
            + text
        )
        return file

    def send(self, count, partition=0, topic=None, timestamp_ms=0, pad=0):
        producer = Producer({"bootstrap.servers": self.kafka.address, "linger.ms": 5})
        for _ in range(count):
            producer.poll(0)
            value = f'{{"n": {self.sent}, "pad": "{"x" * pad}"}}'
            producer.produce(
                topic or self.topics[0],
                value.encode(),
                f"k{self.sent}".encode(),
                partition=partition,
                timestamp=timestamp_ms,
            )
            self.sent += 1
        assert producer.flush(60) == 0

    def run_once(self, file=None):
        return self.program.ok("run", file or self.file, "--once")

    def start(self, *arguments, file=None, name="worker"):
        return self.program.start(name, "run", file or self.file, *arguments)

    def numbers(self):
        """The N of all rows, in order of writing."""
        return sorted(n for (n,) in rows(self.database, "SELECT N FROM Events"))

    def wait_for(self, numbers, within=30):
        wanted = list(numbers)
        give_up = time.monotonic() + within
        while (found := self.numbers()) != wanted:
            assert time.monotonic() < give_up, f"wanted {wanted}, found {found}"
            time.sleep(0.1)

    def chains(self, pipeline=None):
        """{(topic, partition): lanes} of the pipeline."""
        query = (
            "SELECT Topic, KafkaPartition, Lanes FROM kafka_spanner.Partitions "
            f"WHERE Pipeline = '{pipeline or self.name}'"
        )
        return {(topic, part): lanes for topic, part, lanes in rows(self.database, query)}
