"""Change streams through Google's generated client: tokens, records, heartbeats, children."""

import datetime
import json

import pytest
from conftest import new_database
from google.api_core import exceptions
from raw import STRONG, Raw, Selector, messages, write


@pytest.fixture(scope="module")
def stream(endpoint, instance):
    database = new_database(
        instance,
        [
            "CREATE TABLE T (K INT64, A INT64, S STRING(MAX)) PRIMARY KEY (K)",
            "CREATE CHANGE STREAM Str FOR T",
        ],
    )
    yield Raw(endpoint, database.name)
    database.drop()


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(api, start, end, token=None, heartbeat=1000):
    sql = (
        "SELECT ChangeRecord FROM READ_Str(start_timestamp => @start, end_timestamp => @end, "
        "partition_token => @token, heartbeat_milliseconds => @heartbeat)"
    )
    params = {"start": stamp(start), "end": stamp(end), "token": token, "heartbeat": str(heartbeat)}
    request = messages.ExecuteSqlRequest(
        session=api.session, sql=sql, params=params, transaction=Selector(single_use=STRONG)
    )
    records = []
    for part in api.client.execute_streaming_sql(request=request, retry=None, timeout=60):
        for value in part.values:
            records.extend(value)
    return records


def test_records_follow_their_tokens(stream):
    before = datetime.datetime.utcnow()
    stream.commit(
        write("insert", "T", ["K", "A", "S"], [1, 2, "x"], [2, 3, "y"]),
        request_options={"transaction_tag": "app=test"},
    )
    stream.commit(write("update", "T", ["K", "A"], [1, 9]))
    end = datetime.datetime.utcnow() + datetime.timedelta(seconds=1)
    children = [child for record in read(stream, before, end) for child in record[2][0][2]]
    tokens = [child[0] for child in children]
    assert tokens
    data = []
    heartbeats = 0
    for token in tokens:
        for record in read(stream, before, end, token, heartbeat=200):
            data.extend(record[0])
            heartbeats += len(record[1])
    assert heartbeats > 0
    rows = sorted((r[7], str(json.loads(m[0])), str(json.loads(m[1]))) for r in data for m in r[6])
    assert rows == [
        ("INSERT", "{'K': '1'}", "{'A': '2', 'S': 'x'}"),
        ("INSERT", "{'K': '2'}", "{'A': '3', 'S': 'y'}"),
        ("UPDATE", "{'K': '1'}", "{'A': '9'}"),
    ]
    assert {r[11] for r in data if r[7] == "INSERT"} == {"app=test"}


def test_only_by_itself_and_only_streamed(stream):
    with pytest.raises(exceptions.MethodNotImplemented, match="must not be combined"):
        stream.sql("SELECT * FROM READ_Str(NULL, NULL, NULL, 1000)")
    now = stamp(datetime.datetime.utcnow())
    with pytest.raises(exceptions.InvalidArgument, match="ExecuteStreamingSql"):
        stream.sql(f"SELECT ChangeRecord FROM READ_Str('{now}', NULL, NULL, 1000)")
