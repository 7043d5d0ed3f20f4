"""Kafka Connect's REST API, asked by a client that is not ours: compose-x's kafka-connect-api,
which others are made of. What it does not know (offsets) is asked by hand."""

import pytest
from kafka_connect_api.errors import (GenericConflict, GenericForbidden, GenericNotFound,
                                      GenericUnauthorized)
from kafka_connect_api.kafka_connect_api import Api, Cluster, Connector

from plane import pipeline_file
from test_operations import Site


def cluster_of(plane, token):
    """Its login is a name and a password: the token is the password of any name."""
    return Cluster(Api(url=plane.url, username="token", password=token))


@pytest.fixture
def site(make, kafka, issuer, name):
    return Site(make, kafka, issuer, name)


def config_of(site):
    return {"connector.class": "kafka-spanner", "tasks.max": "1",
            "pipeline.file": pipeline_file("dev1", site.plane.database,
                                           kafka=f"topic: {site.name}")}


def test_a_foreign_client_runs_a_pipeline(site):
    cluster = cluster_of(site.plane, site.alice)
    assert cluster.version == "1"
    assert cluster.connectors == {}
    connector = Connector(cluster, "dev1")
    made = cluster.api.post("/connectors", json={"name": "dev1", "config": config_of(site)})
    assert (made["name"], made["type"]) == ("dev1", "sink")
    with pytest.raises(GenericConflict):
        cluster.api.post("/connectors", json={"name": "dev1", "config": config_of(site)})
    assert list(cluster.connectors) == ["dev1"] and connector.exists()
    assert connector.connector_class == "kafka-spanner"
    site.send(("a", 1), ("b", 2))
    site.plane.wait(lambda: connector.state == "RUNNING" and connector.tasks[0].is_running())
    site.plane.wait(lambda: site.table_is({"a": 1, "b": 2}))
    connector.pause()
    assert connector.state == "PAUSED"
    connector.resume()
    connector.restart()
    connector.cycle_connector()  # pause, restart each task, resume
    site.plane.wait(lambda: connector.state == "RUNNING")
    connector.config = {**config_of(site), "pipeline.file": config_of(site)["pipeline.file"]
                        .replace("n AS N", "n * 2 AS N")}
    assert "n * 2 AS N" in connector.config["pipeline.file"]
    expanded = cluster.api.get("/connectors?expand=status&expand=info")
    assert expanded["dev1"]["info"]["name"] == expanded["dev1"]["status"]["name"] == "dev1"
    assert cluster.api.get("/connector-plugins")[0]["class"] == "kafka-spanner"
    wrong = {"name": "dev1", **config_of(site), "pipeline.file": "pipeline: dev1\n"}
    checked = cluster.api.put("/connector-plugins/kafka-spanner/config/validate", json=wrong)
    assert checked["error_count"] == 1 and checked["configs"][0]["value"]["errors"]
    good = {"name": "dev1", **config_of(site)}
    assert cluster.api.put("/connector-plugins/kafka-spanner/config/validate",
                           json=good)["error_count"] == 0
    actions = {entry["action"] for entry in site.plane.entries()
               if entry["actor"]["subject"] == "alice"}
    assert {"pipeline.configure", "pipeline.start", "pipeline.pause", "pipeline.restart"} <= actions


def test_a_foreign_client_is_refused_as_everybody_is(site, issuer):
    site.configure()
    visitor = cluster_of(site.plane, issuer.token("vic", ["visitors"]))
    assert list(visitor.connectors) == ["dev1"]
    with pytest.raises(GenericForbidden):
        Connector(visitor, "dev1").restart()
    for password in ("x", site.alice[:-4] + "AAAA"):
        with pytest.raises(GenericUnauthorized):
            cluster_of(site.plane, password).connectors
    with pytest.raises(GenericNotFound):
        cluster_of(site.plane, site.alice).api.get("/connectors/dev2/status")
    assert len(site.plane.refusals()) == 3


def offsets(topic, offset):
    return {"offsets": [{"partition": {"kafka_topic": topic, "kafka_partition": 0},
                         "offset": offset and {"kafka_offset": offset}}]}


def test_offsets_are_as_kip_875_has_them(site):
    site.configure()
    path = "/connectors/dev1/offsets"
    assert site.plane.get(path, site.alice).json() == {"offsets": []}
    assert site.plane.send("DELETE", path, site.alice).status_code == 200
    site.send(("a", 1), ("b", 2), ("c", 3))
    site.read_all(3)
    assert site.plane.get(path, site.alice).json() == offsets(site.name, 3)
    for body in ({}, {"offsets": []}, {"offsets": [{}]}, offsets(site.name, "x"),
                 offsets("other", 1), offsets(site.name, 4)):
        assert site.plane.send("PATCH", path, site.alice, body).status_code == 400, body
    altered = site.plane.send("PATCH", path, site.alice, offsets(site.name, 2))
    assert altered.status_code == 200 and "altered successfully" in altered.json()["message"]
    assert site.plane.get(path, site.alice).json() == offsets(site.name, 2)
    reset = site.plane.send("DELETE", path, site.alice)
    assert reset.status_code == 200, reset.text
    assert "reset successfully" in reset.json()["message"]
    assert site.plane.get(path, site.alice).json()["offsets"][0]["offset"] == {"kafka_offset": 0}
    altered = site.plane.send("PATCH", path, site.alice, offsets(site.name, None))
    assert altered.status_code == 200
    site.do(site.act("start"))
    running = site.plane.send("PATCH", path, site.alice, offsets(site.name, 1))
    assert running.status_code == 409 and "stop it first" in running.json()["message"]
