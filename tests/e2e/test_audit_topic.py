"""Checkpoints of the record in a Kafka topic: what the owner of the database took away is found by
them, there and then and by whoever has only the topic."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from spanners import rows
from test_audit import Site


class TopicSite(Site):
    """A Site whose checkpoints go to a topic, and to no file."""

    def __init__(self, kafka, spanner, program, name):
        self.topic = f"{name}_checkpoints"
        kafka.create_topic(self.topic, 3, retention_ms=-1)
        self.public = program.directory / "audit.pub"
        super().__init__(kafka, spanner, program, name)
        self.topic_file = program.directory / "topic.yaml"
        self.topic_file.write_text(f"kafka: {{{kafka.fields}, topic: {self.topic}}}\n")

    def write(self, limit=100, name="pipeline.yaml", topic=None, more=""):
        file = super().write(limit, name)
        places = f"kafka: {{{self.kafka.fields}, topic: {topic or self.topic}}}{more}"
        text = file.read_text().replace(f"checkpoints: {self.checkpoints}", places)
        file.write_text(text)
        return file

    def act(self):
        return self.program("offsets", "skip", self.file, "--partition", "0", "--apply")

    def export(self):
        log = self.program.directory / "log.jsonl"
        log.write_text(self.program.ok("audit", "export", self.file))
        return log

    def verified(self, log):
        return self.program(
            "audit", "verify", log, "--key", self.public, "--checkpoints-topic", self.topic_file
        )

    def change(self, *statements):
        """As the owner of the database."""
        self.database.run_in_transaction(
            lambda transaction: [transaction.execute_update(each) for each in statements]
        )


@pytest.fixture
def site(kafka, local_spanner, program, name):
    site = TopicSite(kafka, local_spanner, program, name)
    site.send(1, 2, 3)
    site.run()
    return site


def sent_to(kafka, topic):
    """[(partition, key)]"""
    consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": "test"})
    found = []
    for partition in range(3):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        consumer.assign([TopicPartition(topic, partition, low)])
        for _ in range(high - low):
            message = consumer.poll(10)
            found.append((partition, message.key().decode()))
    consumer.close()
    return found


def test_what_was_cut_off_is_found_from_the_topic(site):
    assert site.act().returncode == 0 and site.act().returncode == 0
    sent = sent_to(site.kafka, site.topic)
    # Before and after each action, all of one log in one partition.
    assert len(sent) >= 4 and len(set(sent)) == 1
    assert sent[0][1] == f"kafka-spanner/{site.database.name}"
    log = site.export()
    assert "verified" in site.verified(log).stdout
    entries = len(site.entries())

    # The newest entries go, as if the last action had never been; what is exported carries no
    # checkpoint that says otherwise.
    site.change(f"DELETE FROM kafka_spanner.AuditLog WHERE Seq >= {entries - 3}")
    assert site.program("audit", "sign", site.file).returncode != 0
    refused = site.act()
    assert refused.returncode != 0 and f"was signed for {entries}" in refused.stderr, refused.stderr
    lines = log.read_text().splitlines()
    log.write_text("\n".join(lines[: entries - 3]) + "\n")
    cut = site.verified(log)
    assert cut.returncode == 5 and str(entries) in cut.stderr, cut.stderr


def test_a_log_that_was_written_anew_is_found_from_the_topic(site):
    assert site.act().returncode == 0
    site.change("DELETE FROM kafka_spanner.AuditLog WHERE TRUE")
    refused = site.act()
    assert refused.returncode != 0 and "kafka_spanner.AuditLog" in refused.stderr, refused.stderr


def test_nothing_is_done_without_the_topic(site):
    before = len(site.entries())
    nowhere = site.write(name="nowhere.yaml", topic="no_such_topic")
    refused = site.program("offsets", "skip", nowhere, "--partition", "0", "--apply")
    assert refused.returncode != 0 and "no_such_topic" in refused.stderr
    assert not any(e["phase"] == "change" for e in site.entries()[before:])


def test_what_others_put_into_the_topic(site):
    """Records of other logs are theirs; what says it is ours and is no checkpoint stops all."""
    producer = Producer({"bootstrap.servers": site.kafka.address})
    producer.produce(site.topic, b"what", b"kafka-spanner/projects/other/instances/i/databases/d")
    assert producer.flush(30) == 0
    assert site.act().returncode == 0
    producer.produce(site.topic, b"what", f"kafka-spanner/{site.database.name}".encode())
    assert producer.flush(30) == 0
    refused = site.act()
    assert refused.returncode != 0 and "no line of an audit export" in refused.stderr


def test_a_topic_that_forgets_is_said(site, kafka):
    kafka.create_topic(f"{site.name}_forgets", 1, retention_ms=1000)
    forgets = site.write(name="forgets.yaml", topic=f"{site.name}_forgets")
    said = site.program("audit", "sign", forgets).stderr
    assert "deleted after 1000 ms" in said
    assert "deleted after" not in site.program("audit", "sign", site.file).stderr


def test_verify_wants_the_logs_own_topic(site, kafka):
    other = f"{site.name}_other"
    kafka.create_topic(other, 1)
    log = site.export()
    site.topic_file.write_text(f"kafka: {{{kafka.fields}, topic: {other}}}\n")
    wrong = site.verified(log)
    assert wrong.returncode == 5 and "has no checkpoint of" in wrong.stderr
