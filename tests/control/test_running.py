"""Pipelines run as Spanner says they should, on every replica, whatever happens to one."""

import json

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from plane import pipeline_file
from spanners import rows


def send(kafka, topic, numbers):
    producer = Producer({"bootstrap.servers": kafka.address})
    for n in numbers:
        producer.produce(topic, json.dumps({"n": n}), key=f"k{n}")
    producer.flush()


def test_desired_state_is_kept_when_a_replica_dies(make, kafka, issuer, name):
    admin = AdminClient({"bootstrap.servers": kafka.address})
    admin.create_topics([NewTopic(name, 4, 1)])[name].result(30)
    one, two = make(brokers=kafka.address), make(brokers=kafka.address)
    token = issuer.token("alice", ["sre"])
    file = pipeline_file("dev1", one.database, kafka=f"topic: {name}")
    connect = "/connectors/dev1"
    assert one.put(f"{connect}/config", token, {"pipeline.file": file}).status_code == 200
    assert one.get("/connectors", token).json() == ["dev1"]
    assert two.get(f"{connect}/status", token).json()["connector"]["state"] == "STOPPED"
    assert one.post("/v1/pipelines/dev1/start", token).status_code == 200
    send(kafka, name, range(1000))
    database = one.spanner.database(one.name)

    def committed():
        try:
            return len(rows(database, "SELECT N FROM T"))
        except Exception:  # the table is not there yet
            return 0

    one.wait(lambda: committed() == 1000)
    two.wait(lambda: two.get(f"{connect}/status", token).json()["connector"]["state"] == "RUNNING")
    one.stop(kill=True)
    send(kafka, name, range(1000, 2000))
    two.wait(lambda: committed() == 2000, seconds=120)
    assert two.put(f"{connect}/pause", token).status_code == 202  # as Kafka Connect says
    two.wait(lambda: not two.get("/v1/pipelines/dev1", token).json()["here"]["running"])
    send(kafka, name, range(2000, 2100))
    assert two.put(f"{connect}/resume", token).status_code == 202
    two.wait(lambda: committed() == 2100)
    assert two.post(f"{connect}/restart", token).status_code == 204
    # Each once: a record that was written twice would be a chain that moved twice.
    read = rows(database, "SELECT SUM(EndOffset) FROM (SELECT MAX(EndOffset) AS EndOffset FROM "
                          "kafka_spanner.Checkpoints GROUP BY Topic, KafkaPartition)")
    assert read[0][0] == 2100
    assert two.stop() == 0
