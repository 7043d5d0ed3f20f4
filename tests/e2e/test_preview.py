"""`preview`: what a real topic would become, without a trace in Kafka or Spanner."""

import json

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from spanners import rows

PIPELINE = """\
pipeline: {name}
from:
  kafka: {{{kafka}, topic: {name}}}
  key: {{format: string, name: id}}
  value: {{format: json, schema: {{n: INT64, city: STRING, at: TIMESTAMP}}}}
to:
  spanner: {{database: {database}}}
assert:
  - {{check: n < 100, message: n is too large}}
  - {{check: n != 50, else: skip}}
tables:
  People: SELECT id AS Id, n AS N, city AS City WHERE n > 0
  Parts: SELECT id AS Id, DIV(10, n - 9) AS Part
  Cities: >
    SELECT city AS City, COUNT(*) AS People, SUM(n) AS Sum WHERE city IS NOT NULL GROUP BY City
"""


@pytest.fixture
def topic(kafka, local_spanner, program, name):
    """A pipeline over three partitions, its tables made, and a producer of JSON."""
    kafka.create_topic(name, 3)
    database = local_spanner.create_database(name.lower(), [])
    file = program.directory / "pipeline.yaml"
    file.write_text(PIPELINE.format(name=name, kafka=kafka.fields, database=database.name))
    program.ok("plan", file, "--apply")
    producer = Producer({"bootstrap.servers": kafka.address})

    def send(key, value, partition=0):
        text = value if value is None or isinstance(value, str) else json.dumps(value)
        producer.produce(name, text, key, partition=partition)
        producer.flush(30)

    send.file, send.database, send.kafka, send.program = file, database, kafka, program
    return send


def preview(topic, *arguments):
    return json.loads(topic.program.ok("--output", "json", "preview", topic.file, *arguments))


def test_preview_shows_and_leaves_no_trace(topic, name):
    topic("ann", {"n": 7, "city": "Oslo", "at": "2026-01-01T00:00:00Z"})
    topic("bob", {"n": 500})
    topic("cid", "{broken")
    topic("dan", {"n": 50})
    topic("ann", None)
    # It fails in one table's SELECT, so it is in none.
    topic("gus", {"n": 9, "city": "Oslo"})
    topic("fay", {"n": 8, "city": "Oslo"}, partition=2)
    shown = preview(topic)
    assert shown["records"] == 7 and shown["unwanted"] == 0
    people, parts, cities = shown["tables"]
    row = lambda partition, offset, **row: {
        "partition": partition, "offset": offset, "delete": len(row) == 1, "row": row
    }
    assert people["rows"] == [
        row(0, 0, Id="ann", N=7, City="Oslo"),
        row(0, 4, Id="ann"),
        row(2, 0, Id="fay", N=8, City="Oslo"),
    ]
    assert [r["row"].get("Part") for r in parts["rows"]] == [-5, None, -10]
    assert cities["mode"] == "aggregate"
    assert cities["rows"] == [{"row": {"City": "Oslo", "People": 2, "Sum": "15"}}]
    assert {(r["offset"], r["becomes"], r["stage"]) for r in shown["refused"]} == {
        (1, "dead letter", "assert"),
        (2, "dead letter", "value"),
        (3, "skipped", "assert"),
        (5, "dead letter", "select"),
    }
    assert "n is too large" in shown["refused"][0]["why"] and shown["refused"][0]["key"] == "bob"
    # The same for people.
    text = topic.program.ok("preview", topic.file)
    assert f"{name}/0@4  delete" in text and "nothing was written" in text
    assert "dead letter" in text and '{"n": 500}' in text
    # No trace: no row, no checkpoint, no group.
    for table in ("People", "kafka_spanner.Partitions", "kafka_spanner.DeadLetters"):
        assert rows(topic.database, f"SELECT COUNT(*) FROM {table}") == [(0,)]
    admin = AdminClient({"bootstrap.servers": topic.kafka.address})

    def groups():
        listed = admin.list_consumer_groups().result().valid
        return [group.group_id for group in listed if group.group_id.startswith(name)]

    assert groups() == []
    topic.program.ok("run", topic.file, "--once")  # which leaves one
    assert groups() == [name]


def test_preview_reads_where_and_as_much_as_it_is_told(topic):
    for i in range(40):
        topic(f"k{i}", {"n": i + 10}, partition=0 if i < 30 else 2)

    def offsets(*arguments):
        shown = preview(topic, *arguments)["tables"][0]["rows"]
        return [(row["partition"], row["offset"]) for row in shown]

    # Evenly of the partitions; what one does not have goes to those after it.
    assert offsets("--limit", "9") == [(0, i) for i in range(3)] + [(2, i) for i in range(6)]
    assert offsets("--partition", "0", "--from", "28") == [(0, 28), (0, 29)]
    latest = ("--partition", "2", "--from", "latest", "--limit", "2")
    assert offsets(*latest) == [(2, 8), (2, 9)]
    assert preview(topic, "--partition", "1")["records"] == 0
    outside = topic.program("preview", topic.file, "--partition", "2", "--from", "11")
    assert outside.returncode == 2 and "which has 0 to 9" in outside.stderr
    nonsense = topic.program("preview", topic.file, "--from", "yesterday")
    assert nonsense.returncode == 2 and "--from yesterday: write an offset" in nonsense.stderr
    assert topic.program("preview", topic.file, "--partition", "3").returncode == 2
    # Without a database, too.
    assert preview(topic, "--offline", "--endpoint", "127.0.0.1:1")["records"] == 17
