#!/usr/bin/env python3
"""Writes input.jsonl and registry.json of tests/pipelines/protobuf_*, with Google's own Python
library as the writer. The .proto files beside them are written by hand.

    pip install protobuf==5.29.5        # and protoc, from Debian's protobuf-compiler
    tests/pipelines/record_protobuf.py

Only for renewing: the tests read what is committed.
"""

import json
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import any_pb2, duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2  # noqa

ROOT = pathlib.Path(__file__).parent


def classes(folder, name):
    """The message classes of a .proto file, by full name."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["protoc", f"-I{folder}", "--include_imports", f"-o{out.name}", name], check=True
        )
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClassesForFiles([f.name for f in files.file], pool)


def line(key, value, **more):
    text = {"key": key, "value": None if value is None else {"$hex": value.hex()}, **more}
    return json.dumps(text, ensure_ascii=False) + "\n"


def write(case, name, text):
    (ROOT / case).mkdir(exist_ok=True)
    (ROOT / case / name).write_text(text)


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def tagged(number, wire, body):
    """A field by hand, where no library would write it so."""
    return varint(number << 3 | wire) + (varint(len(body)) if wire == 2 else b"") + body


# ---- Every type by itself, its limits, and what is malformed ----


def full(types):
    m = types["shop.All"](
        b=True,
        i32=-(2**31),
        s32=-(2**31),
        u32=2**32 - 1,
        f32=2**32 - 1,
        sf32=-(2**31),
        i64=-(2**63),
        s64=-(2**63),
        u64=2**63 - 1,
        f64=2**63 - 1,
        sf64=-(2**63),
        f=0.5,
        d=0.1,
        s="é",
        y=b"\0\xff",
        e=2,
        o=0,
        packed=[1, -1, 2**31 - 1],
        unpacked=[3, 4],
        names=["a", ""],
    )
    m.r.x = 7
    m.r.y = ""
    m.rs.add(x=1)
    m.rs.add(y="two")
    m.m["k"] = 2**53 + 1
    m.mr[-5].x = 5
    m.inner.x = 9
    m.tree.n = 1
    m.tree.kids.add(n=2).kids.add(n=3)
    m.ts.seconds, m.ts.nanos = 1700000000, 123456789
    m.dur.seconds, m.dur.nanos = -3, -500000000
    m.w64.value = -1
    m.wu64.value = 2**63 - 1
    m.ws.value = ""
    m.wb.value = False
    m.wd.value = 1.5
    m.wy.value = b"\1"
    m.st.update({"a": [1, None, "x", True], "b": {"c": 1.5}})
    m.v.string_value = "v"
    m.lv.extend([1.5, False])
    m.any.Pack(types["shop.Inner"](x=3, y="in"))
    m.times.add(seconds=-62135596800)
    m.times.add(seconds=253402300799, nanos=999999999)
    return m


def all_types():
    types = classes(ROOT / "protobuf_types", "all.proto")
    new = types["shop.All"]
    good = full(types).SerializeToString(deterministic=True)
    lines = [line("max", good), line("empty", b"")]

    def case(key, **fields):
        lines.append(line(key, new(**fields).SerializeToString()))

    case("text", text="t")
    case("number 0", number=0)
    dotted = new()
    dotted.v.null_value = 0
    dotted.any.Pack(timestamp_pb2.Timestamp(seconds=1))
    lines.append(line("null value", dotted.SerializeToString()))
    # What may stand on the wire, though writers seldom do it.
    inner = lambda **fields: types["shop.Inner"](**fields).SerializeToString()
    raw = lambda key, *parts: lines.append(line(key, b"".join(parts)))
    raw("last wins", tagged(7, 0, varint(1)), tagged(7, 0, varint(2)))
    raw("merged", tagged(21, 2, inner(x=1)), tagged(1, 0, b"\1"), tagged(21, 2, inner(y="b")))
    raw("oneof, last", tagged(26, 2, inner(x=1)), tagged(25, 2, b"t"), tagged(26, 2, inner(y="2")))
    raw("packed apart", tagged(18, 0, b"\1"), tagged(18, 2, b"\2\3"), tagged(19, 2, b"\4\5"))
    raw("same map key", tagged(23, 2, b"\n\1k\x10\1"), tagged(23, 2, b"\n\1k\x10\2"))
    raw("map without", tagged(23, 2, b""), tagged(24, 2, b"\x08\7"))
    raw(
        "unknown",
        tagged(99, 3, tagged(1, 2, b"x") + varint(98 << 3 | 3) + varint(98 << 3 | 4)),
        varint(99 << 3 | 4),
        tagged(100, 5, b"abcd"),
        tagged(101, 1, b"abcdefgh"),
        tagged(1, 0, b"\1"),
    )
    # Errors of the record.
    case("u64 too big", u64=2**63)
    wrapped = new()
    wrapped.wu64.value = 2**64 - 1
    lines.append(line("wrapped too big", wrapped.SerializeToString()))
    case("no name", e=1)
    late = new()
    late.ts.seconds = 253402300800
    lines.append(line("year 10000", late.SerializeToString()))
    nanos = new()
    nanos.ts.nanos = -1
    lines.append(line("nanos -1", nanos.SerializeToString()))
    mixed = new()
    mixed.dur.seconds, mixed.dur.nanos = 1, -1
    lines.append(line("mixed signs", mixed.SerializeToString()))
    any_ = new()
    any_.any.type_url = "type.googleapis.com/shop.Unknown"
    lines.append(line("unknown any", any_.SerializeToString()))
    raw("int32 of 33 bits", tagged(2, 0, varint(2**32)))
    raw("bool 2", tagged(1, 0, b"\2"))
    raw("utf8", tagged(14, 2, b"\xff"))
    raw("string as number", tagged(14, 0, b"\1"))
    raw("ends in a tag", b"\x80")
    raw("ends in a value", tagged(14, 2, b"abc")[:-1])
    raw("ends in a number", b"\x6d\0\0")
    raw("field 0", b"\0\0")
    raw("wire type 7", b"\x0f")
    raw("group without end", b"\x9b\6")
    raw("number of 70 bits", b"\x38" + b"\xff" * 10)
    deep = b""
    for _ in range(101):
        deep = tagged(2, 2, deep)
    raw("deep", tagged(28, 2, deep))
    lines.append(line("gone", None))
    write("protobuf_types", "input.jsonl", "".join(lines))


# ---- The other columns that a type may become ----


def other_columns():
    folder = ROOT / "protobuf_columns"
    types = classes(folder, "other.proto")
    new = types["shop.Other"]
    big = 2**53

    def fill(**more):
        fields = dict(
            i_f=-7,
            u_n=2**64 - 1,
            u_f=big,
            s_n="12.50",
            s_t="2024-01-31T08:15:00Z",
            s_d="2024-01-31",
            s_u="00000000-0000-0000-0000-000000000001",
            f_d=0.5,
            e_i=7,
            u_j=2**64 - 1,
            l_j=[1, 2],
            n_j=float("inf"),
            req="here",
        )
        fields.update(more)
        m = new(**fields)
        m.dur_i.seconds, m.dur_i.nanos = -1, -5
        m.ts_r.seconds, m.ts_r.nanos = 1, 2
        m.ts_j.seconds, m.ts_j.nanos = 1, 500000000
        m.raw.x = 5
        m.some.add(x=1, y="skipped")
        m.some.add(x=2)
        m.whole.x = 1
        m.grp.g = 4
        return m

    lines = [line("1", fill().SerializeToString(deterministic=True))]
    for key, more in (
        ("2", dict(u_f=big + 1)),
        ("3", dict(s_n="twelve")),
        ("4", dict(s_d="today")),
    ):
        lines.append(line(key, fill(**more).SerializeToString(deterministic=True)))
    missing = fill()
    missing.ClearField("req")
    lines.append(line("5", missing.SerializePartialToString(deterministic=True)))
    long = fill()
    long.dur_i.seconds, long.dur_i.nanos = 9223372036, 854775808
    lines.append(line("6", long.SerializeToString(deterministic=True)))
    write("protobuf_columns", "input.jsonl", "".join(lines))


# ---- A registry: schemas that change inside the topic, and where a type stands in its file ----


def framed(schema_id, indexes, body):
    zigzag = b"".join(varint(i << 1) for i in indexes)
    where = b"\0" if indexes == [0] else varint(len(indexes) << 1) + zigzag
    return b"\0" + schema_id.to_bytes(4, "big") + where + body


REGISTRY = {
    1: 'syntax = "proto3"; package shop; import "money.proto";\n'
    "message Order { int64 id = 1; Money total = 2; }",
    2: 'syntax = "proto3"; package shop; import "money.proto"; import "confluent/meta.proto";\n'
    'message Order { Money total = 2; int32 id = 1 [(confluent.field_meta).doc = "x"];\n'
    "  string note = 3; message Line { int64 n = 1; } }\n"
    "message Refund { int64 id = 1; }",
    3: 'syntax = "proto3"; package shop; message Order { string id = 1; }',
    4: 'syntax = "proto3"; package shop; message Order { int64 total = 2; }',
    6: "message Order {",
    7: 'syntax = "proto3"; package shop; message Order { shop.Nothing total = 2; }',
}
MONEY = (
    'syntax = "proto3"; package shop;\n' "message Money { string currency = 1; int64 units = 2; }"
)


def registry():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "money.proto").write_text(MONEY)
        made = {}
        for number in (1, 2, 3, 4):
            text = REGISTRY[number].replace('import "confluent/meta.proto";', "")
            text = text.replace('[(confluent.field_meta).doc = "x"]', "")
            (folder / f"{number}.proto").write_text(text)
            made[number] = classes(folder, f"{number}.proto")
        (folder / "5.proto").write_text(
            'syntax = "proto3"; package shop; message Order { int64 id = 1; }'
        )
        with tempfile.NamedTemporaryFile() as out:
            subprocess.run(["protoc", f"-I{folder}", f"-o{out.name}", "5.proto"], check=True)
            files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    import base64

    ids = {str(n): {"schemaType": "PROTOBUF", "schema": text} for n, text in REGISTRY.items()}
    for n in ("1", "2"):
        ids[n]["references"] = {"money.proto": MONEY}
    # As Confluent's Python client registers a schema, and Apicurio hands it out again.
    ids["5"] = {
        "schemaType": "PROTOBUF",
        "schema": base64.b64encode(files.file[0].SerializeToString()).decode(),
    }
    ids["8"] = {"schemaType": "AVRO", "schema": '"string"'}

    def order(number, **fields):
        return made[number]["shop.Order"](**fields).SerializeToString()

    money = made[1]["shop.Money"](currency="EUR", units=12)
    money2 = made[2]["shop.Money"](currency="CHF", units=7)
    lines = [
        line("a", framed(1, [0], order(1, id=1, total=money))),
        line("b", framed(2, [0], order(2, id=2, total=money2, note="new"))),
        line("c", framed(2, [1], made[2]["shop.Refund"](id=3).SerializeToString())),
        line("d", framed(2, [0, 0], b"\x08\1")),
        line("e", framed(2, [5], b"\x08\1")),
        line("f", framed(3, [0], order(3, id="3"))),
        line("g", framed(4, [0], order(4, total=4))),
        line("h", framed(5, [0], b"\x08\5")),
        line("i", framed(6, [0], b"")),
        line("j", framed(7, [0], b"")),
        line("k", framed(8, [0], b"")),
        line("l", framed(9, [0], b"")),
        line("m", b"\0\0\0\0\1"),
        line("n", b"\0\0\0\0\1\xff"),
        line("o", b"\x08\1"),
        line("p", framed(1, [0], b"")),
    ]
    for case in ("protobuf_registry", "protobuf_registry_stops"):
        write(
            case,
            "registry.json",
            json.dumps(dict(ids=ids, subjects={"orders-value": ids["1"]}), indent=1) + "\n",
        )
        write(case, "input.jsonl", "".join(lines))


# ---- A field is its number: names change, types change, and numbers that nobody knows ----


def evolves():
    head = 'syntax = "proto3"; package shop;\n'
    now = head + (
        "message Order { int64 id = 1; string city = 2; optional int64 n = 3; Ship ship = 5; }\n"
        "message Ship { string town = 1; int32 zone = 2; }\n"
    )
    before = head + (
        "message Order { int64 id = 1; string town = 2; optional int64 n = 3; Sent sent = 5; }\n"
        "message Sent { int32 area = 2; string place = 1; }\n"
    )
    after = head + (
        "message Order { int64 id = 1; string city = 2; optional string n = 3; Ship ship = 5;\n"
        "  bytes more = 100; }\n"
        "message Ship { string town = 1; string zone = 2; }\n"
    )
    wrong = head + "message Order { string id = 1; string city = 2; }\n"
    text = {
        str(i + 1): {"schemaType": "PROTOBUF", "schema": schema}
        for i, schema in enumerate((now, before, after, wrong))
    }

    def message(id, n):
        zone = tagged(2, 2, b"z") if id == 3 else varint(2 << 3) + varint(7)
        ship = tagged(1, 2, b"Bern") + zone
        return varint(1 << 3) + varint(id) + tagged(2, 2, b"Rome") + n + tagged(5, 2, ship)

    number = varint(3 << 3) + varint(5)
    lines = [
        line("now", framed(1, [0], message(1, number))),
        line("before", framed(2, [0], message(2, number))),
        line("after", framed(3, [0], message(3, tagged(3, 2, b"five") + tagged(100, 2, b"x")))),
        line("wrong", framed(4, [0], tagged(1, 2, b"four"))),
        line("unknown", framed(1, [0], message(5, number + tagged(100, 2, b"x")))),
    ]
    for case in ("protobuf_evolves", "protobuf_ignores_new_fields"):
        write(
            case,
            "registry.json",
            json.dumps(dict(ids=text, subjects={"orders-value": text["1"]}), indent=1) + "\n",
        )
        write(case, "input.jsonl", "".join(lines))


all_types()
other_columns()
registry()
evolves()
