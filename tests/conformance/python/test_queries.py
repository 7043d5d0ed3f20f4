"""SQL through the API: parameters, metadata, errors, modes. Texts are the emulator's."""

import re

import pytest
from google.cloud.spanner_v1.types import Type, TypeCode
from google.cloud.spanner_v1.types import spanner as messages
from google.protobuf.struct_pb2 import Struct, Value
from raw import READ_WRITE, STRONG, Selector, delete, error_of, rows_of, write

INT64 = Type(code=TypeCode.INT64)
STRING = Type(code=TypeCode.STRING)


def text(value):
    return Value(string_value=value)


def parameters(**fields):
    return Struct(fields=fields)


@pytest.fixture(autouse=True)
def rows(api):
    api.commit(
        delete("Singers", all_=True),
        write("insert", "Singers", ["SingerId", "FirstName"], [1, "a"], [2, "b"], [3, None]),
    )


def test_rows_and_metadata(api):
    found = api.sql("SELECT SingerId AS id, FirstName FROM Singers ORDER BY id DESC")
    assert rows_of(found) == [["3", None], ["2", "b"], ["1", "a"]]
    assert [(f.name, f.type_.code.name) for f in found.metadata.row_type.fields] == [
        ("id", "INT64"), ("FirstName", "STRING")]


def test_literals(api):
    found = api.sql(
        'SELECT 1, "x", 1.5, b"a", DATE "2020-01-02", TIMESTAMP "2020-01-01T00:00:00Z", '
        'NUMERIC "1.5", TRUE, NULL, [1, 2]')
    assert rows_of(found) == [[
        "1", "x", 1.5, "YQ==", "2020-01-02", "2020-01-01T00:00:00Z", "1.5", True, None,
        ["1", "2"]]]


def test_grouping_joining(api):
    api.commit(write("insert", "Albums", ["SingerId", "AlbumId", "Budget"],
                     [1, 1, 10], [1, 2, 20], [2, 1, 5]))
    found = api.sql("SELECT s.SingerId, COUNT(*), SUM(a.Budget) FROM Singers s JOIN Albums a "
                    "ON s.SingerId = a.SingerId GROUP BY s.SingerId ORDER BY 1")
    assert rows_of(found) == [["1", "2", "30"], ["2", "1", "5"]]


def test_view(api):
    assert rows_of(api.sql("SELECT SingerId FROM SingerIds ORDER BY 1")) == [["1"], ["2"], ["3"]]


def test_typed_parameter(api):
    found = api.sql("SELECT FirstName FROM Singers WHERE SingerId = @id",
                    params=parameters(id=text("2")), param_types={"id": INT64})
    assert rows_of(found) == [["b"]]


def test_text_parameters_keep_their_bytes(api):
    # Short ones and long ones are kept in different places.
    values = ["", "pb", "x" * 15, "x" * 16, "é" * 400]
    for value in values:
        found = api.sql("SELECT @a, LENGTH(@a)", params=parameters(a=text(value)),
                        param_types={"a": STRING})
        assert rows_of(found) == [[value, str(len(value))]]


def test_untyped_parameter(api):
    found = api.sql("SELECT FirstName FROM Singers WHERE SingerId = @id",
                    params=parameters(id=text("2")))
    assert rows_of(found) == [["b"]]


ERRORS = [
    ("", "INVALID_ARGUMENT", "Syntax error: Unexpected end of statement [at 1:1]"),
    ("SELECT 1 FROM", "INVALID_ARGUMENT", "Syntax error: Unexpected end of statement [at 1:14]"),
    ("SELECT 1 FROM Nope", "INVALID_ARGUMENT", "Table not found: Nope [at 1:15]"),
    ("SELECT Nope FROM Singers", "INVALID_ARGUMENT", "Unrecognized name: Nope [at 1:8]"),
    ("SELECT 1/0", "OUT_OF_RANGE", "division by zero: 1 / 0"),
    ("SELECT STRUCT(1)", "UNIMPLEMENTED",
     "Unsupported query shape: A struct value cannot be returned as a column value."),
]


@pytest.mark.parametrize("sql,code,message", ERRORS)
def test_refused(api, sql, code, message):
    found_code, found_text, _ = error_of(api.sql, sql)
    assert found_code == code
    assert found_text.startswith(message)


def test_parameter_errors(api):
    assert error_of(api.sql, "SELECT @a", param_types={"a": INT64})[:2] == (
        "INVALID_ARGUMENT", "Incomplete query parameters a")
    assert error_of(api.sql, "SELECT @a", params=parameters(a=text("x")),
                    param_types={"a": INT64})[:2] == (
        "FAILED_PRECONDITION", "Could not parse x as an integer")


def test_plan_does_not_run(api):
    found = api.sql("SELECT SingerId FROM Singers WHERE SingerId = @q", query_mode="PLAN")
    assert len(found.rows) == 0
    assert found.stats.query_plan.plan_nodes
    assert [f.name for f in found.metadata.undeclared_parameters.fields] == ["q"]


def test_profile_counts(api):
    found = api.sql("SELECT SingerId FROM Singers", query_mode="PROFILE")
    assert len(found.rows) == 3
    stats = dict(found.stats.query_stats)
    assert stats["rows_returned"] == "3" and stats["rows_scanned"] == "3"
    assert stats["query_text"] == "SELECT SingerId FROM Singers"
    for name in ("elapsed_time", "cpu_time", "query_plan_creation_time"):
        assert re.fullmatch(r"[0-9.]+ msecs", stats[name]), (name, stats[name])


def nodes_of(found):
    return list(found.stats.query_plan.plan_nodes)


def test_plan_is_a_tree_of_operators_and_expressions(api):
    nodes = nodes_of(api.sql(
        "SELECT FirstName FROM Singers WHERE SingerId = 2 AND LENGTH(FirstName) > 0",
        query_mode="PLAN"))
    assert [node.index for node in nodes] == list(range(len(nodes)))
    children = [link.child_index for node in nodes for link in node.child_links]
    assert sorted(children) == list(range(1, len(nodes)))  # all but the root, each once
    scan = next(node for node in nodes if node.display_name == "Scan")
    assert scan.kind.name == "RELATIONAL"
    assert dict(scan.metadata) == {"scan_type": "TableScan", "scan_target": "Singers"}
    (seek,) = [link for link in scan.child_links if link.type_ == "Seek Condition"]
    assert nodes[seek.child_index].kind.name == "SCALAR"
    assert "$SingerId" in nodes[seek.child_index].short_representation.description
    assert not any(node.execution_stats for node in nodes)


def test_profile_tells_what_each_operator_did(api):
    nodes = nodes_of(api.sql("SELECT SingerId FROM Singers ORDER BY SingerId DESC LIMIT 2",
                             query_mode="PROFILE"))
    scan = next(node for node in nodes if node.display_name == "Scan")
    did = dict(scan.execution_stats)
    assert dict(did["rows"]) == {"total": "2", "unit": "rows"}  # not all three
    assert dict(did["execution_summary"]) == {"num_executions": "1"}
    assert did["latency"]["unit"] == "msecs"
    assert not any(node.display_name == "Sort" for node in nodes)


def test_streaming(api):
    parts = api.stream("SELECT SingerId, FirstName FROM Singers ORDER BY 1 LIMIT 2")
    assert [v for p in parts for v in p.values] == ["1", "a", "2", "b"]
    none = api.stream("SELECT 1 FROM Singers WHERE FALSE")
    assert len(none) == 1 and len(none[0].metadata.row_type.fields) == 1


def test_many_rows_in_several_messages(api, local):
    rows = [[i, "x" * 100] for i in range(20_000)]
    for i in range(0, len(rows), 5_000):
        api.commit(write("insert_or_update", "Counters", ["Id"],
                         *[[r[0]] for r in rows[i:i + 5_000]]))
    parts = api.stream("SELECT Id, REPEAT('x', 100) FROM Counters ORDER BY Id")
    found = [int(v) for v in [v for p in parts for v in p.values][0::2]]
    assert found == list(range(20_000))
    if local:
        assert len(parts) > 1 and parts[-1].last
        # A stream that broke is read on from the last token.
        rest = api.stream("SELECT Id, REPEAT('x', 100) FROM Counters ORDER BY Id",
                          resume_token=parts[0].resume_token)
        first = len(parts[0].values) // 2
        assert int(rest[0].values[0]) == first
        assert sum(len(p.values) for p in rest) == 2 * (20_000 - first)
    api.commit(delete("Counters", all_=True))


def test_partitioned_query(api):
    api.commit(write("insert", "Counters", ["Id"], *[[i] for i in range(500)]))
    sql = "SELECT Id FROM Counters WHERE Id >= 100"
    answer = api.call("partition_query", messages.PartitionQueryRequest(
        session=api.session, sql=sql, transaction=Selector(begin=STRONG)))
    found = []
    for partition in answer.partitions:
        for part in api.stream(sql, transaction=Selector(id=answer.transaction.id),
                               partition_token=partition.partition_token):
            found += [int(v) for v in part.values]
    assert sorted(found) == list(range(100, 500))
    code, text, _ = error_of(api.stream, sql, transaction=Selector(begin=STRONG),
                             partition_token=answer.partitions[0].partition_token)
    assert (code, text) == (
        "INVALID_ARGUMENT", "Partitioned request was created for a different transaction.")
    code, _, _ = error_of(api.call, "partition_query", messages.PartitionQueryRequest(
        session=api.session, sql="SELECT COUNT(*) FROM Counters",
        transaction=Selector(begin=STRONG)))
    assert code == "INVALID_ARGUMENT"
    code, text, _ = error_of(api.call, "partition_query", messages.PartitionQueryRequest(
        session=api.session, sql=sql, transaction=Selector(single_use=STRONG)))
    assert text.startswith("Partition reads may not be performed in single-use transactions")
    code, text, _ = error_of(api.call, "partition_query", messages.PartitionQueryRequest(
        session=api.session, sql=sql, transaction=Selector(begin=READ_WRITE)))
    assert text == "Partitioned reads can only be performed in a read-only transaction."
    api.commit(delete("Counters", all_=True))
