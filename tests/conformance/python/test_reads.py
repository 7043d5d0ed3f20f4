"""Reads by key, range and index; timestamps; streams. Texts are the emulator's."""

import time

import pytest
from google.cloud.spanner_v1.types import KeyRange, KeySet, TransactionOptions
from raw import READ_WRITE, STRONG, Selector, delete, error_of, rows_of, values, write

ReadOnly = TransactionOptions.ReadOnly


def single(**bound):
    return Selector(single_use=TransactionOptions(read_only=ReadOnly(**bound)))


@pytest.fixture(autouse=True)
def rows(api):
    columns = ["SingerId", "FirstName"]
    api.commit(
        delete("Singers", all_=True),
        write("insert", "Singers", columns, [1, "a"], [2, "b"], [3, None]),
        write("insert", "Albums", ["SingerId", "AlbumId", "Title", "Budget"],
              [1, 1, "t1", 10], [1, 2, "t2", None], [2, 1, None, 30]),
    )


def test_all_in_key_order(api):
    assert rows_of(api.read()) == [["1"], ["2"], ["3"]]
    assert rows_of(api.read("Albums", ["SingerId", "AlbumId"])) == [
        ["1", "2"], ["1", "1"], ["2", "1"]]


def test_metadata_names_and_types(api):
    fields = api.read(columns=["SingerId", "FirstName", "Tags"]).metadata.row_type.fields
    assert [(f.name, f.type_.code.name) for f in fields] == [
        ("SingerId", "INT64"), ("FirstName", "STRING"), ("Tags", "ARRAY")]


def test_key_sets(api):
    two = KeySet(keys=[values(2), values(1), values(2), values(77)])
    assert rows_of(api.read(key_set=two)) == [["1"], ["2"]]
    assert rows_of(api.read(key_set=KeySet())) == []
    prefix = KeySet(ranges=[KeyRange(start_closed=values(1), end_closed=values(1))])
    assert rows_of(api.read("Albums", ["AlbumId"], key_set=prefix)) == [["2"], ["1"]]
    half = KeySet(ranges=[KeyRange(start_closed=values(1, 2), end_open=values(1, 1))])
    assert rows_of(api.read("Albums", ["AlbumId"], key_set=half)) == [["2"]]
    open_start = KeySet(ranges=[KeyRange(start_open=values(1), end_closed=values(9))])
    assert rows_of(api.read(key_set=open_start)) == [["2"], ["3"]]


def test_limit_and_repeated_column(api):
    assert rows_of(api.read(columns=["SingerId", "SingerId"], limit=2)) == [
        ["1", "1"], ["2", "2"]]


def test_index(api):
    found = api.read("Albums", ["Title", "Budget", "AlbumId"], index="AlbumsByTitle")
    assert rows_of(found) == [["t2", None, "2"], ["t1", "10", "1"]]
    one = KeySet(keys=[values("t1")])
    found = api.read("Albums", ["AlbumId"], index="AlbumsByTitle", key_set=one)
    assert rows_of(found) == [["1"]]


ERRORS = [
    (dict(table="Nope"), "NOT_FOUND", "Table not found: Nope"),
    (dict(columns=["Nope"]), "NOT_FOUND", "Column not found in table Singers: Nope"),
    (dict(index="Nope"), "NOT_FOUND", "No index 'Nope' was found for table 'Singers'."),
    (dict(index="AlbumsByTitle"), "FAILED_PRECONDITION",
     "Index 'AlbumsByTitle' indexes 'Albums' which does not match the given base table "
     "'Singers'."),
    (dict(index="SingersByName", columns=["Info"]), "NOT_FOUND",
     "Index 'SingersByName' which indexes 'Singers' does not have a column named Info. Reads with "
     "an index can only query columns present in the index (see "
     "https://cloud.google.com/spanner/docs/secondary-indexes#read-with-index)."),
    (dict(limit=-1), "INVALID_ARGUMENT", "Limit must be non-negative."),
    (dict(key_set=KeySet(keys=[values("x")])), "FAILED_PRECONDITION",
     "Could not parse x as an integer"),
    (dict(table="Albums", key_set=KeySet(keys=[values(1)])), "FAILED_PRECONDITION",
     "Wrong number of key parts for Albums. Expected 2 key parts, found 1 key parts. Supplied "
     'key: values { string_value: "1" }'),
    (dict(key_set=KeySet(ranges=[KeyRange(end_open=values(1))])), "INVALID_ARGUMENT",
     "Key range must contain either start_closed or start_open."),
    (dict(transaction=Selector(single_use=READ_WRITE)), "INVALID_ARGUMENT",
     "Transaction mode for read only single use transaction should be read_only."),
    (dict(table="SingerIds"), "NOT_FOUND", "Table not found: SingerIds"),
]


@pytest.mark.parametrize("request_fields,code,text", ERRORS)
def test_refused(api, request_fields, code, text):
    fields = {"columns": ["SingerId"], **request_fields}
    assert error_of(api.read, **fields)[:2] == (code, text)


def test_bounds_that_need_single_use(api):
    options = TransactionOptions(read_only=ReadOnly(max_staleness={"seconds": 1}))
    code, text, _ = error_of(api.begin, options)
    assert (code, text) == (
        "INVALID_ARGUMENT",
        "Timestamp bound: max_staleness for read can be only be used for a single use "
        "transaction.")
    code, text, _ = error_of(
        api.begin, TransactionOptions(read_only=ReadOnly(exact_staleness={"seconds": -8})))
    assert (code, text) == ("INVALID_ARGUMENT", "Staleness must be non-negative.")
    code, text, _ = error_of(api.begin, TransactionOptions())
    assert (code, text) == (
        "INVALID_ARGUMENT", "No value provided for required field: TransactionOptions.mode")


def test_read_timestamps(api):
    before = api.commit(write("update", "Singers", ["SingerId", "FirstName"], [1, "old"]))
    api.commit(write("update", "Singers", ["SingerId", "FirstName"], [1, "new"]))
    old = single(read_timestamp=before.commit_timestamp, return_read_timestamp=True)
    found = api.read(columns=["FirstName"], key_set=KeySet(keys=[values(1)]), transaction=old)
    assert rows_of(found) == [["old"]]
    assert found.metadata.transaction.read_timestamp == before.commit_timestamp
    strong = api.read(columns=["FirstName"], key_set=KeySet(keys=[values(1)]))
    assert rows_of(strong) == [["new"]]
    assert not strong.metadata.transaction.id


def test_a_snapshot_does_not_move(api):
    begun = api.begin(TransactionOptions(read_only=ReadOnly(
        strong=True, return_read_timestamp=True)))
    assert begun.read_timestamp
    api.commit(write("insert", "Singers", ["SingerId"], [50]))
    assert len(api.read(transaction=Selector(id=begun.id)).rows) == 3
    assert len(api.read().rows) == 4


def test_inline_begin(api):
    found = api.read(transaction=Selector(begin=READ_WRITE))
    id = found.metadata.transaction.id
    assert id
    api.commit(write("update", "Singers", ["SingerId", "FirstName"], [1, "z"]),
               transaction_id=id)
    assert rows_of(api.read(columns=["FirstName"], limit=1)) == [["z"]]


def test_stale_reads_beyond_retention(api):
    seconds = int(time.time()) - 90_000
    code, text, _ = error_of(api.read, transaction=single(read_timestamp={"seconds": seconds}))
    assert code == "FAILED_PRECONDITION"
    assert "exceeded the maximum timestamp staleness" in text


def test_streaming(api):
    found = api.stream_read(columns=["SingerId", "FirstName"])
    assert [v for part in found for v in part.values] == ["1", "a", "2", "b", "3", None]
    empty = api.stream_read(key_set=KeySet(keys=[values(987)]))
    assert len(empty) == 1 and empty[0].metadata.row_type.fields[0].name == "SingerId"


def test_partitions(api):
    from google.cloud.spanner_v1.types import spanner as messages

    api.commit(write("insert", "Counters", ["Id"], *[[i] for i in range(500)]))
    answer = api.call("partition_read", messages.PartitionReadRequest(
        session=api.session, table="Counters", columns=["Id"], key_set=KeySet(all_=True),
        transaction=Selector(begin=STRONG)))
    selector = Selector(id=answer.transaction.id)
    found = []
    for partition in answer.partitions:
        for part in api.stream_read("Counters", ["Id"], transaction=selector,
                                    partition_token=partition.partition_token):
            found += [int(v) for v in part.values]
    assert sorted(found) == list(range(500))
    code, text, _ = error_of(api.stream_read, "Counters", ["N"], transaction=selector,
                             partition_token=answer.partitions[0].partition_token)
    assert (code, text) == (
        "INVALID_ARGUMENT", "Partitioned request was created for different read or sql parameters.")
    for other in (Selector(begin=STRONG), None):  # another snapshot, and a single use
        code, text, _ = error_of(api.stream_read, "Counters", ["Id"], transaction=other,
                                 partition_token=answer.partitions[0].partition_token)
        assert (code, text) == (
            "INVALID_ARGUMENT", "Partitioned request was created for a different transaction.")
    api.commit(delete("Counters", all_=True))
