"""Rows per second of single-use Commits of 1,000 rows x 6 columns, 4 in flight, made beforehand.

    python commit_rate.py HOST:PORT [seconds]
"""

import os
import sys
import threading
import time

import grpc
from google.cloud import spanner
from google.cloud.spanner_v1.types import spanner as messages
from raw import READ_WRITE, Raw, write

ROWS, COLUMNS, IN_FLIGHT, REQUESTS = 1_000, ["Id", "A", "B", "C", "D", "E"], 4, 40
TABLE = ("CREATE TABLE Rate (Id INT64 NOT NULL, A STRING(MAX), B STRING(MAX), C INT64, "
         "D TIMESTAMP, E FLOAT64) PRIMARY KEY (Id)")


def row(id):
    return [id, f"user-{id}@example.com", "a text of thirty characters ...", id * 7,
            "2020-01-02T03:04:05.678Z", id / 3]


def main():
    address = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    os.environ["SPANNER_EMULATOR_HOST"] = address
    client = spanner.Client(project="rate")
    config = next(iter(client.list_instance_configs())).name
    instance = client.instance("rate", configuration_name=config, node_count=1)
    if not instance.exists():
        instance.create().result()
    database = instance.database(f"r-{int(time.time())}", ddl_statements=[TABLE])
    database.create().result()
    api = Raw(address, database.name)
    requests = []
    for n in range(REQUESTS):
        mutation = write("insert_or_update", "Rate", COLUMNS,
                         *[row((n * ROWS + i) * 2654435761 % (1 << 40)) for i in range(ROWS)])
        commit = messages.CommitRequest(session=api.session, mutations=[mutation],
                                        single_use_transaction=READ_WRITE)
        requests.append(messages.CommitRequest.serialize(commit))
    channel = grpc.insecure_channel(address)
    call = channel.unary_unary("/google.spanner.v1.Spanner/Commit")
    done, stop = [0] * IN_FLIGHT, time.time() + seconds

    def work(worker):
        n = worker
        while time.time() < stop:
            try:
                call(requests[n % REQUESTS])
                done[worker] += 1
            except grpc.RpcError as error:  # Google's emulator aborts concurrent commits
                assert error.code() == grpc.StatusCode.ABORTED
            n += IN_FLIGHT

    threads = [threading.Thread(target=work, args=(i,)) for i in range(IN_FLIGHT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{sum(done) * ROWS / seconds:,.0f} rows/s, request {len(requests[0]):,} bytes")
    database.drop()


main()
