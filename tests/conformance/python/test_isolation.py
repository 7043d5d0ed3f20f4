"""Isolation levels, lock modes, deadlines, tokens of read-write transactions, by the bare API."""

import threading
import time

import pytest
from google.cloud.spanner_v1.types import KeySet, TransactionOptions
from google.cloud.spanner_v1.types import spanner as messages
from raw import READ_WRITE, Selector, delete, error_of, rows_of, values, write

Level = TransactionOptions.IsolationLevel
Mode = TransactionOptions.ReadWrite.ReadLockMode
REPEATABLE = TransactionOptions(read_write=TransactionOptions.ReadWrite(),
                                isolation_level=Level.REPEATABLE_READ)
OPTIMISTIC = TransactionOptions(read_write=TransactionOptions.ReadWrite(
    read_lock_mode=Mode.OPTIMISTIC))


@pytest.fixture(autouse=True)
def rows(api, local):
    if not local:
        pytest.skip("Google's emulator runs one transaction at a time")
    api.commit(delete("Counters", all_=True),
               write("insert", "Counters", ["Id", "N"], *[[i, 0] for i in range(5)]))


def read(api, transaction, id):
    selector = Selector(id=transaction)
    return rows_of(api.read("Counters", ["N"], key_set=KeySet(keys=[values(id)]),
                            transaction=selector))


def put(id, n):
    return write("update", "Counters", ["Id", "N"], [id, n])


def test_repeatable_read_sees_one_snapshot_and_says_which(api):
    transaction = api.begin(REPEATABLE).id
    assert read(api, transaction, 1) == [["0"]]
    api.commit(put(1, 7))
    assert read(api, transaction, 1) == [["0"]]
    answer = api.commit(put(2, 1), transaction_id=transaction)
    assert answer.snapshot_timestamp < answer.commit_timestamp


@pytest.mark.parametrize("by_dml", [False, True])
def test_repeatable_read_first_committer_wins(api, by_dml):
    transaction = api.begin(REPEATABLE).id
    assert read(api, transaction, 1) == [["0"]]
    api.commit(put(1, 7))

    def finish():
        if by_dml:
            api.sql("UPDATE Counters SET N = N + 1 WHERE Id = 1",
                    transaction=Selector(id=transaction), seqno=1)
            return api.commit(transaction_id=transaction)
        return api.commit(put(1, 1), transaction_id=transaction)

    code, _, details = error_of(finish)
    assert code == "ABORTED" and any("RetryInfo" in type(d).__name__ for d in details)
    assert rows_of(api.read("Counters", ["N"], key_set=KeySet(keys=[values(1)]))) == [["7"]]


def test_write_skew_is_repeatable_reads_alone(api):
    for n, (options, allowed) in enumerate(((REPEATABLE, True), (OPTIMISTIC, False)), start=1):
        a, b = api.begin(options).id, api.begin(options).id
        for transaction in (a, b):
            read(api, transaction, 1), read(api, transaction, 2)
        api.commit(put(1, n), transaction_id=a)
        if allowed:
            api.commit(put(2, n), transaction_id=b)
        else:
            assert error_of(api.commit, put(2, n), transaction_id=b)[0] == "ABORTED"


def test_optimistic_reads_do_not_stop_writers(api):
    transaction = api.begin(OPTIMISTIC).id
    assert read(api, transaction, 1) == [["0"]]
    started = time.time()
    api.commit(put(1, 7))
    assert time.time() - started < 5
    assert error_of(api.commit, put(3, 1), transaction_id=transaction)[0] == "ABORTED"


def by_lock_hint(api, transaction):
    api.read("Counters", ["N"], transaction=Selector(id=transaction),
             lock_hint=messages.ReadRequest.LockHint.LOCK_HINT_EXCLUSIVE)


def by_statement_hint(api, transaction):
    api.sql("@{LOCK_SCANNED_RANGES=exclusive} SELECT N FROM Counters",
            transaction=Selector(id=transaction))


def by_for_update(api, transaction):
    api.sql("SELECT N FROM Counters FOR UPDATE", transaction=Selector(id=transaction))


@pytest.mark.parametrize("lock", [by_lock_hint, by_statement_hint, by_for_update])
def test_exclusive_locks_on_what_is_read(api, lock):
    transaction = api.begin().id
    lock(api, transaction)
    other = api.begin().id
    request = messages.ReadRequest(session=api.session, table="Counters", columns=["N"],
                                   key_set=KeySet(all_=True), transaction=Selector(id=other))
    code = error_of(api.client.read, request=request, retry=None, timeout=0.3)[0]
    assert code == "DEADLINE_EXCEEDED"
    api.rollback(transaction)


def test_a_wait_for_a_lock_ends_with_the_call(api):
    holder, waiter = api.begin().id, api.begin().id
    api.sql("UPDATE Counters SET N = 1 WHERE Id = 1", transaction=Selector(id=holder), seqno=1)
    request = messages.ExecuteSqlRequest(session=api.session, transaction=Selector(id=waiter),
                                         sql="UPDATE Counters SET N = 2 WHERE Id = 1", seqno=1)
    call = api.client.execute_sql
    assert error_of(call, request=request, retry=None, timeout=0.3)[0] == "DEADLINE_EXCEEDED"
    api.rollback(waiter)  # the server let go of it, so this does not wait
    api.commit(transaction_id=holder)


def test_idle_transactions_lose_their_locks(api):
    transaction = api.begin().id
    api.sql("UPDATE Counters SET N = 1 WHERE Id = 1", transaction=Selector(id=transaction), seqno=1)
    started = time.time()
    api.commit(put(1, 7))
    assert time.time() - started < 13
    assert error_of(api.commit, transaction_id=transaction)[0] == "ABORTED"


def test_commit_on_a_multiplexed_session_wants_the_newest_token(api):
    session = api.multiplexed()
    begun = api.begin(session=session, mutation_key=put(1, 1))
    answer = api.commit(put(1, 1), session=session, transaction_id=begun.id)
    assert not answer.commit_timestamp and answer.precommit_token.seq_num > 0
    stale, newest = begun.precommit_token, answer.precommit_token
    again = api.commit(put(1, 1), session=session, transaction_id=begun.id, precommit_token=stale)
    assert not again.commit_timestamp
    newest = again.precommit_token
    done = api.commit(put(1, 1), session=session, transaction_id=begun.id, precommit_token=newest)
    assert done.commit_timestamp
    repeated = api.commit(put(1, 1), session=session, transaction_id=begun.id,
                          precommit_token=newest)
    assert repeated.commit_timestamp == done.commit_timestamp


def test_a_retry_keeps_the_age_of_the_attempt_before(api):
    session = api.multiplexed()
    first = api.begin(session=session).id
    younger = api.begin().id
    second = api.begin(TransactionOptions(read_write=TransactionOptions.ReadWrite(
        multiplexed_session_previous_transaction_id=first)), session=session).id
    api.sql("UPDATE Counters SET N = 1 WHERE Id = 1", transaction=Selector(id=younger), seqno=1)
    # As old as `first`, so older than the holder, which gives way at once.
    api.sql("UPDATE Counters SET N = 2 WHERE Id = 1", session=session,
            transaction=Selector(id=second), seqno=1)
    assert error_of(api.commit, transaction_id=younger)[0] == "ABORTED"


def test_batch_write_groups_stand_alone(api):
    groups = [messages.BatchWriteRequest.MutationGroup(mutations=[put(1, 1)]),
              messages.BatchWriteRequest.MutationGroup(mutations=[put(99, 1), put(2, 2)]),
              messages.BatchWriteRequest.MutationGroup(mutations=[put(3, 3)])]
    request = messages.BatchWriteRequest(session=api.session, mutation_groups=groups)
    codes = {}
    for response in api.call("batch_write", request):
        codes.update({index: response.status.code for index in response.indexes})
    assert codes == {0: 0, 1: 5, 2: 0}
    found = rows_of(api.read("Counters", ["N"]))
    assert found == [["0"], ["1"], ["0"], ["3"], ["0"]]


def test_waiting_transactions_go_on_when_the_holder_ends(api):
    holder = api.begin().id
    api.sql("UPDATE Counters SET N = 1 WHERE Id = 1", transaction=Selector(id=holder), seqno=1)
    waiter = threading.Thread(target=api.commit, args=(put(1, 7),))
    waiter.start()
    time.sleep(0.2)
    assert waiter.is_alive()
    api.commit(transaction_id=holder)
    waiter.join(10)
    assert rows_of(api.read("Counters", ["N"], key_set=KeySet(keys=[values(1)]))) == [["7"]]
