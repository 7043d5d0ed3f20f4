"""Three replicas of one control plane, on which everything happens to what they need and are:
killed one by one, rolled, and without Spanner for a minute, while records keep coming."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from broker import running
from plane import Plane, pipeline_file
from spanners import Endpoint, rows

PARTITIONS = 6
OUTAGE_S = 60
COUNTS = "SELECT MOD(n, 5) AS K, COUNT(*) AS C, SUM(n) AS Total GROUP BY K"


class Source:
    """Records, from 0 on, until it is stopped."""

    def __init__(self, brokers, topic):
        self.sent = 0
        self.producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True})
        self.topic, self.over = topic, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.02):
            for _ in range(5):
                self.producer.produce(self.topic, json.dumps({"n": self.sent}), key=f"{self.sent}")
                self.sent += 1
            self.producer.poll(0)

    def stop(self):
        self.over.set()
        self.thread.join()
        self.producer.flush()


@pytest.fixture
def own_spanner(request, tmp_path):
    """Its data outlives it."""
    yield from running(Endpoint(request.config.getoption("--program"), tmp_path))


@pytest.fixture
def replicas(request, own_spanner, kafka, tmp_path, issuer, other):
    own_spanner.create_database("three")
    made = [Plane(request.config.getoption("--program"), own_spanner, tmp_path, "three", issuer,
                  other, brokers=kafka.address, kafka={"properties": {"session.timeout.ms": 6000}})
            for _ in range(3)]
    yield made
    for plane in made:
        plane.stop(kill=True)


def test_nothing_is_lost_or_done_twice_whatever_is_away(replicas, own_spanner, kafka, issuer):
    admin = AdminClient({"bootstrap.servers": kafka.address})
    admin.create_topics([NewTopic("three", PARTITIONS, 1)])["three"].result(30)
    alice, lena, lars = (issuer.token(who, groups) for who, groups in (
        ("alice", ["sre"]), ("lena", ["leads"]), ("lars", ["leads"])))
    one, two, three = replicas
    file = {"file": pipeline_file("dev1", one.database, COUNTS, kafka="topic: three")}
    assert one.put("/v1/pipelines/dev1", alice, file).status_code == 200
    assert two.post("/v1/pipelines/dev1/start", alice).status_code == 200
    file = {"file": pipeline_file("prod1", one.database, more="# for production\n")}
    request = three.put("/v1/pipelines/prod1", alice, file).json()
    source = Source(kafka.address, "three")

    def settled():
        """The database, once all that was sent until now is counted in it."""
        sent, database = source.sent, own_spanner.database("three")
        one.wait(lambda: (counted(database)[0] or 0) >= sent, seconds=180)
        return database

    def counted(database):
        try:
            return rows(database, "SELECT SUM(C), SUM(Total) FROM T")[0]
        except Exception:  # the table, or Spanner, is not there yet
            return (0, 0)

    def review(plane, token):
        body = {"plan_sha256": request["plan_sha256"], "approve": True}
        return plane.post(f"/v1/requests/{request['request']}/review", token, body).status_code

    settled()
    assert review(one, lena) == 200
    for plane in replicas:  # killed, one by one
        plane.stop(kill=True)
        time.sleep(1)
        plane.start()
        settled()
    assert review(two, lena) == 200  # the same person: still one
    for plane in replicas:  # a deploy
        assert plane.stop() == 0
        plane.start()
    settled()
    own_spanner.stop()
    assert one.get("/v1/pipelines", alice).status_code == 503
    time.sleep(OUTAGE_S)
    assert [plane.process.poll() for plane in replicas] == [None] * 3
    own_spanner.start()
    one.wait(lambda: one.get("/v1/pipelines", alice).status_code == 200)
    settled()
    run = f"/v1/requests/{request['request']}/run"
    assert three.post(run, alice).status_code == 409  # one of two persons
    assert review(three, lars) == 200
    with ThreadPoolExecutor(3) as at_once:
        ran = at_once.map(lambda plane: plane.post(run, alice).status_code, replicas)
    assert sorted(ran) == [200, 409, 409]
    source.stop()
    total = source.sent
    database = settled()
    time.sleep(5)  # whoever writes something twice has done so by now
    assert counted(database) == (total, total * (total - 1) // 2)
    heads = rows(database, "SELECT SUM(EndOffset) FROM (SELECT MAX(EndOffset) AS EndOffset FROM "
                           "kafka_spanner.Checkpoints WHERE Topic = 'three' GROUP BY "
                           "KafkaPartition)")
    assert heads == [(total,)]
    assert (one.state("dev1"), one.state("prod1")) == ("running", "stopped")
    held = two.get("/v1/audit/verification", issuer.token("boss", ["leads"])).json()
    assert held["holds"], held
