"""SPANNER_SYS: what is running, how big tables are, what ran."""

import base64
import json
import pathlib
import threading
import time

import pytest
from conftest import new_database
from google.cloud.spanner_v1 import KeySet, TypeCode


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


def test_operations_are_counted_by_table_and_column(instance, local):
    if not local:
        pytest.skip("the emulator has no statistics")
    database = new_database(instance, [
        "CREATE TABLE U (K INT64, A STRING(9), B INT64, C INT64) PRIMARY KEY (K)",
        "CREATE INDEX UByB ON U (B) STORING (C)"])
    with database.batch() as batch:
        batch.insert("U", ["K", "A"], [(1, "x"), (2, "y")])
    with database.batch() as batch:
        batch.delete("U", KeySet(keys=[[2]]))
    database.run_in_transaction(
        lambda t: t.execute_update("UPDATE U SET A = 'z' WHERE K = 1"))
    with database.snapshot() as snapshot:
        list(snapshot.read("U", ["A"], KeySet(all_=True)))
    for _ in range(2):
        ask(database, "SELECT C FROM U@{FORCE_INDEX=UByB} WHERE B = 7")  # the index alone
    time.sleep(61 - time.time() % 60)
    tables = ask(database, "SELECT TABLE_NAME, SUM(READ_QUERY_COUNT), SUM(WRITE_COUNT), "
                 "SUM(DELETE_COUNT) FROM SPANNER_SYS.TABLE_OPERATIONS_STATS_MINUTE "
                 "WHERE STARTS_WITH(TABLE_NAME, 'U') GROUP BY 1 ORDER BY 1")
    # The UPDATE reads U as a query does and writes it.
    assert tables == [["U", 2, 2, 1], ["UByB", 2, 0, 0]]
    columns = ask(database, "SELECT TABLE_NAME, COLUMN_NAME, SUM(READ_COUNT), "
                  "SUM(QUERY_COUNT) > 0, SUM(WRITE_COUNT) "
                  "FROM SPANNER_SYS.COLUMN_OPERATIONS_STATS_MINUTE "
                  "WHERE COLUMN_NAME IN ('A', 'C') GROUP BY 1, 2 ORDER BY 1, 2")
    assert ["U", "A", 1, True, 2] in columns
    assert ["UByB", "C", 0, True, 0] in columns
    assert ask(database, "SELECT ARRAY_TO_STRING(WRITE_CONSTRUCTIVE_COLUMNS, ','), "
               "ARRAY_TO_STRING(WRITE_DELETE_TABLES, ',') FROM SPANNER_SYS.TXN_STATS_TOP_MINUTE "
               "WHERE ARRAY_LENGTH(WRITE_CONSTRUCTIVE_COLUMNS) > 0") == [["U.K,U.A", ""]]
    database.drop()


def test_contention_is_seen(database):
    """Two transactions on one row: the younger waits, and its wait is told of the row's column."""
    held = threading.Event()

    def holder(transaction):
        transaction.execute_update("UPDATE T SET S = 'a' WHERE K = 7")
        held.set()
        time.sleep(1.5)

    def waiter(transaction):
        transaction.execute_update("UPDATE T SET S = 'b' WHERE K = 7")

    thread = threading.Thread(target=database.run_in_transaction, args=(holder,))
    thread.start()
    held.wait(10)
    database.run_in_transaction(waiter)
    thread.join()
    with database.snapshot() as snapshot:
        list(snapshot.read("T", ["K", "S"], KeySet(keys=[[7]])))
    time.sleep(61 - time.time() % 60)
    rows = ask(database, "SELECT ROW_RANGE_START_KEY, LOCK_WAIT_SECONDS, "
               "ARRAY(SELECT COLUMN FROM UNNEST(SAMPLE_LOCK_REQUESTS)) "
               "FROM SPANNER_SYS.LOCK_STATS_TOP_MINUTE ORDER BY LOCK_WAIT_SECONDS DESC LIMIT 1")
    (key, seconds, columns), = rows
    assert base64.b64decode(key).startswith(b"T(7)")
    assert 0.3 < seconds < 30 and "T.S" in columns
    assert ask(database, "SELECT SUM(TOTAL_LOCK_WAIT_SECONDS) >= 0.3 "
               "FROM SPANNER_SYS.LOCK_STATS_TOTAL_MINUTE") == [[True]]
    assert ask(database, "SELECT READ_COLUMNS, SUM(EXECUTION_COUNT), MAX(AVG_ROWS) "
               "FROM (SELECT ARRAY_TO_STRING(READ_COLUMNS, ',') AS READ_COLUMNS, EXECUTION_COUNT, "
               "AVG_ROWS FROM SPANNER_SYS.READ_STATS_TOP_MINUTE) GROUP BY 1"
               ) == [["T.K,T.S", 1, 1.0]]


def test_partitioned_dml_shows_its_parts(database):
    """It waits for a row of its third part that an older transaction holds."""
    statement = "UPDATE T SET S = 'p' WHERE K >= 1000"
    runs = threading.Thread(target=database.execute_partitioned_dml, args=(statement,))

    def hold(transaction):
        transaction.execute_update("UPDATE T SET S = 'h' WHERE K = 2500")
        runs.start()
        for _ in range(90):
            seen = ask(database, "SELECT TEXT, NUM_PARTITIONS_TOTAL, NUM_PARTITIONS_COMPLETE, "
                       "NUM_TRIVIAL_PARTITIONS_COMPLETE, PROGRESS, ROWS_PROCESSED, "
                       "START_TIMESTAMP <= LAST_UPDATE_TIMESTAMP "
                       "FROM SPANNER_SYS.ACTIVE_PARTITIONED_DMLS")
            if seen and seen[0][2] == 2:
                return seen
            time.sleep(0.1)
        raise AssertionError(f"not seen: {seen}")

    assert database.run_in_transaction(hold) == [[statement, 5, 2, 1, 0.25, 1000, True]]
    runs.join()
    assert ask(database, "SELECT TEXT FROM SPANNER_SYS.ACTIVE_PARTITIONED_DMLS") == []
    assert ask(database, "SELECT COUNT(*) FROM T WHERE S = 'p'") == [[4_000]]


# Production's columns, as the sources of Google's emulator list them (it has no such tables), or
# its documentation where that differs; those of the longer intervals are those of a minute.
COLUMNS = json.loads(pathlib.Path(__file__).with_name("spanner_sys.json").read_text())
SYSTEM_TABLES = [name.replace("_MINUTE", f"_{interval}") for name in COLUMNS
                 for interval in (["MINUTE", "10MINUTE", "HOUR"] if "_MINUTE" in name else [""])]


def text_of(t):
    if t.code == TypeCode.ARRAY:
        return f"ARRAY<{text_of(t.array_element_type)}>"
    if t.code == TypeCode.STRUCT:
        return f"STRUCT<{', '.join(f.name + ' ' + text_of(f.type_) for f in t.struct_type.fields)}>"
    return TypeCode(t.code).name


@pytest.mark.parametrize("table", SYSTEM_TABLES)
def test_columns(database, table):
    with database.snapshot() as snapshot:
        result = snapshot.execute_sql(f"SELECT * FROM SPANNER_SYS.{table} LIMIT 0")
        list(result)
    found = [[f.name, text_of(f.type_)] for f in result.fields]
    assert found == COLUMNS[table.replace("_10MINUTE", "_MINUTE").replace("_HOUR", "_MINUTE")]
