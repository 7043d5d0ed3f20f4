"""What a broken or malicious client may send: each call gets its documented code, and afterwards
the server is there, has not hung, and every row can be written."""

import concurrent.futures
import random
import threading
import time

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.spanner_v1.types import KeySet, Mutation, TransactionOptions, Type, TypeCode
from google.cloud.spanner_v1.types import spanner as messages
from google.protobuf.struct_pb2 import Struct
from raw import PARTITIONED, READ_WRITE, STRONG, Raw, Selector, delete, error_of, values, write

ROWS = 20


@pytest.fixture(autouse=True)
def every_row_can_be_written_afterwards(api):
    rows = [[i, 0] for i in range(ROWS)]
    api.commit(delete("Counters", all_=True), write("insert", "Counters", ["Id", "N"], *rows))
    yield
    began = time.monotonic()
    api.commit(write("update", "Counters", ["Id", "N"], *rows))
    assert time.monotonic() - began < 8, "a lock was left behind"


def code_of(function, *arguments, **fields):
    return error_of(function, *arguments, **fields)[0]


def in_transaction(api, **fields):
    return Selector(id=api.begin(**fields).id)


# ---- Sessions and transactions that are not there, or somebody else's


def test_sessions_that_are_not_there(api):
    for session in ("", "nonsense", api.database):
        assert code_of(api.sql, "SELECT 1", session=session) == "INVALID_ARGUMENT", session
    gone = api.client.create_session(database=api.database).name
    api.call("delete_session", {"name": gone})
    calls = {
        "sql": lambda s: api.sql("SELECT 1", session=s),
        "stream": lambda s: api.stream("SELECT 1", session=s),
        "read": lambda s: api.read(session=s),
        "stream_read": lambda s: api.stream_read(session=s),
        "begin": lambda s: api.begin(session=s),
        "commit": lambda s: api.commit(session=s),
        "rollback": lambda s: api.rollback(b"x", session=s),
        "get": lambda s: api.call("get_session", {"name": s}),
        "partition": lambda s: api.call(
            "partition_query", {"session": s, "sql": "SELECT 1", "transaction": {"id": b"x"}}),
    }
    for id in (gone.rsplit("/")[-1], "never", "x" * 1000):
        session = api.database + "/sessions/" + id
        for name, call in calls.items():
            code, text, _ = error_of(call, session)
            assert (name, code) == (name, "NOT_FOUND")
            assert "Session not found" in text


def test_transactions_that_are_not_there(api, local):
    # The emulator answers UNKNOWN to a long one.
    for id in (b"x", b"\xff" * 8, *([b"0" * 100_000] if local else [])):
        for call in (lambda: api.sql("SELECT 1", transaction=Selector(id=id)),
                     lambda: api.read(transaction=Selector(id=id)),
                     lambda: api.commit(transaction_id=id),
                     lambda: api.rollback(id)):
            assert code_of(call) in ("NOT_FOUND", "INVALID_ARGUMENT")
    assert code_of(api.call, "commit", messages.CommitRequest(session=api.session)) == (
        "INVALID_ARGUMENT")


def test_a_transaction_of_another_session(api):
    other = api.client.create_session(database=api.database).name
    mine = in_transaction(api)
    for call in (lambda: api.sql("SELECT 1", session=other, transaction=mine),
                 lambda: api.commit(session=other, transaction_id=mine.id)):
        assert code_of(call) in ("NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION")
    api.rollback(mine.id)


def test_a_transaction_that_is_over(api):
    done = in_transaction(api)
    first = api.commit(transaction_id=done.id)
    assert api.commit(transaction_id=done.id).commit_timestamp == first.commit_timestamp
    late = write("update", "Counters", ["Id", "N"], [1, 99])
    assert api.commit(late, transaction_id=done.id).commit_timestamp == first.commit_timestamp
    assert code_of(api.sql, "SELECT 1", transaction=done) == "FAILED_PRECONDITION"
    assert code_of(api.rollback, done.id) in ("FAILED_PRECONDITION", "INVALID_ARGUMENT")
    back = in_transaction(api)
    api.rollback(back.id)
    api.rollback(back.id)
    assert code_of(api.commit, transaction_id=back.id) == "FAILED_PRECONDITION"
    assert api.sql("SELECT N FROM Counters WHERE Id = 1").rows[0][0] == "0"


def test_the_wrong_kind_of_transaction(api):
    update = "UPDATE Counters SET N = 1 WHERE Id = 1"
    snapshot = in_transaction(api, options=STRONG)
    assert code_of(api.sql, update, transaction=snapshot, seqno=1) == "INVALID_ARGUMENT"
    assert code_of(api.commit, transaction_id=snapshot.id) == "FAILED_PRECONDITION"
    assert code_of(api.rollback, snapshot.id) == "FAILED_PRECONDITION"
    parts = in_transaction(api, options=PARTITIONED)
    assert code_of(api.read, "Counters", ("Id",), transaction=parts) in (
        "INVALID_ARGUMENT", "FAILED_PRECONDITION")
    assert code_of(api.begin, TransactionOptions()) == "INVALID_ARGUMENT"
    assert code_of(api.sql, update, seqno=1) == "INVALID_ARGUMENT"  # no transaction at all


def test_dml_sequence_numbers(api):
    transaction = in_transaction(api)
    dml = lambda sql, seqno: api.sql(sql, transaction=transaction, seqno=seqno)
    add = "UPDATE Counters SET N = N + 1 WHERE Id = 1"
    dml(add, 5)
    dml(add, 5)  # a repetition: answered, not run
    assert api.sql("SELECT N FROM Counters WHERE Id = 1", transaction=transaction).rows[0][0] == "1"
    assert code_of(dml, "UPDATE Counters SET N = 7 WHERE Id = 1", 5) == "INVALID_ARGUMENT"
    assert code_of(dml, add, 4) in ("FAILED_PRECONDITION", "INVALID_ARGUMENT")
    dml(add, 9)
    api.rollback(transaction.id)


# ---- Keys and rows of the wrong shape


@pytest.mark.parametrize("key", [[], [1, 2], ["x"], [True], [1.5], [[1]], ["9" * 30]],
                         ids=["none", "long", "text", "bool", "real", "list", "big"])
def test_keys_of_the_wrong_shape(api, key):
    keys = KeySet(keys=[values(*key)])
    assert code_of(api.read, "Counters", ("Id",), key_set=keys) in (
        "INVALID_ARGUMENT", "FAILED_PRECONDITION")
    assert code_of(api.commit, delete("Counters", keys=[values(*key)])) in (
        "INVALID_ARGUMENT", "FAILED_PRECONDITION")


def test_ranges_of_the_wrong_shape(api):
    for bounds in ({}, {"start_closed": values(1)}, {"end_open": values(1)},
                   {"start_closed": values(1, 2), "end_closed": values(3)},
                   {"start_closed": values("x"), "end_closed": values(3)}):
        code = code_of(api.read, "Counters", ("Id",), key_set=KeySet(ranges=[bounds]))
        assert code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION"), bounds
    backwards = KeySet(ranges=[{"start_closed": values(3), "end_closed": values(1)}])
    assert len(api.read("Counters", ("Id",), key_set=backwards).rows) == 0


def test_rows_of_the_wrong_shape(api, local):
    for columns, row in ((["Id", "N"], [1]), (["Id"], [1, 2]), ([], []), (["Id", "Id"], [1, 1]),
                         (["Id", "N"], [1, "x"]), (["Id", "N"], [1, 2.0]), (["Id", "N"], [1, [1]]),
                         (["Id", "N"], [None, 1]), (["N"], [1]), (["Id", "n\0"], [1, 1])):
        code = code_of(api.commit, write("insert_or_update", "Counters", columns, row))
        assert code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND"), (columns, row)
    assert code_of(api.commit, Mutation()) == "INVALID_ARGUMENT"
    nameless = write("insert", "", ["Id"], [1])
    assert code_of(api.commit, nameless) in ("NOT_FOUND", "INVALID_ARGUMENT")
    negative = [{"limit": -1}] if local else []  # the emulator takes it for none
    for fields in (*negative, {"index": "None"}, {"table": "x" * 100_000}):
        assert code_of(api.read, **{"table": "Counters", "columns": ("Id",), **fields}) in (
            "INVALID_ARGUMENT", "NOT_FOUND"), fields


# ---- Tokens


def test_tokens_that_nobody_gave(api, client, instance, local):
    if not local:
        pytest.skip("the emulator takes any resume token")
    for token in (b"x", b"\xff" * 100, b"\0" * 100_000):
        code = code_of(api.stream, "SELECT Id FROM Counters", resume_token=token)
        assert code == "INVALID_ARGUMENT"
        assert code_of(api.stream_read, "Counters", ("Id",), resume_token=token) == (
            "INVALID_ARGUMENT")
        snapshot = in_transaction(api, options=STRONG)
        code = code_of(api.stream, "SELECT Id FROM Counters", partition_token=token,
                       transaction=snapshot)
        assert code == "INVALID_ARGUMENT"
    assert code_of(api.call, "list_sessions",
                   {"database": api.database, "page_token": "x"}) == "INVALID_ARGUMENT"
    admin = client.database_admin_api
    with pytest.raises(exceptions.InvalidArgument):
        list(admin.list_databases(request={"parent": instance.name, "page_token": "x"}))


def test_tokens_of_something_else(api, local):
    if not local:
        pytest.skip("the emulator has other codes, and takes any resume token")
    snapshot = in_transaction(api, options=STRONG)
    query = "SELECT Id FROM Counters"
    parts = api.call("partition_query", messages.PartitionQueryRequest(
        session=api.session, sql=query, transaction=snapshot)).partitions
    token = parts[0].partition_token
    assert api.stream(query, transaction=snapshot, partition_token=token)
    for sql in ("SELECT N FROM Counters", query + " "):
        code = code_of(api.stream, sql, transaction=snapshot, partition_token=token)
        assert code == "INVALID_ARGUMENT"
    assert code_of(api.stream_read, "Counters", ("Id",), transaction=snapshot,
                   partition_token=token) == "INVALID_ARGUMENT"
    resume = [m.resume_token for m in api.stream(query, transaction=snapshot) if m.resume_token]
    for stolen in resume:
        assert code_of(api.stream, "SELECT 1", transaction=snapshot, resume_token=stolen) == (
            "INVALID_ARGUMENT")


# ---- Bytes that are no request


METHODS = {
    "CreateSession": "database", "BatchCreateSessions": "database", "GetSession": "name",
    "ListSessions": "database", "DeleteSession": "name", "ExecuteSql": "session",
    "ExecuteStreamingSql": "session", "ExecuteBatchDml": "session", "Read": "session",
    "StreamingRead": "session", "BeginTransaction": "session", "Commit": "session",
    "Rollback": "session", "PartitionQuery": "session", "PartitionRead": "session",
    "BatchWrite": "session",
}


def send(channel, method, data, timeout=30):
    """The code of a call whose request is these bytes."""
    call = channel.unary_stream(f"/google.spanner.v1.Spanner/{method}")
    try:
        list(call(data, timeout=timeout))
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


@pytest.fixture
def channel(endpoint):
    with grpc.insecure_channel(endpoint) as channel:
        yield channel


def test_empty_requests(channel, local):
    for method in METHODS if local else set(METHODS) - {"BatchWrite"}:
        assert send(channel, method, b"") in ("INVALID_ARGUMENT", "NOT_FOUND"), method
    assert send(channel, "NoSuchMethod", b"") == "UNIMPLEMENTED"


def test_bytes_that_are_no_protobuf(channel, api):
    chance = random.Random(5)
    real = messages.CommitRequest.serialize(messages.CommitRequest(
        session=api.session, single_use_transaction=READ_WRITE,
        mutations=[write("insert", "Counters", ["Id", "N"], [100, 1])]))
    for method in METHODS:
        for _ in range(60):
            data = bytearray(real if chance.random() < 0.7 else chance.randbytes(200))
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            data = bytes(data[: chance.randrange(1, len(data) + 1)])
            code = send(channel, method, data)
            assert code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "UNKNOWN"), (method, data, code)
    api.commit(delete("Counters", all_=True), write(
        "insert", "Counters", ["Id", "N"], *[[i, 0] for i in range(ROWS)]))


# ---- Too much of something


def nested(depth):
    return "(" * depth + "1" + ")" * depth


@pytest.mark.parametrize("sql", [
    "SELECT " + nested(20_000), "SELECT " + "-" * 50_000 + "1",
    "SELECT " + "NOT " * 50_000 + "TRUE",
    "SELECT 1 FROM " + "(SELECT 1 FROM " * 5_000, "SELECT " + "[" * 30_000, "SELECT CASE " * 9_000,
    "SELECT '" + "x" * 1_000_001 + "'", "SELECT " + "ARRAY<" * 20_000, "SELECT 1" + "\0",
    "WITH a AS (" * 5_000, "SELECT " + "f(" * 30_000, "SELECT x." + "y." * 50_000,
    "SELECT 1 IN (" + ", ".join(map(str, range(20_000))) + ")", "SELECT 0" + " + 1" * 200,
], ids=lambda sql: sql[:16])
def test_giant_statements_are_refused(api, sql, local):
    if not local:
        pytest.skip("the emulator runs some of them")
    assert code_of(api.sql, sql) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("sql", [
    "SELECT 1 IN (" + ", ".join(map(str, range(10_000))) + ")",
    "SELECT 0" + " + 1" * 75, "SELECT " + ", ".join(f"{i} AS c{i}" for i in range(900)),
    "SELECT TRUE" + " AND TRUE" * 1_000, "SELECT '' " + "|| 'x'" * 75,
    " UNION ALL ".join(["SELECT 1"] * 150),
], ids=lambda sql: sql[-16:])
def test_long_statements_run(api, sql, local):
    if not local:
        pytest.skip("the emulator has tighter limits")
    assert len(api.sql(sql).rows) >= 1


def test_deep_values(api, local):
    if not local:
        pytest.skip("the emulator has no limit")
    deep = Type(code=TypeCode.INT64)
    for _ in range(90):
        deep = Type(code=TypeCode.ARRAY, array_element_type=deep)
    params = Struct()
    params["p"] = None
    code = code_of(api.sql, "SELECT @p", params=params, param_types={"p": deep})
    assert code in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
    json = "[" * 10_000 + "]" * 10_000
    row = write("insert", "Singers", ["SingerId", "LastName", "Document"], [77, "x", json])
    assert code_of(api.commit, row) in ("FAILED_PRECONDITION", "INVALID_ARGUMENT")


def test_messages_beyond_the_limits(api, local):
    if not local:
        pytest.skip("the emulator has no limit")
    assert code_of(api.sql, "SELECT 1 -- " + "x" * (11 << 20)) in (
        "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")
    row = [77, "x", "AAAA" * (27 << 20)]
    big = write("insert", "Singers", ["SingerId", "LastName", "Info"], row)
    assert code_of(api.commit, big) in ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")


def test_thousands_of_sessions(api, local):
    names = []
    for _ in range(40 if local else 2):
        made = api.call("batch_create_sessions", {"database": api.database, "session_count": 100})
        names += [session.name for session in made.session]
    assert len(set(names)) == len(names)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda s: api.call("delete_session", {"name": s}), names))
    assert code_of(api.sql, "SELECT 1", session=names[0]) == "NOT_FOUND"
    assert code_of(api.call, "batch_create_sessions",
                   {"database": api.database, "session_count": -1}) == "INVALID_ARGUMENT"


# ---- Calls that overlap, are given up, or never end


def test_one_transaction_from_many_threads(api):
    transaction = in_transaction(api)
    seqno = iter(range(1, 1000))
    lock = threading.Lock()

    def work(i):
        with lock:
            number = next(seqno)
        try:
            if i % 2:
                api.sql("SELECT SUM(N) FROM Counters", transaction=transaction)
            else:
                api.sql(f"UPDATE Counters SET N = N + 1 WHERE Id = {i % ROWS}",
                        transaction=transaction, seqno=number)
            return "OK"
        except exceptions.GoogleAPICallError as error:
            return error.grpc_status_code.name

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        codes = set(pool.map(work, range(64)))
    # Numbers may arrive out of order, which is this client's fault.
    assert codes <= {"OK", "ABORTED", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}, codes
    assert "OK" in codes
    api.rollback(transaction.id)


def test_deadlines_that_have_passed(api):
    for timeout in (0, 1e-6, 1e-3):
        for _ in range(20):
            try:
                api.client.execute_sql(
                    request=messages.ExecuteSqlRequest(session=api.session, sql="SELECT 1"),
                    retry=None, timeout=timeout)
            except (exceptions.DeadlineExceeded, exceptions.RetryError):
                pass


def test_a_wait_for_a_lock_ends_with_its_deadline(api, local):
    if not local:
        pytest.skip("the emulator aborts instead of waiting")
    holder = in_transaction(api)
    api.sql("UPDATE Counters SET N = 5 WHERE Id = 1", transaction=holder, seqno=1)
    request = messages.CommitRequest(
        session=api.session, single_use_transaction=READ_WRITE,
        mutations=[write("update", "Counters", ["Id", "N"], [1, 6])])
    with pytest.raises(exceptions.DeadlineExceeded):
        api.client.commit(request=request, retry=None, timeout=0.5)
    api.rollback(holder.id)
    time.sleep(0.5)
    assert api.sql("SELECT N FROM Counters WHERE Id = 1").rows[0][0] == "0"


def test_streams_that_nobody_reads(api, local):
    if not local:
        pytest.skip("the emulator does not hear of the cancellation while it computes")
    numbers = "UNNEST(GENERATE_ARRAY(1, 2000))"
    sql = f"SELECT a, b, REPEAT('x', 1000) FROM {numbers} AS a, {numbers} AS b"
    for transaction in (None, in_transaction(api)):
        request = messages.ExecuteSqlRequest(session=api.session, sql=sql, transaction=transaction)
        streams = []
        for _ in range(10 if transaction is None else 1):
            stream = api.client.execute_streaming_sql(request=request, retry=None, timeout=30)
            if transaction is None:
                next(iter(stream))
            streams.append(stream)
        for stream in streams:
            stream.cancel()
        if transaction is not None:
            api.rollback(transaction.id)
    assert api.sql("SELECT 1").rows[0][0] == "1"


def test_a_client_that_vanished_holds_no_lock_for_ever(api, endpoint):
    gone = Raw(endpoint, api.database)
    transaction = Selector(id=gone.begin().id)
    gone.sql("UPDATE Counters SET N = 1 WHERE TRUE", transaction=transaction, seqno=1)
    gone.client.transport.grpc_channel.close()
    began = time.monotonic()
    update = write("update", "Counters", ["Id", "N"], [1, 3])
    while True:  # the emulator says ABORTED meanwhile, the local Spanner lets it wait
        try:
            api.commit(update)
            break
        except (exceptions.Aborted, exceptions.DeadlineExceeded):
            assert time.monotonic() - began < 40
            time.sleep(0.5)
