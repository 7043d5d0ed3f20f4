"""A workload: orders in Kafka, the pipeline over them, and what its tables must then hold, computed
here in Python from what was produced, and compared with what Spanner has."""

import base64
import collections
import dataclasses
import datetime
import decimal
import json
import random
import threading
import time
import zlib

from confluent_kafka import Producer

from spanners import rows

PARTITIONS = 6
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
CITIES = ("Bern", "Kyiv", "Lima", "Oslo", "Pune", "São Paulo", "東京", None)
START_MS = 1_700_000_000_000

PIPELINE = """\
pipeline: {name}
from:
  kafka:
    {{{kafka}, topic: {topic}, lanes: {lanes},
    properties: {{session.timeout.ms: 2000, heartbeat.interval.ms: 300}}}}
  key: {{format: string, name: customer}}
  value:
    format: json
    schema:
      city: STRING
      amount: INT64 NOT NULL
      price: NUMERIC
      ordered_at: TIMESTAMP NOT NULL
to:
  spanner: {{database: {database}}}
assert:
  - check: amount >= 0
    else: dead_letter
tables:
  LastOrder: |
    SELECT customer AS Customer, city AS City, amount AS Amount, price AS Price,
           ordered_at AS OrderedAt, _offset AS SeenAt
    WHERE customer IS NOT NULL
  Cities: |
    SELECT city AS City, DIV(UNIX_SECONDS(ordered_at), 10) AS Tens, COUNT(*) AS Orders,
           COUNTIF(amount > 500) AS Large, SUM(amount) AS Amount, SUM(price) AS Price,
           MIN(ordered_at) AS FirstAt, MAX(amount) AS Largest
    GROUP BY City, Tens
{append}
limits:
  dead_letters: {{max: 1000000}}
"""

# Its inserts refuse a record that is there already: beside it, no commit can be applied twice. So
# some tests go without it.
APPEND = """\
  Orders:
    mode: append
    select: |
      SELECT _partition AS Part, _offset AS Pos, customer AS Customer, city AS City,
             amount AS Amount, ARRAY(SELECT h.name FROM UNNEST(_headers) AS h) AS Headers
"""

DDL = [
    """CREATE TABLE LastOrder (Customer STRING(MAX) NOT NULL, City STRING(MAX), Amount INT64,
       Price NUMERIC, OrderedAt TIMESTAMP, SeenAt INT64) PRIMARY KEY (Customer)""",
    """CREATE TABLE Orders (Part INT64 NOT NULL, Pos INT64 NOT NULL, Customer STRING(MAX),
       City STRING(MAX), Amount INT64, Headers ARRAY<STRING(MAX)>) PRIMARY KEY (Part, Pos)""",
]


@dataclasses.dataclass
class Record:
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: list


def make_records(count, seed):
    """Orders of customers who come, order a few times and never again: what is written over with
    something old stays wrong. Among them are null keys, tombstones, records that fail the
    assertion, and malformed ones."""
    dice = random.Random(seed)
    for i in range(count):
        timestamp_ms = START_MS + i * 7
        customer = None if dice.random() < 0.02 else f"c{i // 400 * 100 + dice.randrange(100)}"
        key = None if customer is None else customer.encode()
        partition = dice.randrange(PARTITIONS) if key is None else zlib.crc32(key) % PARTITIONS
        headers = (
            [(f"h{n}", b"\xffx" * n) for n in range(dice.randrange(3))]
            if dice.random() < 0.1
            else []
        )
        kind = dice.random()
        at = datetime.datetime.fromtimestamp(timestamp_ms / 1000, datetime.timezone.utc)
        order = {
            "city": dice.choice(CITIES),
            "amount": dice.randrange(1000) if kind > 0.01 else -1 - dice.randrange(9),
            "ordered_at": (at + datetime.timedelta(milliseconds=dice.randrange(3000))).isoformat(),
            "note": "n" * dice.randrange(80),
        }
        value = json.dumps(order, ensure_ascii=False)
        if dice.random() < 0.9:  # exact decimals, as JSON numbers
            value = value[:-1] + f', "price": {dice.randrange(10**6)}.{dice.randrange(100):02d}}}'
        value = value.encode()
        if key is not None and kind > 0.97:
            value = None
        elif 0.01 < kind < 0.015:
            value = value[: dice.randrange(len(value))]
        yield Record(partition, key, value, timestamp_ms, headers)


class Load(threading.Thread):
    """Produces the records over `seconds`, in bursts, by producers of every compression and one
    with transactions, some of which are aborted. `produced` are then {(partition, offset): Record}
    of what a reader may see."""

    def __init__(self, brokers, topic, count, seconds, seed):
        super().__init__(daemon=True)
        self.brokers, self.topic = brokers, topic
        self.count, self.seconds, self.seed = count, seconds, seed
        self.produced = {}
        self.aborted = 0
        self.in_burst = threading.Event()
        self.failure = None

    def run(self):
        try:
            self.produce()
        except Exception as failure:  # shown by finish()
            self.failure = failure

    def finish(self):
        self.join()
        if self.failure:
            raise self.failure
        assert self.aborted > 0

    def produce(self):
        common = {"bootstrap.servers": self.brokers, "linger.ms": 20, "enable.idempotence": True}
        plain = [Producer({**common, "compression.type": codec}) for codec in CODECS]
        transactional = Producer(
            {**common, "compression.type": "zstd", "transactional.id": f"{self.topic}-producer"}
        )
        transactional.init_transactions(30)
        dice = random.Random(self.seed + 1)
        chunk = 500
        burst = max(chunk, self.count // 8 // chunk * chunk)
        started = time.monotonic()
        records = list(make_records(self.count, self.seed))
        self.in_burst.set()
        for begin in range(0, self.count, chunk):
            part = records[begin : begin + chunk]
            producer = dice.choice(plain + [transactional] * 2)
            if producer is transactional:
                self.transact(producer, part, abort=dice.random() < 0.3)
            else:
                self.send(producer, part, self.produced)
                producer.flush(
                    60
                )  # the next chunk may be another producer's: keys keep their order
            if (begin + chunk) % burst == 0:
                self.in_burst.clear()
                ahead = started + self.seconds * (begin + chunk) / self.count - time.monotonic()
                time.sleep(max(0, ahead))
                self.in_burst.set()

    def transact(self, producer, part, abort):
        producer.begin_transaction()
        seen = {}
        self.send(producer, part, seen)
        producer.flush(60)
        if not abort:
            producer.commit_transaction(60)
            self.produced.update(seen)
            return
        producer.abort_transaction(60)
        self.aborted += len(seen)
        # What was aborted is sent again, as an application would.
        self.transact(producer, part, abort=False)

    def send(self, producer, part, seen):
        for record in part:

            def delivered(error, message, record=record):
                if error is None:
                    seen[(message.partition(), message.offset())] = record

            producer.produce(
                self.topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                timestamp=record.timestamp_ms,
                headers=record.headers,
                on_delivery=delivered,
            )
            producer.poll(0)


def parse(record):
    """The order, or None where the record cannot be one."""
    try:
        order = json.loads(record.value, parse_float=decimal.Decimal, parse_int=int)
    except ValueError:
        return None
    return order if order["amount"] >= 0 else None


def expected_tables(produced, pipeline, topic):
    """What each table must hold: {table: sorted rows}."""
    last, orders, letters = {}, [], []
    groups = collections.defaultdict(list)
    for (partition, offset), record in sorted(produced.items()):
        key = None if record.key is None else record.key.decode()
        if record.value is None:
            last.pop(key, None)
            continue
        order = parse(record)
        if order is None:
            headers = [letter_header(*header) for header in record.headers]
            letters.append(
                (
                    topic,
                    partition,
                    offset,
                    record.key,
                    record.value,
                    json.dumps(headers, sort_keys=True),
                )
            )
            continue
        at = datetime.datetime.fromisoformat(order["ordered_at"])
        price = order.get("price")
        price = None if price is None else decimal.Decimal(price)
        if key is not None:
            last[key] = (key, order["city"], order["amount"], price, at, offset)
        names = [name for name, _ in record.headers]
        orders.append((partition, offset, key, order["city"], order["amount"], names))
        groups[(order["city"], int(at.timestamp()) // 10)].append((order["amount"], price, at))
    cities = []
    for (city, tens), members in groups.items():
        amounts = [amount for amount, _, _ in members]
        prices = [price for _, price, _ in members if price is not None]
        large = sum(amount > 500 for amount in amounts)
        first = min(at for _, _, at in members)
        total = sum(prices) if prices else None
        cities.append((city, tens, len(members), large, sum(amounts), total, first, max(amounts)))
    return {
        "LastOrder": sorted(last.values()),
        "Orders": sorted(orders, key=lambda row: row[:2]),
        "Cities": sorted(cities, key=city_order),
        "DeadLetters": sorted(letters, key=lambda row: row[:3]),
    }


def letter_header(name, value):
    try:
        return {"name": name, "value": value.decode()}
    except UnicodeDecodeError:
        return {"name": name, "base64": base64.b64encode(value).decode()}


def city_order(row):
    return (row[0] is not None, row[0] or "", row[1])


def actual_tables(database, pipeline):
    """The same, read from Spanner with Google's client."""
    letters = rows(
        database,
        "SELECT Topic, KafkaPartition, KafkaOffset, RecordKey, RecordValue, Headers, Reason "
        f"FROM kafka_spanner.DeadLetters WHERE Pipeline = '{pipeline}'",
    )
    assert all(letter[6] for letter in letters)  # each has a reason
    return {
        "LastOrder": sorted(plain(row) for row in rows(database, "SELECT * FROM LastOrder")),
        "Orders": sorted(rows(database, "SELECT * FROM Orders"), key=lambda row: row[:2]),
        "Cities": sorted(
            (plain(row) for row in rows(database, "SELECT * FROM Cities")), key=city_order
        ),
        "DeadLetters": sorted((letter_row(row) for row in letters), key=lambda row: row[:3]),
    }


def plain(row):
    """Google's client has its own timestamps, with nanoseconds."""
    return tuple(
        datetime.datetime.fromisoformat(value.rfc3339()) if hasattr(value, "rfc3339") else value
        for value in row
    )


def letter_row(row):
    topic, partition, offset, key, value, headers, _ = row
    decode = lambda data: None if data is None else base64.b64decode(data)
    headers = [] if headers is None else json.loads(headers.serialize())
    text = json.dumps(headers, sort_keys=True)
    return (topic, partition, offset, decode(key), decode(value), text)


def counted(table):
    """Rows as texts in which equal values look the same."""
    text = lambda value: (
        str(value.normalize()) if isinstance(value, decimal.Decimal) else repr(value)
    )
    return collections.Counter("(" + ", ".join(map(text, row)) + ")" for row in table)


def differences(expected, actual, most=5):
    """Text of the first differences, per table; empty: all is equal."""
    found = []
    for table, wanted in expected.items():
        want, have = counted(wanted), counted(actual[table])
        missing, extra = list((want - have).elements()), list((have - want).elements())
        if missing or extra:
            found.append(f"{table}: {len(missing)} rows missing, {len(extra)} unexpected")
            found += [f"  missing {row}" for row in missing[:most]]
            found += [f"  unexpected {row}" for row in extra[:most]]
    return "\n".join(found)
