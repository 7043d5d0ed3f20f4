"""Instances, databases, schema changes, operations; what survives a restart."""

import pytest
from conftest import SCHEMA, make_instance, new_database
from google.api_core import exceptions
from google.cloud import spanner
from google.cloud.spanner_v1 import KeySet


def test_instance_configs(client):
    configs = list(client.list_instance_configs())
    assert any(c.name.endswith("/emulator-config") for c in configs)


def test_instance_is_listed(client, instance):
    assert instance.name in [i.name for i in client.list_instances()]
    instance.reload()
    assert instance.display_name == "Conformance"


@pytest.mark.parametrize("id", ["i", "A-b", "1ab", "ab-", "a" * 65])
def test_bad_instance_ids(client, instance, id):
    other = client.instance(id, configuration_name=instance.configuration_name)
    with pytest.raises(exceptions.InvalidArgument, match="Instance ID must start with"):
        other.create()


def test_duplicate_instance(client, instance):
    with pytest.raises(exceptions.AlreadyExists, match="Instance already exists"):
        client.instance("conformance", configuration_name=instance.configuration_name).create()


def test_missing_database(instance):
    with pytest.raises(exceptions.NotFound, match="Database not found: .*/nope"):
        instance.database("nope").reload()


def test_bad_database_ids(instance):
    with pytest.raises(exceptions.InvalidArgument, match="Invalid database name."):
        instance.database("A-").create()


def test_create_use_drop(instance):
    database = new_database(instance, SCHEMA)
    assert database.name in [d.name for d in instance.list_databases()]
    with pytest.raises(exceptions.AlreadyExists, match="Database already exists"):
        instance.database(database.database_id).create()
    database.update_ddl(["CREATE TABLE More (Id INT64) PRIMARY KEY (Id)"]).result(60)
    database.reload()
    assert any("CREATE TABLE More" in s for s in database.ddl_statements)
    database.drop()
    assert not database.exists()
    database.drop()


def test_ddl_is_printed_as_spanner_prints_it(instance):
    statements = ["CREATE TABLE X (A INT64) PRIMARY KEY(A)", "CREATE INDEX I ON X(A DESC)"]
    database = new_database(instance, statements)
    database.reload()
    assert list(database.ddl_statements) == [
        "CREATE TABLE X (\n  A INT64,\n) PRIMARY KEY(A)", "CREATE INDEX I ON X(A DESC)"]
    database.drop()


def test_refused_schema_changes(instance):
    database = new_database(instance, ["CREATE TABLE X (A INT64) PRIMARY KEY(A)"])
    with pytest.raises(exceptions.InvalidArgument, match="Error parsing Spanner DDL statement"):
        database.update_ddl(["FOO"]).result(60)
    with pytest.raises(exceptions.FailedPrecondition, match="Duplicate name in schema: X."):
        database.update_ddl(["CREATE TABLE X (A INT64) PRIMARY KEY(A)"]).result(60)
    database.drop()


def test_named_operations(instance):
    database = new_database(instance, [])
    statements = ["CREATE TABLE X (A INT64) PRIMARY KEY(A)"]
    operation = database.update_ddl(statements, operation_id="my_op")
    operation.result(60)
    assert operation.operation.name == database.name + "/operations/my_op"
    assert operation.metadata.database == database.name
    with pytest.raises(exceptions.AlreadyExists, match="Operation already exists"):
        database.update_ddl(statements, operation_id="my_op")
    with pytest.raises(exceptions.InvalidArgument, match="Invalid operation id"):
        database.update_ddl(statements, operation_id="1-X")
    database.drop()


def test_kill_and_restart_keeps_everything(server, monkeypatch):
    monkeypatch.setenv("SPANNER_EMULATOR_HOST", server.listen)
    instance = make_instance(spanner.Client(project="conformance"))
    database = new_database(instance, SCHEMA)
    with database.batch() as batch:
        batch.insert("Singers", ["SingerId", "FirstName"], [(i, str(i)) for i in range(1, 100)])
    database.reload()
    ddl = list(database.ddl_statements)
    server.kill()
    server.start()
    again = instance.database(database.database_id)
    with again.snapshot() as snapshot:
        found = list(snapshot.read("Singers", ["SingerId"], KeySet(all_=True)))
    assert found == [[i] for i in range(1, 100)]
    again.reload()
    assert list(again.ddl_statements) == ddl
    again.drop()
