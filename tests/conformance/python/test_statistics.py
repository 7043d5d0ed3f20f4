"""SPANNER_SYS: what is running, how big tables are, what ran."""

import time

import pytest
from conftest import new_database


@pytest.fixture(scope="module")
def database(instance, local):
    if not local:
        pytest.skip("the emulator has no statistics")
    database = new_database(
        instance, ["CREATE TABLE T (K INT64, S STRING(MAX)) PRIMARY KEY (K)"])
    with database.batch() as batch:
        batch.insert("T", ["K", "S"], [(k, "x" * 100) for k in range(5_000)])
    yield database
    database.drop()


def ask(database, sql, **options):
    with database.snapshot() as snapshot:
        return [list(row) for row in snapshot.execute_sql(sql, **options)]


def test_active_queries(database):
    sql = "SELECT TEXT, SESSION_ID FROM SPANNER_SYS.OLDEST_ACTIVE_QUERIES"
    (text, session), = ask(database, sql)  # this one
    assert text == sql and session
    assert ask(database, "SELECT ACTIVE_COUNT, COUNT_OLDER_THAN_1S "
               "FROM SPANNER_SYS.ACTIVE_QUERIES_SUMMARY") == [[1, 0]]


def test_table_sizes(database):
    (name, size), = ask(
        database, "SELECT TABLE_NAME, USED_BYTES FROM SPANNER_SYS.TABLE_SIZES_STATS_1HOUR")
    assert name == "T" and 100_000 < size < 10_000_000


def test_what_ran_is_counted_when_its_minute_is_over(database):
    for _ in range(3):
        ask(database, "SELECT K FROM T WHERE K < 2", request_options={"request_tag": "here"})
    time.sleep(61 - time.time() % 60)
    counted = ask(database, "SELECT SUM(EXECUTION_COUNT), MAX(AVG_ROWS), MAX(TEXT) "
                  "FROM SPANNER_SYS.QUERY_STATS_TOP_MINUTE WHERE REQUEST_TAG = 'here'")
    assert counted == [[3, 2.0, "SELECT K FROM T WHERE K < 2"]]
    assert ask(database, "SELECT SUM(EXECUTION_COUNT) >= 3, SUM(ALL_FAILED_EXECUTION_COUNT) "
               "FROM SPANNER_SYS.QUERY_STATS_TOTAL_MINUTE") == [[True, 0]]
    assert ask(database, "SELECT SUM(COMMIT_ATTEMPT_COUNT) "
               "FROM SPANNER_SYS.TXN_STATS_TOTAL_MINUTE") == [[1]]
