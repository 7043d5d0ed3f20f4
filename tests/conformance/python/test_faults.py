"""Faults on demand (docs/guide/faults.md), asked for over gRPC while the server runs."""

import time

import grpc
import pytest
from google.cloud import spanner
from google.cloud.spanner_v1.types import KeySet
from google.protobuf import struct_pb2
from raw import Selector, delete, error_of, rows_of, values, write


@pytest.fixture
def faults(api, endpoint, local):
    if not local:
        pytest.skip("only the local Spanner has faults on demand")
    api.commit(delete("Counters", all_=True), write("insert", "Counters", ["Id", "N"], [1, 0]))
    channel = grpc.insecure_channel(endpoint)
    call = channel.unary_unary("/kafka_spanner.local.Faults/Set",
                               struct_pb2.Struct.SerializeToString, struct_pb2.Struct.FromString)

    def ask(*rules, seed=1):
        request = struct_pb2.Struct()
        request.update({"rules": list(rules), "seed": seed})
        return call(request)

    yield ask
    ask()


def put(n):
    return write("update", "Counters", ["Id", "N"], [1, n])


def stored(api):
    return rows_of(api.read("Counters", ["N"], key_set=KeySet(keys=[values(1)])))


def test_unavailable_does_nothing_and_lost_answer_does_all(api, faults):
    faults("Commit:unavailable:1")
    assert error_of(api.commit, put(5))[0] == "UNAVAILABLE"
    assert stored(api) == [["0"]]
    faults("Commit:lost_answer:1")
    assert error_of(api.commit, put(6))[0] == "UNAVAILABLE"
    assert stored(api) == [["6"]]


def test_aborted_ends_the_transaction(api, faults):
    transaction = api.begin().id
    api.sql("UPDATE Counters SET N = 9 WHERE Id = 1", transaction=Selector(id=transaction), seqno=1)
    faults("Commit:aborted:1")
    code, _, details = error_of(api.commit, transaction_id=transaction)
    assert code == "ABORTED" and any("RetryInfo" in type(d).__name__ for d in details)
    faults()
    assert error_of(api.commit, transaction_id=transaction)[0] == "ABORTED"
    api.commit(put(3))  # its lock is free
    assert stored(api) == [["3"]]


def test_throttling_says_when_to_come_again(api, faults):
    faults("Read:throttled:1")
    code, _, details = error_of(api.read, "Counters", ["N"])
    assert code == "RESOURCE_EXHAUSTED" and any("RetryInfo" in type(d).__name__ for d in details)


def test_lost_session(api, faults):
    faults("Read:lost_session:1")
    code, text, _ = error_of(api.read, "Counters", ["N"])
    assert code == "NOT_FOUND" and "Session not found" in text


def test_latency(api, faults):
    faults("Read:latency:1:200-300")
    started = time.time()
    api.read("Counters", ["N"])
    assert 0.2 <= time.time() - started < 2


def test_googles_client_rides_over_them(database, faults):
    def increment(transaction):
        n = list(transaction.read("Counters", ["N"], spanner.KeySet(keys=[[1]])))[0][0]
        transaction.update("Counters", ["Id", "N"], [(1, n + 1)])

    faults("Commit:aborted:0.4", "StreamingRead:unavailable:0.3", seed=5)
    for _ in range(8):
        database.run_in_transaction(increment)
    with database.snapshot() as snapshot:
        assert list(snapshot.read("Counters", ["N"], spanner.KeySet(all_=True))) == [[8]]


def test_rules_are_checked(faults):
    with pytest.raises(grpc.RpcError) as error:
        faults("Commit:nonsense:1")
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
