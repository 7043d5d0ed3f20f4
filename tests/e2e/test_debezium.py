"""A real PostgreSQL, Debezium's connector in Kafka Connect, Apache Kafka, a worker: what is in the
database is in Spanner, after each kind of change. A ctest of its own (e2e.debezium)."""

import json
import pathlib
import time

import pytest

from broker import running
from postgres import Debezium, Postgres
from spanners import rows

TOPIC = "shop.public.orders"

PIPELINE = """\
pipeline: shop
from:
  kafka: {{{kafka}, topic: {topic}}}
  key: {{format: debezium, schema: {{id: INT64 NOT NULL}}}}
  value:
    format: debezium
    schema:
      customer: STRING NOT NULL
      total: NUMERIC
      placed: TIMESTAMP
      moment: TIMESTAMP
      day: DATE
      doc: JSON
      uid: UUID
      raw: BYTES
      note: STRING
to:
  spanner: {{database: {database}}}
tables:
  Orders: >
    SELECT id AS Id, customer AS Customer, total AS Total, placed AS Placed, moment AS Moment,
      day AS Day, doc AS Doc, uid AS Uid, raw AS Raw, note AS Note
"""

DDL = """CREATE TABLE Orders (Id INT64 NOT NULL, Customer STRING(MAX) NOT NULL, Total NUMERIC,
       Placed TIMESTAMP, Moment TIMESTAMP, Day DATE, Doc JSON, Uid UUID, Raw BYTES(MAX),
       Note STRING(MAX)) PRIMARY KEY (Id)"""

# One text for a row on either side; the last digits of both sides' instants are microseconds.
IN_SPANNER = """SELECT TO_JSON_STRING(TO_JSON(STRUCT(Id, Customer, CAST(Total AS STRING) AS Total,
    UNIX_MICROS(Placed) AS Placed, UNIX_MICROS(Moment) AS Moment, CAST(Day AS STRING) AS Day,
    TO_JSON_STRING(Doc) AS Doc, CAST(Uid AS STRING) AS Uid, TO_HEX(Raw) AS Raw, Note)))
    FROM Orders"""
IN_POSTGRES = """SELECT json_build_object('Id', id, 'Customer', customer,
    'Total', trim_scale(total)::text, 'Placed', (extract(epoch FROM placed) * 1000000)::bigint,
    'Moment', (extract(epoch FROM moment) * 1000000)::bigint, 'Day', day::text,
    'Doc', doc::text, 'Uid', uid::text, 'Raw', encode(raw, 'hex'), 'Note', {note}) FROM orders"""


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield from running(server)


def comparable(text):
    row = json.loads(text)
    row["Doc"] = json.loads(row["Doc"]) if row["Doc"] else None
    return tuple(json.dumps(row[name], sort_keys=True) for name in sorted(row))


class Shop:
    """The database and its copy."""

    def __init__(self, postgres, database, worker):
        self.postgres, self.database, self.worker = postgres, database, worker
        self.note = "NULL"

    def equal(self, within=90):
        """Waits until both sides hold the same rows; how many."""
        give_up = time.monotonic() + within
        here = [row[0] for row in self.postgres.run(IN_POSTGRES.format(note=self.note))]
        expected = sorted(map(comparable, here))
        while True:
            found = sorted(comparable(row[0]) for row in rows(self.database, IN_SPANNER))
            if found == expected:
                return len(expected)
            assert self.worker.running(), self.worker.log()
            assert time.monotonic() < give_up, (found, expected, self.worker.log())
            time.sleep(0.3)

    def letters(self):
        return [
            row[0] for row in rows(self.database, "SELECT Reason FROM kafka_spanner.DeadLetters")
        ]


def test_spanner_holds_what_postgres_holds(
    request, kafka, local_spanner, program, postgres, tmp_path
):
    jars = pathlib.Path(request.config.getoption("--kafka")).parent / "debezium"
    postgres.run(
        """CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, total numeric(20, 4),
             placed timestamptz, moment timestamp(6), day date, doc jsonb, uid uuid, raw bytea);
           INSERT INTO orders (id, customer, total, placed, moment, day, doc, uid, raw) VALUES
             (1, 'ann', 12.5, '2024-01-31 08:15:00.123456+02', '1969-12-31 23:59:59.999999',
              '9999-12-31', '{"n": [1, null, "x"]}', '00000000-0000-0000-0000-0000000000ff',
              '\\x00ff'),
             (2, 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""
    )
    kafka.create_topic(TOPIC, 2)
    database = local_spanner.create_database("debezium", [DDL])
    file = tmp_path / "shop.yaml"
    file.write_text(PIPELINE.format(kafka=kafka.fields, topic=TOPIC, database=database.name))
    program.ok("plan", file, "--apply")
    worker = program.start("shop", "run", file)
    shop = Shop(postgres, database, worker)
    debezium = Debezium(jars, kafka, postgres, tmp_path, "public.orders")
    debezium.start()
    try:
        changes(shop)
    finally:
        debezium.stop()
    assert worker.stop() == 0


def changes(shop):
    sql = shop.postgres.run
    assert shop.equal() == 2  # the connector's snapshot
    sql("INSERT INTO orders (id, customer, total) VALUES (3, 'cid', -9999999999999999.9999)")
    sql("INSERT INTO orders (id, customer, day) VALUES (4, 'dan', '0001-01-01')")
    assert shop.equal() == 4
    sql("UPDATE orders SET total = total + 0.0001, customer = 'ann é' WHERE id IN (1, 3)")
    sql("DELETE FROM orders WHERE id = 2")
    assert shop.equal() == 3
    sql("UPDATE orders SET id = 40 WHERE id = 4")  # another key: the old row goes
    assert shop.equal() == 3
    # Transactions: one that is rolled back leaves nothing; one that changes a row thrice, the last.
    sql("BEGIN; INSERT INTO orders (id, customer) VALUES (5, 'never'); ROLLBACK")
    sql(
        """BEGIN; INSERT INTO orders (id, customer) VALUES (6, 'a'), (7, 'a');
           UPDATE orders SET customer = 'b' WHERE id = 6; DELETE FROM orders WHERE id = 7;
           UPDATE orders SET customer = 'c' WHERE id = 6; COMMIT"""
    )
    assert shop.equal() == 4
    # The schema: a column that the pipeline knew was to come, one that it does not know, one less,
    # and one that is wider now.
    sql("ALTER TABLE orders ADD COLUMN note text, ADD COLUMN unknown int DEFAULT 7")
    shop.note = "note"
    sql("INSERT INTO orders (id, customer, note) VALUES (8, 'eve', 'new')")
    sql("UPDATE orders SET note = 'now' WHERE id = 6")
    assert shop.equal() == 5
    sql("ALTER TABLE orders ALTER COLUMN total TYPE numeric(24, 6)")
    sql("UPDATE orders SET total = 0.000001 WHERE id = 8")
    assert shop.equal() == 5
    assert shop.letters() == []
    # TRUNCATE says of no row that it is gone: it is set aside, and the rows stay.
    sql("TRUNCATE orders")
    give_up = time.monotonic() + 60
    while not shop.letters():
        assert time.monotonic() < give_up, shop.worker.log()
        time.sleep(0.3)
    (reason,) = shop.letters()
    assert "TRUNCATE" in reason or "truncate" in reason, reason
    assert len(rows(shop.database, "SELECT Id FROM Orders")) == 5
