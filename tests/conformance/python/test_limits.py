"""Limits, and what one relaxes with --limit; retention; partitioned DML in parts."""

import datetime

import pytest
from conftest import make_instance, new_database
from google.api_core import exceptions
from google.cloud import spanner

STAMPED = """CREATE TABLE Stamped (
  Id INT64 NOT NULL, Stamp TIMESTAMP OPTIONS (allow_commit_timestamp = true)
) PRIMARY KEY (Id)"""
ROWS = 2_500


@pytest.fixture(scope="module")
def stamped(instance):
    database = new_database(instance, [STAMPED])
    with database.batch() as batch:
        batch.insert("Stamped", ["Id"], [(i,) for i in range(ROWS)])
    yield database
    database.drop()


def one(database, sql):
    with database.snapshot() as snapshot:
        return list(snapshot.execute_sql(sql))[0][0]


def test_partitioned_dml_commits_in_parts(stamped, local):
    update = "UPDATE Stamped SET Stamp = PENDING_COMMIT_TIMESTAMP() WHERE Id >= 500"
    assert stamped.execute_partitioned_dml(update) == ROWS - 500
    assert one(stamped, "SELECT COUNT(*) FROM Stamped WHERE Stamp IS NOT NULL") == ROWS - 500
    if local:
        assert one(stamped, "SELECT COUNT(DISTINCT Stamp) FROM Stamped") >= 2
    assert stamped.execute_partitioned_dml("DELETE FROM Stamped WHERE MOD(Id, 2) = 1") == ROWS // 2
    assert one(stamped, "SELECT COUNT(*) FROM Stamped") == ROWS // 2


def test_a_limit_is_relaxed_by_its_flag(server, monkeypatch):
    monkeypatch.setenv("SPANNER_EMULATOR_HOST", server.listen)
    instance = make_instance(spanner.Client(project="conformance"))
    database = new_database(instance, [STAMPED])

    def insert(first, count):
        with database.batch() as batch:
            batch.insert("Stamped", ["Id"], [(i,) for i in range(first, first + count)])

    with pytest.raises(exceptions.InvalidArgument, match="too many mutations"):
        insert(0, 80_001)
    server.kill()
    server.start("--limit", "mutations=100000")
    database = instance.database(database.database_id)  # with a session of its own
    insert(0, 80_001)
    server.kill()
    server.start("--limit", "mutations=1500")
    database = instance.database(database.database_id)
    with pytest.raises(exceptions.InvalidArgument, match="too many mutations"):
        database.run_in_transaction(lambda t: t.execute_update("DELETE FROM Stamped WHERE TRUE"))
    # Partitioned DML has no such limit.
    assert database.execute_partitioned_dml("DELETE FROM Stamped WHERE TRUE") == 80_001


def test_old_versions_are_kept_as_long_as_the_option_says(instance):
    database = new_database(instance, [STAMPED])

    def read_two_hours_ago():
        with database.snapshot(exact_staleness=datetime.timedelta(hours=2)) as snapshot:
            return list(snapshot.execute_sql("SELECT COUNT(*) FROM Stamped"))

    with pytest.raises(exceptions.FailedPrecondition):
        read_two_hours_ago()
    database.update_ddl(
        [f"ALTER DATABASE `{database.database_id}` "
         "SET OPTIONS (version_retention_period = '1d')"]).result(60)
    assert read_two_hours_ago() == [[0]]
    database.drop()


def test_max_commit_delay(stamped):
    def insert(id, millis):
        delay = datetime.timedelta(milliseconds=millis)
        with stamped.batch(max_commit_delay=delay) as batch:
            batch.insert_or_update("Stamped", ["Id"], [(id,)])

    insert(1, 100)
    with pytest.raises(exceptions.InvalidArgument):
        insert(1, 501)
