"""Every type, in and out, through Google's client."""

import base64
import datetime
import decimal
import math

import pytest
from google.cloud.spanner_v1 import JsonObject, KeySet, param_types

COLUMNS = ["SingerId", "FirstName", "Info", "BirthDate", "Score", "Amount", "Document", "Tags",
           "Active"]
UTC = datetime.timezone.utc


@pytest.mark.parametrize("row", [
    (1, "é日本\U0001F600", base64.b64encode(b"\x00\xff"), datetime.date(1, 1, 1), 1.5,
     decimal.Decimal("1.5"), JsonObject({"b": [1, None], "a": {"x": "y"}}), ["x", None, ""], True),
    (9223372036854775807, "", b"", datetime.date(9999, 12, 31), -0.1,
     decimal.Decimal("-99999999999999999999999999999.999999999"), JsonObject([1, 2]), [], False),
    (2, None, None, None, None, None, None, None, None),
])
def test_round_trip(database, row):
    with database.batch() as batch:
        batch.insert_or_update("Singers", COLUMNS, [row])
    with database.snapshot() as snapshot:
        found = list(snapshot.read("Singers", COLUMNS, KeySet(keys=[[row[0]]])))
    assert len(found) == 1
    assert tuple(found[0]) == row


@pytest.mark.parametrize("score", [math.inf, -math.inf, 1e308, 5e-324])
def test_floats(database, score):
    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "Score"], [(7, score)])
    with database.snapshot() as snapshot:
        assert list(snapshot.read("Singers", ["Score"], KeySet(keys=[[7]]))) == [[score]]


def test_not_a_number(database):
    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "Score"], [(8, math.nan)])
    with database.snapshot() as snapshot:
        assert math.isnan(list(snapshot.read("Singers", ["Score"], KeySet(keys=[[8]])))[0][0])


def test_timestamps_keep_nanoseconds(database):
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    stamp = DatetimeWithNanoseconds(2020, 1, 2, 3, 4, 5, nanosecond=123456789, tzinfo=UTC)
    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "Updated"], [(9, stamp)])
    with database.snapshot() as snapshot:
        found = list(snapshot.read("Singers", ["Updated"], KeySet(keys=[[9]])))[0][0]
    assert found.nanosecond == 123456789
    assert found == stamp


def test_commit_timestamp(database):
    from google.cloud import spanner

    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "Updated"],
                               [(10, spanner.COMMIT_TIMESTAMP)])
    with database.snapshot() as snapshot:
        found = list(snapshot.read("Singers", ["Updated"], KeySet(keys=[[10]])))[0][0]
    assert found == batch.committed


def test_generated_and_default_columns(database):
    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "FirstName"], [(11, "a")])
    with database.snapshot() as snapshot:
        found = list(snapshot.read("Singers", ["LastName", "FullName"], KeySet(keys=[[11]])))
    assert found == [["x", "ax"]]


def test_big_values_are_chunked_and_joined(database):
    text = "é" * 1_200_000
    info = base64.b64encode(b"\x01\x02" * 900_000)
    tags = ["a" * 700_000, None, "b" * 700_000, "", "c" * 100]
    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "Tags", "Info"],
                               [(12, tags, info)])
        batch.insert_or_update("sch.Things", ["K"], [("k" * 100,)])
    with database.snapshot(multi_use=True) as snapshot:
        found = list(snapshot.read("Singers", ["SingerId", "Tags", "Info", "SingerId"],
                                   KeySet(keys=[[12]])))
        assert found == [[12, tags, info, 12]]
        found = list(snapshot.execute_sql(
            "SELECT @t, 1", params={"t": text},
            param_types={"t": param_types.STRING}))
    assert found == [[text, 1]]
