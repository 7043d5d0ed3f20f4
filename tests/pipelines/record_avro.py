#!/usr/bin/env python3
"""Writes input.jsonl and the schemas of tests/pipelines/avro_*, with fastavro as the writer.

    pip install fastavro==1.12.2
    tests/pipelines/record_avro.py

Only for renewing: the tests read what is committed.
"""

import datetime
import decimal
import io
import json
import pathlib
import uuid

import fastavro

ROOT = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc


def encode(schema, record, names=None):
    out = io.BytesIO()
    fastavro.schemaless_writer(
        out, fastavro.parse_schema(schema, named_schemas=names or {}), record
    )
    return out.getvalue()


def framed(schema_id, body):
    return b"\0" + schema_id.to_bytes(4, "big") + body


def line(key, value, **more):
    text = {"key": key, "value": None if value is None else {"$hex": value.hex()}, **more}
    return json.dumps(text, ensure_ascii=False) + "\n"


def write(case, name, text):
    (ROOT / case / name).write_text(text)


def record(name, fields):
    return {
        "type": "record",
        "name": name,
        "namespace": "shop",
        "fields": [{"name": n, "type": t} for n, t in fields],
    }


def logical(base, name, **more):
    return {"type": base, "logicalType": name, **more}


def nullable(t):
    return ["null", t]


# ---- Every type of Avro, in the column that it gives by itself ----

COLOR = {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN"]}
TREE = {
    "type": "record",
    "name": "Tree",
    "fields": [
        {"name": "n", "type": "int"},
        {"name": "kids", "type": {"type": "array", "items": "Tree"}},
    ],
}
TYPES = [
    ("b", "boolean"),
    ("i", "int"),
    ("l", "long"),
    ("f", "float"),
    ("d", "double"),
    ("y", "bytes"),
    ("s", "string"),
    ("fx", {"type": "fixed", "name": "Two", "size": 2}),
    ("e", COLOR),
    ("a", {"type": "array", "items": nullable("long")}),
    ("m", {"type": "map", "values": "double"}),
    (
        "r",
        {
            "type": "record",
            "name": "Inner",
            "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": nullable("string")}],
        },
    ),
    ("u", nullable("string")),
    ("u3", ["null", "string", "long"]),
    ("tree", TREE),
    ("dec", logical("bytes", "decimal", precision=38, scale=9)),
    (
        "decfx",
        {
            "type": "fixed",
            "name": "Dec",
            "size": 8,
            "logicalType": "decimal",
            "precision": 18,
            "scale": 2,
        },
    ),
    ("day", logical("int", "date")),
    ("t_ms", logical("int", "time-millis")),
    ("t_us", logical("long", "time-micros")),
    ("ts_ms", logical("long", "timestamp-millis")),
    ("ts_us", logical("long", "timestamp-micros")),
    ("ts_ns", logical("long", "timestamp-nanos")),
    ("l_ms", logical("long", "local-timestamp-millis")),
    ("l_us", logical("long", "local-timestamp-micros")),
    ("l_ns", logical("long", "local-timestamp-nanos")),
    ("id", logical("string", "uuid")),
    ("dur", {"type": "fixed", "name": "Dur", "size": 12, "logicalType": "duration"}),
]
ALL = record("All", TYPES)


def all_types():
    values = dict(
        b=True,
        i=-2147483648,
        l=9223372036854775807,
        f=0.5,
        d=0.1,
        y=b"\0\xff",
        s="é",
        fx=b"ab",
        e="GREEN",
        a=[1, None],
        m={"k": 1.5},
        r={"x": 7, "y": None},
        u="text",
        u3=12,
        tree={"n": 1, "kids": [{"n": 2, "kids": []}]},
        dec=decimal.Decimal("-99999999999999999999999999999.999999999"),
        decfx=decimal.Decimal("12.50"),
        day=datetime.date(9999, 12, 31),
        t_ms=datetime.time(23, 59, 59, 999000),
        t_us=datetime.time(0, 0, 0, 1),
        ts_ms=datetime.datetime(2024, 1, 31, 8, 15, 0, 123000, UTC),
        ts_us=datetime.datetime(1, 1, 1, tzinfo=UTC),
        ts_ns=1700000000123456789,
        l_ms=datetime.datetime(2024, 1, 31, 8, 15, 0, 123000),
        l_us=datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
        l_ns=1700000000123456789,
        id=uuid.UUID(int=255),
        dur=bytes([1, 0, 0, 0, 2, 0, 0, 0, 184, 11, 0, 0]),
    )
    good = encode(ALL, values)
    lines = [line("max", good)]
    zero = dict(
        values,
        b=False,
        i=0,
        l=-9223372036854775808,
        y=b"",
        s="",
        e="RED",
        a=[],
        m={},
        u=None,
        u3=None,
        dec=decimal.Decimal(0),
        decfx=decimal.Decimal("-0.01"),
        day=datetime.date(1, 1, 1),
        ts_ms=datetime.datetime(9999, 12, 31, 23, 59, 59, 999000, UTC),
    )
    lines.append(line("min", encode(ALL, zero)))
    lines.append(line("u3", encode(ALL, dict(zero, u3="s"))))
    plain = {
        **ALL,
        "fields": [
            {
                "name": n,
                "type": (
                    t if n not in ("day", "ts_us", "t_ms") else ("int" if n != "ts_us" else "long")
                ),
            }
            for n, t in TYPES
        ],
    }
    plain = json.loads(json.dumps(plain))
    for name, bad in (("day", 2932897), ("t_ms", 86400000), ("ts_us", -62135596800000001)):
        raw = dict(values, day=0, t_ms=0, ts_us=0)
        raw[name] = bad
        lines.append(line("bad " + name, encode(plain, raw)))
    big = {**ALL, "fields": [{"name": n, "type": t if n != "dec" else "bytes"} for n, t in TYPES]}
    lines.append(line("bad dec", encode(big, dict(values, dec=(10**38).to_bytes(17, "big")))))
    lines.append(line("bad utf8", good.replace("é".encode(), b"\xff\xff")))
    lines.append(line("short", good[:-1]))
    lines.append(line("long", good + b"\0"))
    lines.append(line("empty", b""))
    lines.append(line("bool 2", b"\2" + good[1:]))
    lines.append(line("int 33 bits", b"\1" + b"\x80\x80\x80\x80\x20" + good[6:]))
    lines.append(line("gone", None))
    write("avro_types", "input.jsonl", "".join(lines))
    write("avro_types", "all.avsc", json.dumps(ALL, indent=1) + "\n")


# ---- The other columns that a type may become ----


def other_columns():
    fields = [
        ("i_f", "int"),
        ("l_n", "long"),
        ("l_f", "long"),
        ("f_d", "float"),
        ("s_n", "string"),
        ("s_t", "string"),
        ("s_d", "string"),
        ("s_u", "string"),
        ("dec_s", logical("bytes", "decimal", precision=60, scale=2)),
        ("dec_i", logical("bytes", "decimal", precision=20, scale=2)),
        ("day_i", logical("int", "date")),
        ("ts_i", logical("long", "timestamp-micros")),
        ("l_ts", logical("long", "local-timestamp-millis")),
        ("id_s", logical("string", "uuid")),
        (
            "j",
            {
                "type": "record",
                "name": "J",
                "fields": [
                    {"name": "dec", "type": logical("bytes", "decimal", precision=60, scale=2)},
                    {"name": "ts", "type": logical("long", "timestamp-micros")},
                    {"name": "y", "type": "bytes"},
                    {"name": "d", "type": "double"},
                    {"name": "q", "type": "string"},
                ],
            },
        ),
        ("skipped", {"type": "map", "values": {"type": "array", "items": "string"}}),
    ]
    schema = record("Other", fields)
    values = dict(
        i_f=-7,
        l_n=9223372036854775807,
        l_f=9007199254740992,
        f_d=0.5,
        s_n="12.50",
        s_t="2024-01-31T08:15:00Z",
        s_d="2024-01-31",
        s_u=str(uuid.UUID(int=1)),
        dec_s=decimal.Decimal("1e50"),
        dec_i=decimal.Decimal("7.00"),
        day_i=datetime.date(1970, 1, 2),
        ts_i=datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        l_ts=datetime.datetime(1970, 1, 1, 0, 0, 1),
        id_s=uuid.UUID(int=2),
        j=dict(
            dec=decimal.Decimal("-1e40"),
            ts=datetime.datetime(2024, 1, 31, tzinfo=UTC),
            y=b"\xff",
            d=float("inf"),
            q='"\\\n',
        ),
        skipped={"a": ["x"]},
    )
    decimal.getcontext().prec = 80
    lines = [
        line("1", encode(schema, values)),
        line("2", encode(schema, dict(values, l_f=9007199254740993))),
        line("3", encode(schema, dict(values, dec_i=decimal.Decimal("7.01")))),
        line("4", encode(schema, dict(values, s_n="twelve"))),
    ]
    write("avro_columns", "input.jsonl", "".join(lines))
    write("avro_columns", "other.avsc", json.dumps(schema, indent=1) + "\n")


# ---- A registry: schemas that change inside the topic ----


def registry():
    v1 = record(
        "Order", [("id", "long"), ("total", logical("bytes", "decimal", precision=10, scale=2))]
    )
    v2 = record(
        "Order",
        [
            ("note", nullable("string")),
            ("total", logical("bytes", "decimal", precision=12, scale=4)),
            ("id", "int"),
        ],
    )
    v3 = record(
        "Order", [("id", "string"), ("total", logical("bytes", "decimal", precision=10, scale=2))]
    )
    v4 = record("Order", [("id", "long")])
    ids = {
        "1": v1,
        "2": v2,
        "3": v3,
        "4": v4,
        "6": {"type": "array", "items": "long"},
        "7": {"type": "nonsense"},
    }
    d = decimal.Decimal
    lines = [
        line("a", framed(1, encode(v1, dict(id=1, total=d("12.50"))))),
        line("b", framed(2, encode(v2, dict(id=2, total=d("0.0001"), note="n")))),
        line("c", framed(3, encode(v3, dict(id="3", total=d(1))))),
        line("d", framed(4, encode(v4, dict(id=4)))),
        line("e", framed(5, b"\2")),
        line("f", framed(6, encode(ids["6"], [1]))),
        line("g", framed(7, b"\2")),
        line("h", b'{"id": 1}'),
        line("i", b"\0\0"),
        line("j", framed(1, encode(v1, dict(id=10, total=d("3.00"))))),
    ]
    for case in ("avro_registry", "avro_registry_stops", "avro_registry_down"):
        text = dict(ids=ids, subjects={"orders-value": v1})
        if case == "avro_registry_down":
            text["down"] = 2
        write(case, "registry.json", json.dumps(text, indent=1) + "\n")
        write(case, "input.jsonl", "".join(lines))


# ---- The reader's schema knows more than the writer's; fastavro resolves them too ----


def evolves():
    def line_of(name, fields):
        return {"type": "record", "name": name, "fields": fields}

    old = line_of(
        "Order",
        [
            {"name": "id", "type": "long"},
            {"name": "amount", "type": "int"},
            {"name": "memo", "type": "string"},
            {
                "name": "ship",
                "type": ["null", line_of("Ship", [{"name": "town", "type": "string"}])],
            },
        ],
    )
    dec = logical("bytes", "decimal", precision=10, scale=2)
    new = line_of(
        "Order",
        [
            {"name": "id", "type": "long"},
            {"name": "total", "type": "long", "aliases": ["sum", "amount"]},
            {"name": "note", "type": "bytes", "aliases": ["memo"]},
            {
                "name": "ship",
                "type": [
                    "null",
                    line_of(
                        "Ship",
                        [
                            {"name": "city", "type": "string", "aliases": ["town"]},
                            {"name": "zone", "type": "int", "default": -7},
                        ],
                    ),
                ],
            },
            {"name": "currency", "type": "string", "default": "EUR \u00e9"},
            {"name": "fee", "type": dec, "default": "\u00ff\u0083"},
            {"name": "gone", "type": nullable("string"), "default": None},
            {"name": "level", "type": ["double", "null"], "default": 0.5},
            {"name": "tags", "type": {"type": "array", "items": "string"}, "default": ["a", "b"]},
            {"name": "m", "type": {"type": "map", "values": "long"}, "default": {"k": 1}},
            {"name": "kind", "type": COLOR, "default": "GREEN"},
            {
                "name": "from",
                "type": line_of(
                    "Place",
                    [
                        {"name": "x", "type": "boolean"},
                        {"name": "y", "type": "float", "default": 1.5},
                    ],
                ),
                "default": {"x": True},
            },
            {"name": "day", "type": logical("int", "date"), "default": 19723},
        ],
    )
    bad = line_of("Order", [f for f in old["fields"] if f["name"] != "amount"])
    records = [
        (1, old, dict(id=1, amount=5, memo="text", ship=dict(town="Bern"))),
        (1, old, dict(id=2, amount=-5, memo="", ship=None)),
        (
            2,
            new,
            dict(
                id=3,
                total=6,
                note=b"raw",
                ship=dict(city="Rome", zone=1),
                currency="USD",
                fee=decimal.Decimal("0.07"),
                gone="g",
                level=None,
                tags=[],
                m={},
                kind="RED",
                day=datetime.date(2024, 1, 2),
                **{"from": dict(x=False, y=0.0)},
            ),
        ),
    ]
    resolved = []
    lines = []
    for number, (id, schema, value) in enumerate(records):
        body = encode(schema, value)
        lines.append(line(str(number), framed(id, body)))
        parsed = [fastavro.parse_schema(json.loads(json.dumps(s))) for s in (schema, new)]
        resolved.append(fastavro.schemaless_reader(io.BytesIO(body), *parsed))
    # No default and no alias for what is not there any more: `total` is NOT NULL.
    lines.append(line("lost", framed(3, encode(bad, dict(id=4, memo="", ship=None)))))
    write("avro_evolves", "fastavro.txt", "".join(f"{each}\n" for each in resolved))
    text = dict(ids={"1": old, "2": new, "3": bad}, subjects={"orders-value": new})
    write("avro_evolves", "registry.json", json.dumps(text, indent=1) + "\n")
    write("avro_evolves", "input.jsonl", "".join(lines))


# ---- on_schema_change: ignore_new_fields ----


def ignores():
    s1 = record("S", [("a", "int"), ("b", "int")])
    s2 = record("S", [("b", "string"), ("a", "int")])
    v1 = record("Order", [("id", "long"), ("n", nullable("long")), ("s", nullable(s1))])
    # `n` and `s.b` have become text, `more` is new.
    v2 = record(
        "Order", [("more", "string"), ("n", "string"), ("id", "long"), ("s", nullable(s2))]
    )
    v3 = record("Order", [("id", "string"), ("n", nullable("long"))])
    lines = [
        line("a", framed(1, encode(v1, dict(id=1, n=10, s=dict(a=1, b=2))))),
        line("b", framed(2, encode(v2, dict(id=2, n="ten", more="m", s=dict(a=3, b="four"))))),
        line("c", framed(3, encode(v3, dict(id="x", n=1)))),
        line("d", framed(1, encode(v1, dict(id=4, n=None, s=None)))),
    ]
    text = dict(ids={"1": v1, "2": v2, "3": v3}, subjects={"orders-value": v1})
    write("avro_ignores_new_fields", "registry.json", json.dumps(text, indent=1) + "\n")
    write("avro_ignores_new_fields", "input.jsonl", "".join(lines))


# ---- Debezium's envelope over Avro, with Kafka Connect's names ----


def debezium():
    micro = {
        "type": "long",
        "connect.version": 1,
        "connect.name": "io.debezium.time.MicroTimestamp",
    }
    day = {"type": "int", "connect.version": 1, "connect.name": "io.debezium.time.Date"}
    value = {
        "type": "record",
        "name": "Value",
        "fields": [
            {"name": "id", "type": "int"},
            {"name": "made_at", "type": nullable(micro)},
            {"name": "day", "type": nullable(day)},
            {
                "name": "total",
                "type": nullable(
                    {
                        "type": "bytes",
                        "scale": 2,
                        "precision": 10,
                        "logicalType": "decimal",
                        "connect.name": "org.apache.kafka.connect.data.Decimal",
                    }
                ),
            },
            {"name": "note", "type": nullable("string")},
        ],
    }
    envelope = {
        "type": "record",
        "name": "Envelope",
        "namespace": "db.public.orders",
        "fields": [
            {"name": "before", "type": ["null", value]},
            {"name": "after", "type": ["null", "Value"]},
            {
                "name": "source",
                "type": {
                    "type": "record",
                    "name": "Source",
                    "fields": [
                        {"name": "lsn", "type": nullable("long")},
                        {"name": "ts_ms", "type": "long"},
                    ],
                },
            },
            {"name": "op", "type": "string"},
            {"name": "ts_ms", "type": nullable("long")},
        ],
    }
    key = {
        "type": "record",
        "name": "Key",
        "namespace": "db.public.orders",
        "fields": [{"name": "id", "type": "int"}],
    }

    def event(i, op, **after):
        row = dict(
            id=i, made_at=1700000000123456, day=19753, total=decimal.Decimal("12.50"), note="n"
        )
        row = None if op == "d" else dict(row, **after)
        body = dict(
            before=None, after=row, source=dict(lsn=100 + i, ts_ms=1700000000123), op=op, ts_ms=1
        )
        text = json.loads(line("", framed(11, encode(envelope, body))))
        text["key"] = {"$hex": framed(10, encode(key, dict(id=i))).hex()}
        return json.dumps(text) + "\n"

    lines = [
        event(1, "r"),
        event(2, "c", note=None, total=None),
        event(1, "u", note="changed"),
        event(2, "d"),
        event(3, "c", note="__debezium_unavailable_value"),
        event(4, "t"),
    ]
    write("debezium_avro", "input.jsonl", "".join(lines))
    write(
        "debezium_avro",
        "registry.json",
        json.dumps(
            dict(
                ids={"10": key, "11": envelope},
                subjects={"db.public.orders-key": key, "db.public.orders-value": envelope},
            ),
            indent=1,
        )
        + "\n",
    )


for case in (
    "avro_types",
    "avro_columns",
    "avro_registry",
    "avro_registry_stops",
    "avro_registry_down",
    "avro_evolves",
    "avro_ignores_new_fields",
    "debezium_avro",
):
    (ROOT / case).mkdir(exist_ok=True)
all_types()
other_columns()
registry()
evolves()
ignores()
debezium()
