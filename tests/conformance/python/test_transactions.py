"""Read-write transactions, DML, batches, concurrency."""

import concurrent.futures

import pytest
from google.api_core import exceptions
from google.cloud import spanner
from google.cloud.spanner_v1 import KeySet, param_types
from google.cloud.spanner_v1.types import spanner as messages
from raw import PARTITIONED, READ_WRITE, STRONG, Selector, delete, error_of, rows_of, write


@pytest.fixture(autouse=True)
def rows(api):
    api.commit(delete("Counters", all_=True), delete("Singers", all_=True),
               write("insert", "Counters", ["Id", "N"], *[[i, 0] for i in range(20)]))


def counter(database, id):
    with database.snapshot() as snapshot:
        return list(snapshot.read("Counters", ["N"], KeySet(keys=[[id]])))[0][0]


def increment(transaction, id):
    n = list(transaction.read("Counters", ["N"], KeySet(keys=[[id]])))[0][0]
    transaction.update("Counters", ["Id", "N"], [(id, n + 1)])


def test_run_in_transaction(database):
    for _ in range(5):
        database.run_in_transaction(increment, 1)
    assert counter(database, 1) == 5


def test_exceptions_roll_back(database):
    def fail(transaction):
        transaction.execute_update("UPDATE Counters SET N = 99 WHERE Id = 1")
        raise ValueError("no")

    with pytest.raises(ValueError):
        database.run_in_transaction(fail)
    assert counter(database, 1) == 0


def test_concurrent_increments_are_not_lost(database):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: database.run_in_transaction(increment, 1), range(40)))
    assert counter(database, 1) == 40


def test_different_keys_do_not_conflict(database):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: database.run_in_transaction(increment, i % 8), range(80)))
    assert [counter(database, i) for i in range(8)] == [10] * 8


def test_dml_and_reading_own_writes(database):
    def work(transaction):
        count = transaction.execute_update(
            "UPDATE Counters SET N = @n WHERE Id < 3", params={"n": 7},
            param_types={"n": param_types.INT64})
        assert count == 3
        seen = list(transaction.execute_sql("SELECT COUNT(*) FROM Counters WHERE N = 7"))
        assert seen == [[3]]
        assert transaction.execute_update("DELETE FROM Counters WHERE Id = 19") == 1
        assert transaction.execute_update(
            "INSERT INTO Counters (Id, N) VALUES (100, 1), (101, 2)") == 2
        return "done"

    assert database.run_in_transaction(work) == "done"
    with database.snapshot() as snapshot:
        found = list(snapshot.execute_sql(
            "SELECT Id, N FROM Counters WHERE Id IN (2, 19, 100, 101) ORDER BY Id"))
    assert found == [[2, 7], [100, 1], [101, 2]]


def test_then_return(database):
    def work(transaction):
        return list(transaction.execute_sql(
            "UPDATE Counters SET N = N + 1 WHERE Id <= 1 THEN RETURN Id, N"))

    assert sorted(database.run_in_transaction(work)) == [[0, 1], [1, 1]]


def test_batch_dml(database):
    def work(transaction):
        status, counts = transaction.batch_update([
            "UPDATE Counters SET N = 1 WHERE Id < 5",
            "INSERT INTO Counters (Id, N) VALUES (0, 0)",
            "UPDATE Counters SET N = 2 WHERE TRUE",
        ])
        assert status.code == 6  # ALREADY_EXISTS
        assert counts == [5]

    database.run_in_transaction(work)
    assert counter(database, 0) == 1


def test_partitioned_dml(database):
    assert database.execute_partitioned_dml("UPDATE Counters SET N = 3 WHERE Id >= 10") == 10
    assert counter(database, 15) == 3


def test_partitioned_dml_reads_no_table_in_a_subquery(database):
    for update in (
            "UPDATE Counters SET N = 4 WHERE Id IN (SELECT Id FROM Counters)",
            "UPDATE Counters SET N = (SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES) WHERE TRUE",
            "DELETE FROM Counters c WHERE EXISTS (SELECT 1 FROM Counters d WHERE d.N = c.N + 1)"):
        with pytest.raises(exceptions.InvalidArgument, match="fully partitionable"):
            database.execute_partitioned_dml(update)
    assert counter(database, 15) == 0
    update = "UPDATE Counters SET N = 5 WHERE Id IN (SELECT i FROM UNNEST([15, 16]) AS i)"
    assert database.execute_partitioned_dml(update) == 2
    assert counter(database, 15) == 5


def test_dml_is_answered_once(api):
    update = "UPDATE Counters SET N = N + 1 WHERE Id = 1"
    begun = api.sql(update, transaction=Selector(begin=READ_WRITE), seqno=1)
    id = begun.metadata.transaction.id
    assert begun.stats.row_count_exact == 1
    again = api.sql(update, transaction=Selector(id=id), seqno=2)
    repeated = api.sql(update, transaction=Selector(id=id), seqno=2)
    assert repeated.stats == again.stats
    code, text, _ = error_of(api.sql, update + " AND TRUE", transaction=Selector(id=id), seqno=2)
    assert code == "INVALID_ARGUMENT"
    assert text.startswith("Previously received a different request with this seqno. seqno=2")
    code, text, _ = error_of(api.sql, update + " AND TRUE", transaction=Selector(id=id), seqno=0)
    assert text.startswith("Request has an out-of-order seqno. Request seqno=0. Last seen seqno=2")
    api.commit(transaction_id=id)
    assert rows_of(api.sql("SELECT N FROM Counters WHERE Id = 1")) == [["2"]]


def test_dml_needs_a_read_write_transaction(api):
    update = "UPDATE Counters SET N = 1 WHERE Id = 1"
    for selector in (None, Selector(begin=STRONG)):
        code, text, _ = error_of(api.sql, update, transaction=selector)
        assert (code, text) == (
            "INVALID_ARGUMENT",
            "DML statements can only be performed in a read-write or partitioned-dml "
            "transaction. Current transaction type is ReadOnly.")
    partitioned = Selector(begin=PARTITIONED)
    assert error_of(api.sql, "SELECT 1", transaction=partitioned)[1] == (
        "PartitionedDml Transactions may only be used to execute DML statements")
    assert error_of(api.sql, "INSERT INTO Counters (Id) VALUES (77)",
                    transaction=partitioned)[1] == "INSERT is not supported for Partitioned DML"


def test_aborted_carries_a_delay(api, local):
    """An older transaction takes the locks of a younger one, which hears ABORTED."""
    older = api.begin().id
    second = api.call("create_session", {"database": api.database}).name
    younger = api.begin(session=second).id
    api.read("Counters", ["N"], transaction=Selector(id=older))
    api.read("Counters", ["N"], session=second, transaction=Selector(id=younger))
    api.commit(write("update", "Counters", ["Id", "N"], [1, 1]), transaction_id=older)
    code, _, details = error_of(
        api.commit, write("update", "Counters", ["Id", "N"], [1, 2]), session=second,
        transaction_id=younger)
    assert code == "ABORTED"
    if local:
        delay = details[0].retry_delay
        assert 0 < delay.seconds + delay.nanos / 1e9 < 1


def test_multiplexed_sessions(api, local):
    session = api.multiplexed()
    begun = api.begin(session=session)
    found = api.read("Counters", ["N"], session=session, transaction=Selector(id=begun.id))
    if local:
        assert found.precommit_token.precommit_token
        assert found.precommit_token.seq_num == 1
    answer = api.commit(write("update", "Counters", ["Id", "N"], [1, 5]), session=session,
                        transaction_id=begun.id, precommit_token=found.precommit_token)
    assert answer.commit_timestamp
    key = write("update", "Counters", ["Id", "N"], [2, 5])
    begun = api.begin(session=session, mutation_key=key)
    if local:
        assert begun.precommit_token.precommit_token
    assert api.commit(key, session=session, transaction_id=begun.id,
                      precommit_token=begun.precommit_token).commit_timestamp
    api.commit(key, session=session)
    if local:  # the emulator looks at the key at the commit
        wrong = write("update", "Counters", ["Id", "N"], [2, "x"])
        code, text, _ = error_of(api.begin, session=session, mutation_key=wrong)
        assert (code, text) == ("INVALID_ARGUMENT", "Could not parse x as an integer")


def test_commit_stats(api, local):
    answer = api.commit(write("update", "Counters", ["Id", "N"], [1, 1], [2, 2]),
                        return_commit_stats=True)
    if local:  # the emulator counts nothing
        assert answer.commit_stats.mutation_count == 4


def test_batch_write(api, local):
    if not local:
        pytest.skip("the emulator refuses it here")
    groups = [{"mutations": [write("insert", "Counters", ["Id", "N"], [200, 1])]},
              {"mutations": [write("insert", "Counters", ["Id", "N"], [1, 1])]}]
    found = list(api.call("batch_write", messages.BatchWriteRequest(
        session=api.session, mutation_groups=groups)))
    codes = {list(part.indexes)[0]: part.status.code for part in found}
    assert codes == {0: 0, 1: 6}
