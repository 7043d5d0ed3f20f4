"""The connection log in a Kafka topic: all of the file's entries but those of its own way there,
and nobody waits for it."""

import json
import re
import time

from confluent_kafka import Consumer, TopicPartition

import ocsf
from test_kafka import RECORDS, WAYS, pipeline, table_has  # noqa: F401


def to_topic(directory, kafka, topic, **more):
    file = directory / "log-topic.yaml"
    file.write_text(json.dumps({"kafka": {
        "brokers": kafka.at("SCRAM"), "topic": topic,
        "tls": {"ca": str(kafka.authority.certificate)},
        "sasl": {"mechanism": "SCRAM-SHA-512", "username": "alice",
                 "password": "secret://env/LOG_PASSWORD"}, **more}}))
    return file


def records_of(kafka, topic):
    consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": "reader",
                         "enable.auto.commit": False})
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = []
    while len(found) < end:
        record = consumer.poll(10)
        assert record is not None and not record.error(), record
        found.append(record.value().decode())
    consumer.close()
    return found


def test_into_a_topic(pipeline, program, kafka, tmp_path):  # noqa: F811
    made = pipeline(WAYS["oauth_secret"][0])
    kafka.create_topic("connections", 1)
    program.environment |= {"PASSWORD": "idp-s3cret", "LOG_PASSWORD": "scram-s3cret"}
    file = to_topic(tmp_path, kafka, "connections")
    program.ok("--connection-log-topic", file, *made.arguments(), "--once")
    in_file = made.log.read_text()
    in_topic = records_of(kafka, "connections")
    entries = ocsf.check(in_file)
    ocsf.check("\n".join(in_topic))
    # The log's own way to Kafka is in the file only: an entry must not cause the next.
    own = [e for e in entries if "SCRAM" in e.get("auth_protocol", "")]
    assert own and len(in_topic) == len(entries) - len(own)
    assert sorted(in_topic) == sorted(line for line in in_file.splitlines() if "SCRAM" not in line)
    services = {json.loads(line)["dst_endpoint"]["svc_name"] for line in in_topic}
    assert services == {"kafka", "spanner", "token-endpoint"}


def test_no_way_to_the_topic_stops_nothing(pipeline, program, kafka, tmp_path):  # noqa: F811
    made = pipeline(WAYS["scram_512"][0])
    program.environment |= {"PASSWORD": "scram-s3cret", "LOG_PASSWORD": "wrong-s3cret"}
    begun = time.monotonic()
    done = program("--connection-log-topic", to_topic(tmp_path, kafka, "connections"),
                   *made.arguments(), "--once")
    assert done.returncode == 0 and time.monotonic() - begun < 60
    assert made.count() == RECORDS
    told = re.search(r"the connection log's topic connections at \S+ lacks (\d+) entries",
                     done.stderr)
    assert told and int(told[1]) > 0, done.stderr
    assert "wrong-s3cret" not in done.stderr + made.log.read_text()


def test_what_a_full_disk_swallows_is_counted(pipeline, program):  # noqa: F811
    made = pipeline(WAYS["scram_512"][0])
    program.environment["PASSWORD"] = "scram-s3cret"
    worker = program.start("worker", "run", "--create", "--connection-log", "/dev/full",
                           "--metrics", "127.0.0.1:0", made.write())
    made.kafka.wait_for(lambda: table_has(made, RECORDS), 60)
    lost = re.search(r"^kafka_spanner_connection_log_dropped_total (\d+)$", worker.page(), re.M)
    assert lost and int(lost[1]) > 0
    assert worker.stop() == 0
    assert worker.log().count("the connection log cannot be written") == 1


def test_a_file_that_is_no_topics_is_refused(program, kafka, tmp_path):
    file = to_topic(tmp_path, kafka, "t", sasl={"mechanism": "PLAIN", "username": "a",
                                                "password": "pl4in-s3cret"})
    done = program("--connection-log-topic", file, "doc", "metrics")
    assert done.returncode == 2 and "does not belong into this file" in done.stderr
    assert "pl4in-s3cret" not in done.stderr + done.stdout
