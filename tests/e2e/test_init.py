"""`init`: what it proposes for a real topic runs as it is."""

import json

import pytest
from confluent_kafka import Producer

from spanners import rows


@pytest.fixture
def propose(kafka, local_spanner, program, name):
    """Records in a topic; the file that init proposes, run once; the database."""

    def run(records, *arguments, topic=name):
        kafka.create_topic(topic, 2)
        producer = Producer({"bootstrap.servers": kafka.address})
        for key, value in records:
            producer.produce(topic, value, key)
        assert producer.flush(60) == 0
        database = local_spanner.create_database(name.lower(), [])
        file = program.directory / f"{topic}.yaml"
        program.ok(
            "init", "--topic", topic, "--brokers", kafka.address,
            "--database", database.name, "--out", file, *arguments,
        )
        text = file.read_text()
        program.ok("plan", file, "--apply")
        program.ok("preview", file)
        program.ok("run", file, "--once")
        assert rows(database, "SELECT COUNT(*) FROM kafka_spanner.DeadLetters") == [(0,)], text
        return text, database

    return run


def test_init_proposes_what_runs(propose):
    values = [
        {
            "user_id": f"u{i}",
            "signups": i,
            "email": f"{i}@example.com",
            "price": i + 0.25,
            "ratio": 1 / (i + 1),
            "at": f"2026-01-01T00:00:{i:02}.5Z",
            "day": "2026-01-01",
            "tags": ["a", "b"][: i % 3],
            "doc": {"deep": [i]},
            "group": None if i % 2 else "x",
            "no": True,
            "_hidden": 1,
        }
        for i in range(50)
    ]
    records = [(v["user_id"], json.dumps(v)) for v in values]
    text, database = propose(records, topic="signups")  # as one of its fields
    assert "in 25 of 50 records" in text and '# "_hidden": INT64' in text
    assert "CREATE TABLE" in text
    table = text[text.index("tables:\n  ") + 10 :].split(":")[0]
    assert rows(database, f"SELECT COUNT(DISTINCT UserId) FROM {table}") == [(50,)]
    columns = {
        row[0]: row[1]
        for row in rows(
            database,
            "SELECT COLUMN_NAME, SPANNER_TYPE FROM INFORMATION_SCHEMA.COLUMNS "
            f"WHERE TABLE_NAME = '{table}'",
        )
    }
    assert columns["Price"] == "NUMERIC" and columns["Ratio"] == "FLOAT64"
    assert columns["Tags"] == "ARRAY<STRING(MAX)>" and columns["Doc"] == "JSON"
    assert columns["Day"] == "DATE" and columns["UserId"] == "STRING(MAX)"


def test_init_of_records_without_keys_appends(propose, program, kafka, name):
    text, database = propose([(None, f"line {i}") for i in range(10)])
    assert "mode: append" in text
    table = text[text.index("tables:\n  ") + 10 :].split(":")[0]
    assert rows(database, f"SELECT COUNT(*) FROM {table}") == [(10,)]
    file = program.directory / f"{name}.yaml"
    again = program("init", "--topic", name, "--brokers", kafka.address, "--out", file)
    assert again.returncode == 2 and "overwrites nothing" in again.stderr
    kafka.create_topic(f"{name}_empty", 1)
    empty = program("init", "--topic", f"{name}_empty", "--brokers", kafka.address)
    assert empty.returncode != 0 and "nothing to guess from" in empty.stderr
