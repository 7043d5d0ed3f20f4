"""A real registry and the serializers of Confluent's own client: each format arrives exactly, with
schemas that refer to others and schemas that change while a worker runs."""

import datetime
import decimal
import http.server
import json
import pathlib
import subprocess
import threading
import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import timestamp_pb2  # noqa: F401, for the pool

from broker import running
from registry import Registry
from spanners import rows

PIPELINE = """\
pipeline: {name}
from:
  kafka: {{{kafka}, topic: {name}}}
  key: {{format: string, name: k}}
  value:
    format: {format}
    registry: {{url: "{url}"}}
    {more}
to:
  spanner: {{database: {database}}}
tables:
  Orders: SELECT k AS K, {select}
"""

DDL = """CREATE TABLE Orders (K STRING(MAX) NOT NULL, Id INT64, Total NUMERIC, Currency STRING(MAX),
       MadeAt TIMESTAMP, Note STRING(MAX)) PRIMARY KEY (K)"""


@pytest.fixture(scope="session")
def registry(request, tmp_path_factory):
    folder = pathlib.Path(request.config.getoption("--kafka")).parent / "registry"
    if not folder.exists():
        pytest.skip("tools/setup/run registry was not run")
    yield from running(Registry(folder, tmp_path_factory.mktemp("registry")))


class Topic:
    """A topic, its table, and a worker that runs from before its first record to the end."""

    def __init__(self, kafka, spanner, program, registry, name, partitions=1):
        self.kafka, self.program, self.registry, self.name = kafka, program, registry, name
        kafka.create_topic(name, partitions)
        self.database = spanner.create_database(name.lower()[:30], [DDL])
        self.client = SchemaRegistryClient({"url": registry.url})
        self.producer = Producer({"bootstrap.servers": kafka.address})

    def run(self, format, select, more=""):
        file = self.program.directory / f"{self.name}.yaml"
        text = PIPELINE.format(
            name=self.name,
            kafka=self.kafka.fields,
            format=format,
            url=self.registry.url,
            more=more,
            database=self.database.name,
            select=select,
        )
        file.write_text(text)
        self.program.ok("plan", file, "--apply")
        self.worker = self.program.start(self.name, "run", file)

    def send(self, key, serializer, value):
        context = SerializationContext(self.name, MessageField.VALUE)
        self.producer.produce(self.name, serializer(value, context), key)
        assert self.producer.flush(60) == 0

    def rows(self, count, query="SELECT K, Id, Total, Currency, MadeAt, Note FROM Orders"):
        """The table, as soon as it has as many rows."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = sorted(rows(self.database, query))
            if len(found) >= count:
                return found
            time.sleep(0.2)
        raise AssertionError(f"{found}; {self.worker.log()}")


@pytest.fixture
def topic(kafka, local_spanner, program, registry, name):
    return Topic(kafka, local_spanner, program, registry, name)


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def test_avro_with_a_reference_and_a_new_version(topic):
    money = {
        "type": "record",
        "name": "Money",
        "namespace": "shop",
        "fields": [
            {"name": "currency", "type": "string"},
            {
                "name": "amount",
                "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4},
            },
        ],
    }
    topic.client.register_schema(f"{topic.name}-money", Schema(json.dumps(money), "AVRO"))
    order = {
        "type": "record",
        "name": "Order",
        "namespace": "shop",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "total", "type": "shop.Money"},
            {"name": "made_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        ],
    }
    references = [SchemaReference("shop.Money", f"{topic.name}-money", 1)]

    def serializer(schema):
        return AvroSerializer(topic.client, Schema(json.dumps(schema), "AVRO", references))

    value = {
        "id": 1,
        "made_at": instant(1700000000),
        "total": {"currency": "EUR", "amount": decimal.Decimal("12.3400")},
    }
    first = serializer(order)
    topic.send("a", first, value)
    topic.run(
        "avro", "id AS Id, total.amount AS Total, total.currency AS Currency, " "made_at AS MadeAt"
    )
    topic.rows(1)
    order["fields"].insert(0, {"name": "note", "type": ["null", "string"], "default": None})
    second = serializer(order)
    topic.send("b", second, {**value, "id": 2, "note": "new"})
    topic.send("c", first, {**value, "id": 3})
    at = instant(1700000000)
    amount = decimal.Decimal("12.34")
    assert topic.rows(3) == [
        ("a", 1, amount, "EUR", at, None),
        ("b", 2, amount, "EUR", at, None),
        ("c", 3, amount, "EUR", at, None),
    ]
    assert topic.worker.stop() == 0


def classes(folder, name):
    """The message classes of a .proto file, by full name."""
    out = folder / f"{name}.desc"
    subprocess.run(["protoc", f"-I{folder}", "--include_imports", f"-o{out}", name], check=True)
    files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClassesForFiles([f.name for f in files.file], pool)


def test_protobuf_with_a_reference_and_a_new_version(topic, tmp_path):
    (tmp_path / "money.proto").write_text(
        'syntax = "proto3"; package shop; message Money { string currency = 1; int64 units = 2; }'
    )
    text = (
        'syntax = "proto3"; package shop; import "money.proto";'
        'import "google/protobuf/timestamp.proto"; message Other { int64 id = 1; } '
        "message Order { int64 id = 1; Money total = 2;"
        " google.protobuf.Timestamp made_at = 3; %s message Line { int64 n = 1; } }"
    )
    (tmp_path / "order.proto").write_text(text % "")
    first = classes(tmp_path, "order.proto")
    (tmp_path / "order.proto").write_text(text % "optional string note = 4;")
    second = classes(tmp_path, "order.proto")

    def order(types, **fields):
        message = types["shop.Order"](**fields)
        message.total.currency, message.total.units = "EUR", 12
        message.made_at.seconds, message.made_at.nanos = 1700000000, 123456789
        return message

    def serializer(message_type):
        return ProtobufSerializer(message_type, topic.client, {"use.deprecated.format": False})

    v1, v2 = serializer(first["shop.Order"]), serializer(second["shop.Order"])
    topic.send("a", v1, order(first, id=1))
    topic.run(
        "protobuf",
        "id AS Id, total.units AS Total, total.currency AS Currency, " "made_at AS MadeAt",
        "message: shop.Order",
    )
    topic.rows(1)
    topic.send("b", v2, order(second, id=2, note="new"))
    topic.send("c", v1, order(first, id=-3))
    at = "2023-11-14T22:13:20.123456789Z"
    made_at = "FORMAT_TIMESTAMP('%FT%H:%M:%E9SZ', MadeAt, 'UTC')"
    query = f"SELECT K, Id, Total, Currency, {made_at} FROM Orders"
    assert topic.rows(3, query) == [
        ("a", 1, 12, "EUR", at),
        ("b", 2, 12, "EUR", at),
        ("c", -3, 12, "EUR", at),
    ]
    assert topic.worker.stop() == 0


def test_protobuf_of_another_message_stops(topic, tmp_path):
    (tmp_path / "two.proto").write_text(
        'syntax = "proto3"; package shop; message Order { int64 id = 1; }'
        "message Refund { int64 id = 1; message Part { int64 id = 1; } }"
    )
    types = classes(tmp_path, "two.proto")
    conf = {"use.deprecated.format": False}
    topic.send(
        "a", ProtobufSerializer(types["shop.Order"], topic.client, conf), types["shop.Order"](id=1)
    )
    topic.run("protobuf", "id AS Id", "message: shop.Order")
    topic.rows(1)
    part = message_factory.GetMessageClass(
        types["shop.Refund"].DESCRIPTOR.nested_types_by_name["Part"]
    )
    topic.send("b", ProtobufSerializer(part, topic.client, conf), part(id=2))
    assert topic.worker.wait() == 4
    assert "the record is a shop.Refund.Part" in topic.worker.log()


def test_json_schema(topic):
    schema = {
        "title": "Order",
        "type": "object",
        "properties": {"id": {"type": "integer"}, "total": {"type": "number"}},
    }
    topic.send("a", JSONSerializer(json.dumps(schema), topic.client), {"id": 1, "total": 12.5})
    topic.run("json", "id AS Id, total AS Total", "schema: {id: INT64, total: NUMERIC}")
    assert topic.rows(1, "SELECT K, Id, Total FROM Orders") == [("a", 1, decimal.Decimal("12.5"))]
    assert topic.worker.stop() == 0


class SlowRegistry:
    """A registry with one schema for every number; numbers in `held` get 503 until let go."""

    def __init__(self, schema):
        self.held = set()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                held = self.path.rsplit("/", 1)[-1] in registry.held
                body = b"{}" if held else json.dumps({"schema": json.dumps(schema)}).encode()
                self.send_response(503 if held else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_a_schema_that_is_waited_for_holds_up_its_partition_only(
    kafka, local_spanner, program, name
):
    slow = SlowRegistry(
        {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]}
    )
    partitions = 8  # more than a worker has threads for them
    topic = Topic(kafka, local_spanner, program, slow, name, partitions)

    def send(partition, schema, id):
        body = b"\0" + schema.to_bytes(4, "big") + bytes([id << 1])
        topic.producer.produce(name, body, str(id), partition=partition)
        assert topic.producer.flush(60) == 0

    for partition in range(partitions):
        send(partition, 1, partition)
    topic.run("avro", "id AS Id")
    topic.rows(partitions)
    slow.held.add("2")
    send(0, 2, 20)
    topic.worker.wait_for_log("waits for the schema of its next records")
    send(0, 1, 21)
    for partition in range(1, partitions):
        send(partition, 1, 30 + partition)
    found = topic.rows(2 * partitions - 1)
    assert not {"20", "21"} & {row[0] for row in found}, topic.worker.log()
    slow.held.clear()
    assert {"20", "21"} <= {row[0] for row in topic.rows(2 * partitions + 1)}
    assert topic.worker.stop() == 0
    slow.server.shutdown()
