#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/request: what request_fuzz.cc begins from.

    tests/fuzz/record_requests.py        needs `pip install google-cloud-spanner`
"""
import pathlib

from google.cloud import spanner_v1 as v1

# In the order of request_fuzz.cc.
METHODS = ["ExecuteSql", "ExecuteStreamingSql", "ExecuteBatchDml", "Read", "StreamingRead",
           "Commit", "BeginTransaction", "Rollback", "PartitionQuery", "PartitionRead",
           "BatchWrite"]
READ_WRITE = {"begin": {"read_write": {}}}
STALE = {"single_use": {"read_only": {"exact_staleness": "1s", "return_read_timestamp": True}}}
ROW = {"table": "T", "columns": ["K", "S", "B", "N", "A", "J", "D", "C"], "values": [
    ["1", "a", "eA==", "1.5", [1.5, "NaN", None], '{"a": 1}', "2026-01-31",
     "spanner.commit_timestamp()"]]}
KEYS = {"keys": [["1", "a"]], "ranges": [{"start_closed": ["1"], "end_open": ["9", "z"]}]}
MUTATIONS = [{"insert_or_update": ROW}, {"delete": {"table": "T", "key_set": KEYS}}]
SQL = "SELECT K, S FROM T WHERE N > @n ORDER BY K LIMIT 5"
SEEDS = {
    "query": ("ExecuteSql", v1.ExecuteSqlRequest(
        sql=SQL, params={"n": "1.5"}, param_types={"n": {"code": v1.TypeCode.NUMERIC}},
        transaction=STALE, query_mode="PROFILE")),
    "stream": ("ExecuteStreamingSql", v1.ExecuteSqlRequest(
        sql="SELECT * FROM UNNEST(GENERATE_ARRAY(1, 2000)) AS x", resume_token=b"x")),
    "dml": ("ExecuteSql", v1.ExecuteSqlRequest(
        sql="INSERT INTO T (K, S) VALUES (7, 'x') THEN RETURN K", transaction=READ_WRITE,
        seqno=1)),
    "batch_dml": ("ExecuteBatchDml", v1.ExecuteBatchDmlRequest(
        transaction=READ_WRITE, seqno=1,
        statements=[{"sql": "UPDATE T SET D = NULL WHERE TRUE"}, {"sql": "DELETE FROM T"}])),
    "read": ("Read", v1.ReadRequest(table="T", columns=["K", "S"], key_set=KEYS, limit=3)),
    "index_read": ("StreamingRead", v1.ReadRequest(
        table="T", index="ByN", columns=["N", "D"], key_set={"all_": True},
        transaction={"single_use": {"read_only": {"strong": True}}}, order_by="ORDER_BY_NO_ORDER")),
    "commit": ("Commit", v1.CommitRequest(
        single_use_transaction={"read_write": {}}, mutations=MUTATIONS, return_commit_stats=True,
        max_commit_delay="0.001s", request_options={"transaction_tag": "t"})),
    "begin": ("BeginTransaction", v1.BeginTransactionRequest(
        options={"read_write": {"read_lock_mode": "OPTIMISTIC"}, "isolation_level": 2})),
    "rollback": ("Rollback", v1.RollbackRequest(transaction_id=b"0123456789")),
    "partition_query": ("PartitionQuery", v1.PartitionQueryRequest(
        sql="SELECT K FROM T", transaction={"begin": {"read_only": {}}},
        partition_options={"max_partitions": 3})),
    "partition_read": ("PartitionRead", v1.PartitionReadRequest(
        table="T", columns=["K"], key_set={"all_": True},
        transaction={"begin": {"read_only": {}}})),
    "batch_write": ("BatchWrite", v1.BatchWriteRequest(
        mutation_groups=[{"mutations": MUTATIONS}, {"mutations": MUTATIONS[:1]}])),
}  # fmt: skip

if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent / "corpus/request"
    folder.mkdir(exist_ok=True)
    for name, (method, request) in SEEDS.items():
        wire = type(request).serialize(request)
        (folder / name).write_bytes(bytes([METHODS.index(method)]) + wire)
